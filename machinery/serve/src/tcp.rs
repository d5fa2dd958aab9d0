//! What all TCP connections of ours are set to, those that are accepted and those that are made.

use std::io;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::limits::{TCP_KEEPALIVE_AFTER, TCP_KEEPALIVE_INTERVAL, TCP_KEEPALIVE_TRIES};

/// Small answers do not wait for each other; who is gone without a word is found out, whatever is spoken.
///
/// # Errors
/// The connection is gone.
pub fn settle(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(TCP_KEEPALIVE_AFTER)
        .with_interval(TCP_KEEPALIVE_INTERVAL)
        .with_retries(TCP_KEEPALIVE_TRIES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_settled_connection_is_probed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stream = TcpStream::connect(address).await.expect("it listens");
        settle(&stream).expect("open");
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("open") && stream.nodelay().expect("open"));
        assert_eq!(socket.tcp_keepalive_time().expect("open"), TCP_KEEPALIVE_AFTER);
        assert_eq!(
            socket.tcp_keepalive_interval().expect("open"),
            TCP_KEEPALIVE_INTERVAL
        );
        assert_eq!(socket.tcp_keepalive_retries().expect("open"), TCP_KEEPALIVE_TRIES);
    }
}
