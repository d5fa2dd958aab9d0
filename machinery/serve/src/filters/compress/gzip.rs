//! A body that is compressed as it is read: a bounded piece at a time, so that neither memory nor other tasks suffer.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body::{Body as _, Frame};

use crate::http::{Body, BodyError};
use crate::limits::{GZIP_CHUNK_BYTES, GZIP_LEVEL, GZIP_STEP_BYTES};

/// The compressed form of a body.
pub(super) struct Gzip {
    body: Body,
    /// Of the plain chunk that was read last.
    plain: Bytes,
    /// `None` once all is compressed.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// What this turn may still compress.
    left: usize,
}

impl Gzip {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            plain: Bytes::new(),
            encoder: Some(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
            left: GZIP_STEP_BYTES,
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        loop {
            let Some(encoder) = &mut self.encoder else {
                return Poll::Ready(Ok(None));
            };
            if encoder.get_ref().len() >= GZIP_CHUNK_BYTES {
                let packed = std::mem::take(encoder.get_mut());
                return Poll::Ready(Ok(Some(packed.into())));
            }
            if self.left == 0 {
                self.left = GZIP_STEP_BYTES;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !self.plain.is_empty() {
                let piece = self.plain.split_to(self.left.min(self.plain.len()));
                self.left -= piece.len();
                encoder.write_all(&piece)?;
                continue;
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(frame) => self.plain = frame?.into_data().unwrap_or_default(),
                None => return Poll::Ready(self.finish()),
            }
        }
    }

    fn finish(&mut self) -> Result<Option<Bytes>, BodyError> {
        let packed = self.encoder.take().map(GzEncoder::finish).transpose()?;
        Ok(packed.map(Bytes::from))
    }
}

impl http_body::Body for Gzip {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let packed = ready!(self.step(cx));
        if packed.is_err() {
            self.encoder = None;
        }
        Poll::Ready(packed.transpose().map(|packed| packed.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none()
    }
}
