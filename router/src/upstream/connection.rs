//! One HTTP/2 connection to a member: its TLS, its task, its streams, and how it notices that nobody is there any more.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{self, ResponseFuture, SendRequest};
use h2::{Ping, PingPong, SendStream};
use rustls::pki_types::ServerName;
use smol_str::SmolStr;
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::direct::{Lanes, Opened, Wire};
use super::{Upstream, Upstreams, turn};
use crate::ejection::Outcome;
use crate::limits::{
    CONNECT_TIMEOUT, CONNECTION_WINDOW_BYTES, HEADER_BYTES_MAX, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT,
    READ_BYTES, SEND_BUFFER_BYTES_MAX, STREAM_WINDOW_BYTES,
};

/// An open connection.
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    shared: Arc<Shared>,
}

/// A member's bytes. What rustls reads at a time is little.
pub(super) type Socket = TlsStream<BufReader<TcpStream>>;

#[derive(Default)]
struct Shared {
    lanes: Arc<Lanes>,
    streams: AtomicUsize,
    /// It takes no more streams; those that it has go on.
    is_closed: AtomicBool,
    /// Nothing is on it any more.
    has_ended: AtomicBool,
    give_up: Notify,
}

/// A place on a connection; free again when dropped.
pub(super) struct Stream {
    sender: SendRequest<Bytes>,
    place: Place,
}

/// A request that is on its way.
pub(super) struct Sent {
    pub(super) answer: ResponseFuture,
    /// Takes what follows its head.
    pub(super) content: SendStream<Bytes>,
    /// Of a watch: its content may come past h2.
    pub(super) watch: Option<Opened>,
    pub(super) place: Place,
}

/// What a stream counts for.
pub(super) struct Place(Arc<Shared>);

impl Connection {
    /// Connects to a member.
    pub(super) async fn open(upstream: &Arc<Upstream>, upstreams: &Upstreams) -> Result<Self, String> {
        let shared = Arc::new(Shared::default());
        let opening = async {
            let stream = connect(upstream.address(), upstreams, b"h2").await?;
            let wire = Wire::new(stream, Arc::clone(&shared.lanes));
            let shaken = settings().handshake::<_, Bytes>(wire).await;
            shaken.map_err(|error| error.to_string())
        };
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, opening).await;
        let opened = opened.unwrap_or_else(|_| Err("no connection in time".to_owned()));
        let (sender, connection) = opened?;
        tokio::spawn(drive(connection, shared.clone(), Arc::downgrade(upstream)));
        Ok(Self { sender, shared })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.shared.is_closed.load(Ordering::Acquire)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.shared.has_ended.load(Ordering::Acquire)
    }

    pub(super) fn stream_count(&self) -> usize {
        self.shared.streams.load(Ordering::Relaxed)
    }

    /// A place on it.
    pub(super) fn stream(&self) -> Stream {
        self.shared.streams.fetch_add(1, Ordering::Relaxed);
        Stream {
            sender: self.sender.clone(),
            place: Place(self.shared.clone()),
        }
    }

    /// Breaks it off.
    pub(super) fn close(self) {
        self.shared.give_up.notify_one();
    }
}

impl Stream {
    /// Waits until a request may be sent; none if the connection takes no more.
    pub(super) async fn ready(self) -> Option<Self> {
        let Self { sender, place } = self;
        match sender.ready().await {
            Ok(sender) => Some(Self { sender, place }),
            Err(_) => {
                place.0.is_closed.store(true, Ordering::Release);
                None
            }
        }
    }
}

impl Stream {
    /// Sends a request.
    pub(super) fn send(
        self,
        request: http::Request<()>,
        is_empty: bool,
        is_watch: bool,
    ) -> Result<Sent, h2::Error> {
        let Self { mut sender, place } = self;
        let send = || sender.send_request(request, is_empty);
        let ((answer, content), watch) = match is_watch {
            true => {
                let lanes = &place.0.lanes;
                let (sent, opened) = lanes.send(send, |(answer, _)| answer.stream_id().as_u32())?;
                (sent, Some(opened))
            }
            false => (send()?, None),
        };
        Ok(Sent {
            answer,
            content,
            watch,
            place,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// TCP and TLS. The protocol must be the one that is asked for.
pub(super) async fn connect(
    address: &SmolStr,
    upstreams: &Upstreams,
    protocol: &[u8],
) -> Result<Socket, String> {
    let name = match upstreams.server_name(address) {
        Some(name) => name,
        None => own_name(address)?,
    };
    let socket = TcpStream::connect(address.as_str())
        .await
        .map_err(|error| error.to_string())?;
    serve::tcp::settle(&socket).map_err(|error| error.to_string())?;
    let mut config = upstreams.tls().as_ref().clone();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, BufReader::with_capacity(READ_BYTES, socket))
        .await;
    let stream = stream.map_err(|error| error.to_string())?;
    match stream.get_ref().1.alpn_protocol() {
        Some(agreed) if agreed == protocol => Ok(stream),
        _ => Err("it does not speak the HTTP version that is needed".to_owned()),
    }
}

/// The host of an address.
fn own_name(address: &str) -> Result<ServerName<'static>, String> {
    let authority: http::uri::Authority = address.parse().map_err(|_| "no address".to_owned())?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    ServerName::try_from(host).map_err(|error| error.to_string())
}

pub(super) fn settings() -> client::Builder {
    let mut settings = client::Builder::new();
    settings
        .enable_push(false)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buffer_size(SEND_BUFFER_BYTES_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        // Many small frames are what watches are made of, and members are no attackers.
        .data_frame_budget(usize::MAX);
    settings
}

/// The connection's task. When it ends, everything on the connection breaks off.
async fn drive(
    mut connection: client::Connection<Wire<Socket>>,
    shared: Arc<Shared>,
    upstream: Weak<Upstream>,
) {
    let pings = connection.ping_pong();
    let mut connection = pin!(connection);
    let turns = poll_fn(|cx| turn::take(|| connection.as_mut().poll(cx)));
    let note = |why: &str| {
        if let Some(upstream) = upstream.upgrade() {
            tracing::debug!(address = %upstream.address(), why, "a connection to a member ended early");
        }
    };
    tokio::select! {
        ended = turns => if let Err(error) = ended {
            note(&error.to_string());
        },
        () = silence(pings) => {
            note("it does not answer");
            // Before its clients come back: they are sent to others.
            if let Some(upstream) = upstream.upgrade() {
                upstream.note(Outcome::Unreachable);
            }
        }
        () = shared.give_up.notified() => {}
    };
    shared.is_closed.store(true, Ordering::Release);
    shared.has_ended.store(true, Ordering::Release);
}

/// Returns when the other side no longer answers pings.
async fn silence(pings: Option<PingPong>) {
    let Some(mut pings) = pings else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(KEEPALIVE_INTERVAL).await;
        match within(KEEPALIVE_TIMEOUT, pings.ping(Ping::opaque())).await {
            Some(Ok(_)) => {}
            // The connection's own end says why.
            Some(Err(_)) => return std::future::pending().await,
            None => return,
        }
    }
}

async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}
