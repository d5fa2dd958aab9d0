//! What a handler leaves of a request's body. A client that is still sending would be cut off and never see the answer, so the rest
//! is read and thrown away before the answer goes out, as Go's server does.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::EXPECT;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::http::{Body, Request, discard};
use crate::limits::UNREAD_BODY_TIMEOUT;

/// Where a body goes when its handler is done with it.
pub(super) struct Unread(Arc<Mutex<Option<Incoming>>>);

impl Unread {
    /// The request for the handler, and where what it does not read of the body is to be found.
    pub(super) fn of(request: http::Request<Incoming>) -> (Request, Option<Self>) {
        // Who waits to be told to go on sending sends nothing when it is refused.
        if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
            return (request.map(Body::new), None);
        }
        let place = Arc::new(Mutex::new(None));
        let left = Arc::clone(&place);
        let lend = |body| {
            Body::new(Lent {
                body: Some(body),
                left,
            })
        };
        (request.map(lend), Some(Self(place)))
    }

    /// Reads what was left, within limits of size and time. A body that is still with the handler is its affair.
    pub(super) async fn discard(self) {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(body) = body {
            let _late = tokio::time::timeout(UNREAD_BODY_TIMEOUT, discard(Body::new(body))).await;
        }
    }
}

/// A body that is given back when it is dropped before its end.
struct Lent {
    body: Option<Incoming>,
    left: Arc<Mutex<Option<Incoming>>>,
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}
