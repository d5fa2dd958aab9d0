//! The body of requests and answers: whole, streamed, or a feed that its connection pulls.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};

use super::BodyError;
use crate::feed::{Feed, FeedBody, Owned};

/// A body, whole or streamed.
#[derive(Debug)]
pub struct Body(Inner);

enum Inner {
    Stream(UnsyncBoxBody<Bytes, BodyError>),
    Feed(FeedBody),
}

/// In an answer's extensions: its body is a stream that ends by itself (a list), worth compressing if it is large.
#[derive(Clone, Copy, Debug)]
pub struct Compressible;

impl Body {
    /// Without content.
    pub fn empty() -> Self {
        Self::full(Bytes::new())
    }

    /// With this content.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::new(Full::new(bytes.into()))
    }

    /// Of another body.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self(Inner::Stream(body.map_err(Into::into).boxed_unsync()))
    }

    /// Of chunks as they come.
    pub fn stream<S, E>(chunks: S) -> Self
    where
        S: futures_util::Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BodyError> + 'static,
    {
        use futures_util::TryStreamExt;
        Self::new(http_body_util::StreamBody::new(chunks.map_ok(Frame::data)))
    }

    /// Of a feed. An HTTP/2 connection drives it together with its others; elsewhere it is a body like any other.
    pub fn feed(feed: impl Feed) -> Self {
        Self::owned_feed(Owned::new(Box::new(feed)))
    }

    /// Of a feed and what it holds.
    pub fn owned_feed(feed: Owned) -> Self {
        Self(Inner::Feed(FeedBody::new(feed)))
    }

    /// The feed that it is made of; otherwise, or if reading has begun, the body as it is.
    pub fn into_feed(self) -> Result<Owned, Self> {
        match self.0 {
            Inner::Feed(feed) => feed.into_feed().map_err(|body| Self(Inner::Feed(body))),
            stream => Err(Self(stream)),
        }
    }

    /// The same body; `held` is dropped when it is sent or given up. A feed stays one.
    pub fn holding<T: Send + Unpin + 'static>(self, held: T) -> Self {
        match self.into_feed() {
            Ok(feed) => Self::owned_feed(feed.holding(held)),
            Err(body) => Self::new(Holding { body, _held: held }),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Inner::Stream(body) => Pin::new(body).poll_frame(cx),
            Inner::Feed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Stream(body) => body.is_end_stream(),
            Inner::Feed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match &self.0 {
            Inner::Stream(body) => body.size_hint(),
            Inner::Feed(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream(_) => "Stream",
            Self::Feed(_) => "Feed",
        })
    }
}

/// A body with something that lives as long.
struct Holding<T> {
    body: Body,
    _held: T,
}

impl<T: Unpin> http_body::Body for Holding<T> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
