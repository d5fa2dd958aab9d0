//! Watches and other long answers end cleanly when the server drains: the stream ends between two frames.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Body, BodyError, Request};
use crate::request_info::RequestInfo;
use crate::shutdown::Shutdown;

/// Ends the bodies of long-running requests at shutdown.
#[derive(Clone, Debug)]
pub struct EndLongRunning {
    shutdown: Shutdown,
}

impl EndLongRunning {
    /// When this signal says that connections drain.
    pub fn new(shutdown: Shutdown) -> Self {
        Self { shutdown }
    }
}

impl Filter for EndLongRunning {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        if !RequestInfo::of(&request).is_ok_and(|info| info.is_long_running()) {
            return next.run(request);
        }
        Box::pin(async move {
            let response = next.run(request).await;
            let shutdown = self.shutdown.clone();
            let end = Box::pin(async move { shutdown.draining().await });
            response.map(|body| Body::new(Ending { body, end: Some(end) }))
        })
    }
}

/// A body that ends when a signal comes.
struct Ending {
    body: Body,
    /// `None` once it came.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(end) = self.end.as_mut() else {
            return Poll::Ready(None);
        };
        if end.as_mut().poll(cx).is_ready() {
            self.end = None;
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() || self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_watch_ends_when_the_server_drains() {
        let shutdown = Shutdown::new();
        let endless = handler_fn(|_| async {
            http::Response::new(Body::stream(futures_util::stream::pending::<
                Result<Bytes, BodyError>,
            >()))
        });
        let chain = Chain::new(vec![Box::new(EndLongRunning::new(shutdown.clone()))], endless);
        let request = http::Request::builder()
            .uri("/api/v1/pods?watch=1")
            .body(Body::empty())
            .expect("a request");
        let response = answer(chain.into_handler(), request).await;
        let collected = tokio::spawn(response.into_body().collect());
        shutdown.drain();
        let body = collected.await.expect("no panic").expect("a clean end");
        assert!(body.to_bytes().is_empty());
    }
}
