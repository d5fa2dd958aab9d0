//! HTTP/2 connections, on the `h2` crate: one task per connection that also drives its feeds, over a corked socket.
//! What requests mean is the handler's affair; HTTP/1.1 is hyper's.
//!
//! Why not hyper: it polls each body in a task of its own and flushes after each frame, so that an event for a hundred watches
//! of a connection costs a hundred wakes, TLS records and system calls. Here it costs one of each.

mod buffers;
mod cork;
mod direct;
mod feeds;
mod handoff;
mod head;
mod keepalive;
mod request;
mod send;
mod task;
mod timers;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Server;
use super::connection::Connection;
use crate::limits::Connections;

pub(super) use buffers::Buffers;
use cork::{Cork, Socket};
use task::Task;

/// Serves a connection to its end.
///
/// What lives as long as the connection is on the heap, and not in the future, which would keep room for it twice.
pub(super) fn serve<S>(
    server: &Server,
    stream: S,
    connection: Arc<Connection>,
    buffers: &Arc<Buffers>,
) -> impl Future<Output = ()> + Send + use<S>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (limits, shutdown) = (server.limits, server.shutdown.clone());
    let (cork, socket) = cork::new(stream, Arc::clone(buffers), limits.streams_max);
    let address = connection.peer.address;
    async move {
        // Boxed for the time that it takes.
        let greeting = Box::pin(greet(&limits, cork, &socket));
        let greeted = tokio::select! {
            greeted = greeting => greeted,
            () = tokio::time::sleep(limits.idle_timeout) => return,
            () = shutdown.draining() => return,
        };
        let outcome = match greeted {
            Ok(greeted) => {
                let task = Task::new(&limits, &shutdown, greeted, socket, connection);
                drive(Box::new(task)).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            tracing::debug!(%address, %error, "a connection ended early");
        }
    }
}

async fn drive<S>(mut task: Box<Task<S>>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    poll_fn(|cx| task.poll(cx)).await
}

/// The preface and the first settings.
async fn greet<S>(
    limits: &Connections,
    cork: Cork<S>,
    socket: &Socket<S>,
) -> Result<h2::server::Connection<Cork<S>, Bytes>, h2::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut handshake = pin!(settings(limits).handshake(cork));
    poll_fn(|cx| {
        let done = handshake.as_mut().poll(cx);
        match socket.poll_drain(cx) {
            // What is wrong with the socket is told when it is used next.
            Poll::Ready(_) | Poll::Pending => done,
        }
    })
    .await
}

fn settings(limits: &Connections) -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .max_concurrent_streams(limits.streams_max)
        .initial_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .max_send_buffer_size(limits.send_buffer_bytes_max)
        .max_header_list_size(limits.header_bytes_max)
        .max_pending_accept_reset_streams(limits.pending_resets_max);
    builder
}

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Protocol(#[from] h2::Error),
    #[error("the socket: {0}")]
    Socket(#[from] std::io::Error),
    #[error("the client does not answer")]
    Silent,
}
