//! A body that leaves a copy of what passes, up to a limit. What is told of it, and when, is the filter's affair.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use auth::limits::AUDIT_BODY_BYTES_MAX;
use bytes::Bytes;

use crate::http::{Body, BodyError};

/// What has passed so far.
#[derive(Clone, Debug)]
pub struct Copy(Option<Arc<Mutex<Passed>>>);

#[derive(Debug, Default)]
struct Passed {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Copy {
    /// All of it; `None` if it was not wanted, is empty, or was too much.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let passed = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        (!passed.is_cut && !passed.bytes.is_empty()).then(|| passed.bytes.clone())
    }

    fn add(&self, bytes: &[u8]) {
        let Some(passed) = &self.0 else { return };
        let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.bytes.len() + bytes.len() > AUDIT_BODY_BYTES_MAX {
            (passed.is_cut, passed.bytes) = (true, Vec::new());
        } else if !passed.is_cut {
            passed.bytes.extend_from_slice(bytes);
        }
    }
}

/// A body, and the copy that it leaves if that is wanted. Otherwise the body is as it was: a feed stays one.
pub fn copied(body: Body, wanted: bool) -> (Body, Copy) {
    if !wanted {
        return (body, Copy(None));
    }
    let copy = Copy(Some(Arc::default()));
    let copied = Copied {
        body,
        copy: copy.clone(),
    };
    (Body::new(copied), copy)
}

/// The body.
struct Copied {
    body: Body,
    copy: Copy,
}

impl http_body::Body for Copied {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.copy.add(data);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
