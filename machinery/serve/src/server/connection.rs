//! One connection: HTTP/1.1 or HTTP/2 as TLS agreed, with its limits, until it closes, stands idle or drains.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Server;
use super::idle::Activity;
use crate::filter::answer;
use crate::http::{Body, Handler, Response};
use crate::limits::Connections;
use crate::peer::Peer;

/// Serves a connection to its end.
pub(super) async fn serve(server: &Server, stream: TlsStream<TcpStream>, peer: Peer, is_http2: bool) {
    let activity = Activity::new();
    let service = Requests {
        handler: server.handler.clone(),
        peer,
        activity: activity.clone(),
    };
    let address = service.peer.address;
    let io = TokioIo::new(stream);
    let outcome = match is_http2 {
        true => {
            drive(
                http2_settings(&server.limits).serve_connection(io, service),
                server,
                &activity,
            )
            .await
        }
        false => {
            let connection = http1_settings(&server.limits)
                .serve_connection(io, service)
                .with_upgrades();
            drive(connection, server, &activity).await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%address, %error, "a connection ended early");
    }
}

fn http1_settings(limits: &Connections) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max as usize)
        .half_close(false);
    builder
}

fn http2_settings(limits: &Connections) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .max_send_buf_size(limits.send_buffer_bytes_max)
        .max_header_list_size(limits.header_bytes_max)
        .max_pending_accept_reset_streams(limits.pending_resets_max)
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout);
    builder
}

/// A connection that can be asked to finish.
trait Graceful: Future<Output = Result<(), hyper::Error>> {
    fn finish(self: Pin<&mut Self>);
}

impl Graceful for http2::Connection<TokioIo<TlsStream<TcpStream>>, Requests, TokioExecutor> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl Graceful for http1::UpgradeableConnection<TokioIo<TlsStream<TcpStream>>, Requests> {
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Runs a connection; asks it to finish when it is idle or the server drains.
async fn drive(connection: impl Graceful, server: &Server, activity: &Activity) -> Result<(), hyper::Error> {
    let mut connection = pin!(connection);
    tokio::select! {
        done = &mut connection => return done,
        () = activity.idle_for(server.limits.idle_timeout) => {}
        () = server.shutdown.draining() => {}
    }
    connection.as_mut().finish();
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
    handler: Handler,
    peer: Peer,
    activity: Activity,
}

impl hyper::service::Service<http::Request<Incoming>> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer.clone());
        let handler = self.handler.clone();
        let under_way = self.activity.begin();
        Box::pin(async move {
            let response = answer(handler, request).await;
            Ok(response.map(|body| body.holding(under_way)))
        })
    }
}
