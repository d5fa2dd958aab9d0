//! A body of which the beginning was read already.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use crate::http::{Body, BodyError};

/// The frames that were read, then the others.
pub(super) struct Prefixed {
    read: VecDeque<Result<Frame<Bytes>, BodyError>>,
    rest: Body,
    has_ended: bool,
}

impl Prefixed {
    /// Reads until more than this many bytes are there, which is what the flag says, or to the end. An error stays in its place.
    pub(super) async fn read(mut body: Body, bytes_max: usize) -> (Self, bool) {
        let (mut read, mut length, mut has_ended) = (VecDeque::new(), 0, false);
        while length <= bytes_max && !has_ended {
            let Some(frame) = body.frame().await else {
                has_ended = true;
                break;
            };
            has_ended = frame.is_err();
            if let Ok(frame) = &frame {
                length += frame.data_ref().map_or(0, Bytes::len);
            }
            read.push_back(frame);
        }
        let prefixed = Self {
            read,
            rest: body,
            has_ended,
        };
        (prefixed, length > bytes_max)
    }
}

impl http_body::Body for Prefixed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.read.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.has_ended => Poll::Ready(None),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && (self.has_ended || self.rest.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        if !self.has_ended || self.read.iter().any(Result::is_err) {
            return SizeHint::default();
        }
        // A short body is whole and has a length now.
        let lengths = self.read.iter().flatten();
        SizeHint::with_exact(
            lengths
                .map(|frame| frame.data_ref().map_or(0, |bytes| bytes.len() as u64))
                .sum(),
        )
    }
}
