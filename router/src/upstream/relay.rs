//! The body of an answer on its way from a member to a client: taken from the member only as the client takes it, so that back
//! pressure reaches the member on this stream and on no other. One frame at most is kept in between.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::RecvStream;
use serve::feed::{Feed, Signal, Step};
use tokio::time::Instant;

use super::turn::Mark;
use crate::limits::UNRELEASED_BYTES_MAX;

/// A member's answer as a feed of a client's connection: that one's task moves it, with all others of the connection.
pub(super) struct Relay<T> {
    stream: RecvStream,
    /// Marks that the member sent something.
    waker: Waker,
    /// What was found behind the last frame.
    behind: Option<Received>,
    /// What was passed on and the member was not told yet that there is room again: each time costs a question to h2.
    unreleased_bytes: usize,
    /// Whether an end is a clean one to the client: between two lines of a watch.
    may_end: bool,
    is_watch: bool,
    /// The router is about to stop: it ends where it stands.
    is_leaving: bool,
    /// Counts as long as the answer is under way.
    _held: T,
}

/// What a stream has next; nothing is its end.
type Received = Option<Result<Bytes, h2::Error>>;

impl<T> Relay<T> {
    pub(super) fn new(stream: RecvStream, is_watch: bool, held: T) -> Self {
        Self {
            stream,
            waker: Waker::noop().clone(),
            behind: None,
            unreleased_bytes: 0,
            may_end: is_watch,
            is_watch,
            is_leaving: false,
            _held: held,
        }
    }

    fn receive(&mut self) -> Poll<Received> {
        match self.behind.take() {
            Some(received) => Poll::Ready(received),
            None => self.stream.poll_data(&mut Context::from_waker(&self.waker)),
        }
    }

    /// Passes a frame on. It is looked for the next right away: there seldom is one, and then nobody has to ask for it.
    fn pass(&mut self, bytes: Bytes) -> Result<Step, h2::Error> {
        self.unreleased_bytes += bytes.len();
        if self.unreleased_bytes >= UNRELEASED_BYTES_MAX {
            let passed = std::mem::take(&mut self.unreleased_bytes);
            self.stream.flow_control().release_capacity(passed)?;
        }
        if bytes.is_empty() {
            return Ok(Step::Again);
        }
        self.may_end = self.is_watch && bytes.last() == Some(&b'\n');
        Ok(match self.receive() {
            Poll::Pending => Step::Only(bytes),
            Poll::Ready(received) => {
                self.behind = Some(received);
                Step::Chunk(bytes)
            }
        })
    }
}

impl<T: Send + 'static> Feed for Relay<T> {
    fn adopt(&mut self, signal: Signal) {
        self.waker = Waker::from(Arc::new(Mark(signal)));
    }

    fn next(&mut self, _: Instant) -> Step {
        match self.receive() {
            Poll::Pending if self.is_leaving => self.cut(),
            Poll::Pending => Step::Idle,
            Poll::Ready(None) => Step::End,
            Poll::Ready(Some(Err(error))) => Step::Failed(error.into()),
            Poll::Ready(Some(Ok(bytes))) => self
                .pass(bytes)
                .unwrap_or_else(|error| Step::Failed(error.into())),
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        None
    }

    fn finish(&mut self) {
        self.is_leaving = true;
    }

    fn cut(&mut self) -> Step {
        match self.may_end {
            true => Step::End,
            false => Step::Failed("the router stops in the middle of an answer".into()),
        }
    }
}
