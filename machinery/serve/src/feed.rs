//! Feeds: bodies that their connection pulls when they were signalled, such as watches. It knows no HTTP version:
//! what drives feeds is a connection ([`crate::server`]) or, anywhere else, the adapter in [`crate::http::Body`].

mod body;
mod listeners;
mod multicast;
mod ready;
mod turn;

use std::fmt;

use bytes::Bytes;
use tokio::time::Instant;

pub(crate) use body::FeedBody;
pub(crate) use listeners::{Listeners, Listening};
pub use multicast::{Multicast, Place, Told, Topic};
pub use ready::{ReadySet, Signal};
pub(crate) use turn::end_turn;
pub use turn::when_turn_ends;

use crate::http::BodyError;

/// A body whose chunks its connection pulls when it was signalled: no task, no channel, no waker of its own.
///
/// All methods are called from the connection's task and must not block: what they do delays the connection's other streams.
pub trait Feed: Send + 'static {
    /// A connection takes it over and is signalled through this when there is something to pull. Called once, before
    /// the first `next`. That one follows by itself, so what is there already needs no signal.
    fn adopt(&mut self, signal: Signal);

    /// The next chunk, called until it says [`Step::Idle`] or [`Step::End`] as long as the client's window has room.
    /// It may be called without a signal.
    fn next(&mut self, now: Instant) -> Step;

    /// When it wants to be asked though nothing signals (bookmarks, its time limit). Looked at after each `next`.
    fn wake_at(&self) -> Option<Instant>;

    /// The server drains: say goodbye. What `next` still has is sent (a last bookmark), up to its first `Idle` or `End`,
    /// and for [`crate::limits::FAREWELL`] at most.
    fn finish(&mut self) {}

    /// Its time is over though it has more to say: how it ends where it stands.
    fn cut(&mut self) -> Step {
        Step::End
    }

    /// What it is about, if it said [`Step::Idle`] and others may say the same from here on. It does not change between two calls of `next`.
    fn topic(&self) -> Option<Topic> {
        None
    }

    /// What speaks for its topic from where it stands.
    fn multicast(&self) -> Option<Box<dyn Multicast>> {
        None
    }

    /// It is not asked and need not signal what is its topic's until it leaves; what speaks for that stands where it does. False if
    /// it has something to say meanwhile, and then nothing changes.
    fn join(&mut self) -> bool {
        false
    }

    /// It is asked again, by this signal too, and goes on after this place.
    fn leave(&mut self, _place: Place, _signal: Signal) {}
}

/// What a feed has for its client.
pub enum Step {
    /// Bytes, at least one.
    Chunk(Bytes),
    /// Bytes, and nothing after them now: as a chunk and then [`Step::Idle`], for one question.
    Only(Bytes),
    /// Nothing now.
    Idle,
    /// It has not looked at everything yet, and others are to have their turn before it is asked again.
    Again,
    /// Nothing any more: the body ends cleanly.
    End,
    /// The body breaks off.
    Failed(BodyError),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk(bytes) => write!(f, "Chunk({} bytes)", bytes.len()),
            Self::Only(bytes) => write!(f, "Only({} bytes)", bytes.len()),
            Self::Idle => f.write_str("Idle"),
            Self::Again => f.write_str("Again"),
            Self::End => f.write_str("End"),
            Self::Failed(error) => write!(f, "Failed({error})"),
        }
    }
}

impl Feed for Box<dyn Feed> {
    fn adopt(&mut self, signal: Signal) {
        (**self).adopt(signal);
    }

    fn next(&mut self, now: Instant) -> Step {
        (**self).next(now)
    }

    fn wake_at(&self) -> Option<Instant> {
        (**self).wake_at()
    }

    fn cut(&mut self) -> Step {
        (**self).cut()
    }

    fn finish(&mut self) {
        (**self).finish();
    }

    fn topic(&self) -> Option<Topic> {
        (**self).topic()
    }

    fn multicast(&self) -> Option<Box<dyn Multicast>> {
        (**self).multicast()
    }

    fn join(&mut self) -> bool {
        (**self).join()
    }

    fn leave(&mut self, place: Place, signal: Signal) {
        (**self).leave(place, signal);
    }
}

/// A feed and what lives as long: one box to ask, however many filters hold something.
pub struct Owned {
    /// What is asked.
    pub feed: Box<dyn Feed>,
    held: Option<Box<dyn Send>>,
}

impl Owned {
    /// A feed of which nobody holds anything yet.
    pub fn new(feed: Box<dyn Feed>) -> Self {
        Self { feed, held: None }
    }

    /// With something more that lives as long.
    #[must_use]
    pub fn holding(mut self, held: impl Send + 'static) -> Self {
        self.held = Some(match self.held {
            None => Box::new(held),
            // Few are held, and an idle feed is to be small.
            Some(before) => Box::new((before, held)),
        });
        self
    }

    /// With another feed around it.
    #[must_use]
    pub fn within(self, wrap: impl FnOnce(Box<dyn Feed>) -> Box<dyn Feed>) -> Self {
        Self {
            feed: wrap(self.feed),
            held: self.held,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
