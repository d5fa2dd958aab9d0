//! A feed where no connection drives it: HTTP/1.1, and readers in memory. It is an ordinary body with one slot and one timer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep};

use super::{Owned, ReadySet, Step, end_turn};
use crate::http::BodyError;
use crate::limits::FEED_PAUSE_MIN;

/// A feed, driven by whoever polls it.
pub(crate) struct FeedBody {
    /// `None` after its end.
    feed: Option<Owned>,
    /// From the first poll on.
    ready: Option<Arc<ReadySet>>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl FeedBody {
    pub(crate) fn new(feed: Owned) -> Self {
        Self {
            feed: Some(feed),
            ready: None,
            timer: None,
        }
    }

    /// The feed, for another driver; the body comes back if it was polled.
    pub(crate) fn into_feed(self) -> Result<Owned, Self> {
        match self {
            Self {
                feed: Some(feed),
                ready: None,
                ..
            } => Ok(feed),
            polled => Err(polled),
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let Some(Owned { feed, .. }) = &mut self.feed else {
            return Poll::Ready(Step::End);
        };
        let ready = self.ready.get_or_insert_with(|| {
            let ready = ReadySet::new(1);
            feed.adopt(ready.signal(0));
            ready
        });
        loop {
            ready.register(cx.waker());
            ready.drain(|_| {});
            let now = Instant::now();
            let step = feed.next(now);
            end_turn();
            match step {
                Step::Idle => {}
                Step::Again => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                step => return Poll::Ready(step),
            }
            let Some(at) = feed.wake_at() else {
                return Poll::Pending;
            };
            let at = at.max(now + FEED_PAUSE_MIN);
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl http_body::Body for FeedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let step = std::task::ready!(self.step(cx));
        if let Step::Chunk(bytes) | Step::Only(bytes) = step {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        self.feed = None;
        match step {
            Step::Failed(error) => Poll::Ready(Some(Err(error))),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.feed.is_none()
    }
}
