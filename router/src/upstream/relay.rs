//! The body of an answer on its way from a member to a client: taken from the member only as the client takes it, so that back
//! pressure reaches the member on this stream and on no other. Nothing is kept in between.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use h2::RecvStream;
use serve::feed::{Feed, Signal, Step};
use tokio::time::Instant;

/// A member's answer as a feed of a client's connection: that one's task moves it, with all others of the connection.
pub(super) struct Relay<T> {
    stream: RecvStream,
    /// Marks that the member sent something.
    waker: Waker,
    /// Whether an end is a clean one to the client: between two lines of a watch.
    may_end: bool,
    is_watch: bool,
    /// The router is about to stop: it ends where it stands.
    is_leaving: bool,
    /// Counts as long as the answer is under way.
    _held: T,
}

impl<T> Relay<T> {
    pub(super) fn new(stream: RecvStream, is_watch: bool, held: T) -> Self {
        Self {
            stream,
            waker: Waker::noop().clone(),
            may_end: is_watch,
            is_watch,
            is_leaving: false,
            _held: held,
        }
    }
}

impl<T: Send + 'static> Feed for Relay<T> {
    fn adopt(&mut self, signal: Signal) {
        self.waker = Waker::from(Arc::new(signal));
    }

    fn next(&mut self, _: Instant) -> Step {
        let mut cx = Context::from_waker(&self.waker);
        match self.stream.poll_data(&mut cx) {
            Poll::Pending if self.is_leaving => self.cut(),
            Poll::Pending => Step::Idle,
            Poll::Ready(None) => Step::End,
            Poll::Ready(Some(Err(error))) => Step::Failed(error.into()),
            Poll::Ready(Some(Ok(bytes))) => match self.stream.flow_control().release_capacity(bytes.len()) {
                Ok(()) if bytes.is_empty() => Step::Again,
                Ok(()) => {
                    self.may_end = self.is_watch && bytes.last() == Some(&b'\n');
                    Step::Chunk(bytes)
                }
                Err(error) => Step::Failed(error.into()),
            },
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
