//! A streamed body that ends when the server drains, or when what keeps it open is lost.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;

use crate::filters::rights::Held;
use crate::http::{Body, BodyError};
use crate::shutdown::Shutdown;

/// A body that ends some time after the signal.
pub(super) struct Ending {
    body: Body,
    /// `None` once it came.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Ending {
    pub(super) fn new(body: Body, shutdown: Shutdown, delay: Duration, held: Option<Held>) -> Self {
        let drained = async move {
            shutdown.draining().await;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
        };
        let end = Box::pin(async move {
            tokio::select! {
                () = drained => {}
                () = lost(held) => {}
            }
        });
        Self { body, end: Some(end) }
    }
}

/// Returns when it is lost; never where nothing holds the body.
async fn lost(held: Option<Held>) {
    let Some(held) = held else {
        return std::future::pending().await;
    };
    let ended = async {
        match held.until() {
            Some(until) => tokio::time::sleep_until(until).await,
            None => std::future::pending().await,
        }
    };
    let lost = async {
        match held.lost() {
            Some(lost) => lost.draining().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = lost => {}
        () = ended => {}
    }
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
    use super::super::EndLongRunning;
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
