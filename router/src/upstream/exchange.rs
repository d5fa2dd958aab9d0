//! One request to a member and its answer, over HTTP/2. It tells apart what certainly did not reach the member, so that others may
//! be asked.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body as _;
use serve::http::{Body, Response};

use super::connection::Sent;
use super::relay::Relay;
use super::source::Source;
use super::{Error, Upstream, Upstreams};
use crate::ejection::Outcome;

/// Whether a request that failed may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// The member did not look at it.
    Unsent,
    /// It may have.
    Unknown,
}

/// A request that had no answer.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// Whether the member may have seen it.
    pub safety: Safety,
    /// The content, if none of it is gone.
    pub body: Option<Body>,
}

impl Upstream {
    /// Sends a request, whose head is ready for HTTP/2, and waits for the head of the answer. The answer's body is a feed.
    pub async fn exchange(
        self: &Arc<Self>,
        upstreams: &Upstreams,
        head: &http::request::Parts,
        body: Body,
        is_watch: bool,
    ) -> Result<Response, Failed> {
        let stream = match self.stream(upstreams).await {
            Ok(stream) => stream,
            Err(error) => {
                // To have much to do is no fault.
                if !matches!(error, Error::Full(_)) {
                    self.note(Outcome::Unreachable);
                }
                return Err(Failed {
                    error,
                    safety: Safety::Unsent,
                    body: Some(body),
                });
            }
        };
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let open = self.counted(|counts| &counts.open);
        let watch = is_watch.then(|| self.counted(|counts| &counts.watches));
        let is_empty = body.is_end_stream();
        let sent = stream.send(request(head), is_empty, is_watch);
        let Sent {
            answer,
            content,
            watch: way,
            place,
        } = match sent {
            Ok(sent) => sent,
            Err(error) => return Err(self.failed(error, Safety::Unsent, Some(body))),
        };
        let untouched = match is_empty {
            true => Some(Body::empty()),
            false => {
                tokio::spawn(send(body, content));
                None
            }
        };
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(error) => {
                let safety = safety(&error);
                return Err(self.failed(error, safety, untouched));
            }
        };
        let held = (place, open, watch);
        // Where a length was told, h2 counts.
        let has_length = answer.headers().contains_key(http::header::CONTENT_LENGTH);
        let way = way.filter(|_| !has_length);
        Ok(answer.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Body::feed(Relay::new(Source::new(body, way), is_watch, held)),
        }))
    }

    fn failed(&self, error: h2::Error, safety: Safety, body: Option<Body>) -> Failed {
        if is_its_fault(&error) {
            self.note(Outcome::Badly);
        }
        Failed {
            error: error.into(),
            safety,
            body,
        }
    }
}

fn request(head: &http::request::Parts) -> http::Request<()> {
    let mut request = http::Request::new(());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = head.headers.clone();
    request
}

/// Whether the member broke off. That a client did, or that the member closes in order, is not.
fn is_its_fault(error: &h2::Error) -> bool {
    let is_in_order = matches!(error.reason(), Some(Reason::NO_ERROR | Reason::REFUSED_STREAM));
    error.is_io() || (error.is_remote() && !is_in_order)
}

/// A stream that the other side refused, or that came after the last one it says it looked at (RFC 9113, 6.8 and 8.7).
fn safety(error: &h2::Error) -> Safety {
    let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    match error.is_remote() && (is_refused || error.is_go_away()) {
        true => Safety::Unsent,
        false => Safety::Unknown,
    }
}

/// Sends content as the member takes it.
async fn send(body: Body, stream: SendStream<Bytes>) {
    let mut content = Content {
        body,
        stream,
        rest: Bytes::new(),
    };
    if let Err(error) = std::future::poll_fn(|cx| content.poll(cx)).await {
        tracing::debug!(%error, "content was not sent to its end");
    }
}

struct Content {
    body: Body,
    stream: SendStream<Bytes>,
    /// Of the last chunk.
    rest: Bytes,
}

impl Content {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        // Nobody reads on behind an answer that is there already.
        if let Poll::Ready(reset) = self.stream.poll_reset(cx) {
            return Poll::Ready(reset.map(drop));
        }
        loop {
            while !self.rest.is_empty() {
                self.stream.reserve_capacity(self.rest.len());
                let room = match self.stream.capacity() {
                    0 => match ready!(self.stream.poll_capacity(cx)) {
                        Some(room) => room?,
                        None => return Poll::Ready(Ok(())),
                    },
                    room => room,
                };
                let part = self.rest.split_to(room.min(self.rest.len()));
                self.stream.send_data(part, false)?;
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    tracing::debug!(%error, "a client's content broke off");
                    self.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(Ok(()));
                }
                None => return Poll::Ready(self.stream.send_data(Bytes::new(), true)),
            }
        }
    }
}
