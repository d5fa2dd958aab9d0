//! The body of an answer on its way from a member to a client: taken from the member only as the client takes it, so that back
//! pressure reaches the member on this stream and on no other. What is kept in between is what the stream's window lets come.

use std::task::Poll;

use bytes::Bytes;
use serve::feed::{Feed, Signal, Step};
use tokio::time::Instant;

use super::source::Source;

/// A member's answer as a feed of a client's connection: that one's task moves it, with all others of the connection.
pub(super) struct Relay<T> {
    source: Source,
    /// Whether an end is a clean one to the client: between two lines of a watch.
    may_end: bool,
    is_watch: bool,
    /// The router is about to stop: it ends where it stands.
    is_leaving: bool,
    /// Counts as long as the answer is under way.
    _held: T,
}

impl<T> Relay<T> {
    pub(super) fn new(source: Source, is_watch: bool, held: T) -> Self {
        Self {
            source,
            may_end: is_watch,
            is_watch,
            is_leaving: false,
            _held: held,
        }
    }

    /// Passes bytes on. It is said whether more is known: there seldom is, and then nobody has to ask for it.
    fn pass(&mut self, bytes: Bytes) -> Step {
        if bytes.is_empty() {
            return Step::Again;
        }
        self.may_end = self.is_watch && bytes.last() == Some(&b'\n');
        match self.source.has_more() {
            true => Step::Chunk(bytes),
            false => Step::Only(bytes),
        }
    }
}

impl<T: Send + 'static> Feed for Relay<T> {
    fn adopt(&mut self, signal: Signal) {
        self.source.read_by(signal);
    }

    fn next(&mut self, _: Instant) -> Step {
        match self.source.receive() {
            Poll::Pending if self.is_leaving => self.cut(),
            Poll::Pending => Step::Idle,
            Poll::Ready(None) => Step::End,
            Poll::Ready(Some(Err(error))) => Step::Failed(error.into()),
            Poll::Ready(Some(Ok(bytes))) => self.pass(bytes),
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
