//! One HTTP/1.1 connection, with its limits, until it closes, stands idle or drains.

mod unread;

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Server;
use super::connection::{Connection, must_finish};
use super::idle::Activity;
use super::websocket::Handshake;
use crate::filter::answer;
use crate::http::{Request, Response, status_response};
use crate::limits::Connections;
use crate::status::Status;
use crate::upgrade::Upgradable;

use unread::Unread;

/// Serves a connection to its end.
pub(super) async fn serve(server: &Server, stream: TlsStream<TcpStream>, connection: Arc<Connection>) {
    let activity = connection.activity.clone();
    let address = connection.peer.address;
    let requests = Requests {
        connection,
        close_timeout: server.limits.close_timeout,
    };
    let driven = settings(&server.limits)
        .serve_connection(TokioIo::new(stream), requests)
        .with_upgrades();
    if let Err(error) = drive(driven, server, &activity).await {
        tracing::debug!(%address, %error, "a connection ended early");
    }
}

fn settings(limits: &Connections) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max as usize)
        .half_close(false);
    builder
}

/// Runs a connection; asks it to finish when it is idle or the server drains.
async fn drive(
    connection: http1::UpgradeableConnection<TokioIo<TlsStream<TcpStream>>, Requests>,
    server: &Server,
    activity: &Activity,
) -> Result<(), hyper::Error> {
    let mut connection = pin!(connection);
    tokio::select! {
        done = &mut connection => return done,
        () = activity.idle_for(server.limits.idle_timeout) => {}
        () = server.shutdown.draining() => {}
    }
    connection.as_mut().graceful_shutdown();
    loop {
        match tokio::time::timeout(server.limits.close_timeout, &mut connection).await {
            Ok(done) => return done,
            // A client that does not close its side is not waited for; one that reads an answer is.
            Err(_) if activity.is_idle() => return Ok(()),
            Err(_) => {}
        }
    }
}

/// The requests of a connection, on their way to the handler.
#[derive(Clone)]
struct Requests {
    connection: Arc<Connection>,
    /// How long a WebSocket may take to close.
    close_timeout: Duration,
}

impl hyper::service::Service<http::Request<Incoming>> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: http::Request<Incoming>) -> Self::Future {
        let connection = Arc::clone(&self.connection);
        let upgrade = Upgradable::of(&mut request, connection.clone());
        let handshake = upgrade
            .as_ref()
            .and_then(|upgrade| Handshake::of(&request, upgrade));
        let close_timeout = self.close_timeout;
        let (mut request, unread) = Unread::of(request);
        request.extensions_mut().insert(connection.peer.clone());
        upgrade.and_then(|upgrade| request.extensions_mut().insert(upgrade));
        let under_way = connection.activity.begin();
        Box::pin(async move {
            let response = match must_finish(&request) {
                true => finish(connection.clone(), request).await,
                false => answer(connection.handler.clone(), request).await,
            };
            if let Some(unread) = unread {
                unread.discard().await;
            }
            let response = response.map(|body| body.holding(under_way));
            Ok(match handshake {
                Some(handshake) => handshake.answer(response, connection.peer.address, close_timeout),
                None => response,
            })
        })
    }
}

/// Answers in a task of its own, which goes on when the client is gone.
async fn finish(connection: Arc<Connection>, request: Request) -> Response {
    let task = tokio::spawn(async move {
        let response = answer(connection.handler.clone(), request).await;
        // The connection's slot is kept until here.
        drop(connection);
        response
    });
    task.await.unwrap_or_else(|_| {
        status_response(&Status::internal(
            "this request caused the server to panic; look in the logs for details",
        ))
    })
}
