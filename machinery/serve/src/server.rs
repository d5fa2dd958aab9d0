//! The listener: accepts connections, speaks TLS and HTTP/1.1 or HTTP/2 on them, and drains them at the end.
//! What is answered is the handler's affair.

mod connection;
mod h2;
mod http1;
mod idle;
mod websocket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::http::Handler;
use crate::limits::{ACCEPT_PAUSE, Connections};
use crate::load::Load;
use crate::metrics::HANDSHAKE_ERRORS;
use crate::peer::Peer;
use crate::shutdown::Shutdown;
use crate::tcp;

use connection::Connection;

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is in use, not ours, or not allowed.
    #[error("cannot listen on {address}: {}", explain(source))]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A listening socket that is not served yet: connections wait.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// What serves connections.
#[derive(Clone)]
pub struct Server {
    /// TLS settings.
    pub tls: Arc<ServerConfig>,
    /// Answers requests; finds a [`Peer`] in their extensions.
    pub handler: Handler,
    /// Of each connection and all of them.
    pub limits: Connections,
    /// When it drains, connections close.
    pub shutdown: Shutdown,
    /// What is under way is counted here.
    pub load: Load,
}

impl Listener {
    /// Takes the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Server {
    /// Serves until the shutdown signal says to drain and all connections are closed. The caller bounds how long that takes:
    /// to drop this future closes the listener, and connections end with the runtime.
    pub async fn run(self, listener: Listener) {
        let slots = Arc::new(Semaphore::new(self.limits.connections_max as usize));
        let (connections_max, draining) = (self.limits.connections_max, self.shutdown.clone());
        let running = Arc::new(Running {
            server: self,
            buffers: h2::Buffers::new(),
        });
        tokio::select! {
            () = running.accept(listener.socket, Arc::clone(&slots)) => {}
            () = draining.draining() => {}
        }
        // All slots are free again when the last connection is closed and what it had to finish is done.
        let all = slots.acquire_many(connections_max).await;
        drop(all);
    }
}

/// A server with what its connections share.
struct Running {
    server: Server,
    buffers: Arc<h2::Buffers>,
}

impl Running {
    async fn accept(self: Arc<Self>, socket: TcpListener, slots: Arc<Semaphore>) {
        while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
            match socket.accept().await {
                Ok((stream, address)) => {
                    tokio::spawn(Arc::clone(&self).connect(stream, address, slot));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn connect(self: Arc<Self>, stream: TcpStream, address: SocketAddr, slot: OwnedSemaphorePermit) {
        if let Some((stream, peer, is_http2)) = self.handshake(stream, address).await {
            let connection = Arc::new(Connection::new(&self.server, peer, slot));
            // In a task of its own, so that the handshake's, which is larger, does not stay as long as the connection.
            match is_http2 {
                true => tokio::spawn(h2::serve(&self.server, stream, connection, &self.buffers)),
                false => tokio::spawn(async move { http1::serve(&self.server, stream, connection).await }),
            };
        }
    }

    /// TLS; what is known of the client afterwards and whether it speaks HTTP/2.
    async fn handshake(
        &self,
        stream: TcpStream,
        address: SocketAddr,
    ) -> Option<(TlsStream<TcpStream>, Peer, bool)> {
        if let Err(error) = tcp::settle(&stream) {
            tracing::debug!(%address, %error, "the connection was gone at once");
            return None;
        }
        let server = &self.server;
        let handshake = TlsAcceptor::from(Arc::clone(&server.tls)).accept(stream);
        let handshake = tokio::time::timeout(server.limits.handshake_timeout, handshake);
        let stream = tokio::select! {
            stream = handshake => stream,
            () = server.shutdown.draining() => return None,
        };
        match stream {
            Ok(Ok(stream)) => {
                let (_, session) = stream.get_ref();
                let certificates = session.peer_certificates().map(<[_]>::to_vec).unwrap_or_default();
                let is_http2 = session.alpn_protocol() == Some(b"h2");
                let certificates = certificates.into_iter().map(|one| one.into_owned()).collect();
                return Some((stream, Peer::new(address, certificates), is_http2));
            }
            Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
        }
        HANDSHAKE_ERRORS.fetch_add(1, Ordering::Relaxed);
        None
    }
}

fn explain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "the port is in use by another process".to_owned(),
        std::io::ErrorKind::AddrNotAvailable => "the address is not one of this machine".to_owned(),
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges".to_owned(),
        _ => error.to_string(),
    }
}
