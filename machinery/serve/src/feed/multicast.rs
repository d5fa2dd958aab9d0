//! What feeds of one connection have in common when they say the same from some place on: their connection asks once for all of them,
//! and each one's client gets the chunk. A feed takes part as long as it has nothing of its own to say. Which feeds are in a group is
//! the connection's affair.

use bytes::Bytes;
use tokio::time::Instant;

use super::Signal;

/// What a feed is about: equal for two feeds that live, if and only if they say the same to their clients once they are at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Topic(pub [usize; 3]);

/// How far a feed has come: what it means is known to those of its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it stands.
    pub position: u64,
    /// The resource version of the last thing that it said.
    pub revision: i64,
}

/// What speaks for all feeds of a topic. Like them it is asked in the connection's task and must not block.
pub trait Multicast: Send + 'static {
    /// It is signalled through this from now on when there is something to say. Called once, before the first member joins.
    fn adopt(&mut self, signal: Signal);

    /// What all members are told next.
    fn next(&mut self, now: Instant) -> Told;

    /// Whether there is something that it has not told yet: then nobody may join.
    fn is_behind(&self) -> bool;

    /// After what it told last.
    fn place(&self) -> Place;

    /// So many members got all of what it told last.
    fn sent(&mut self, count: usize);
}

/// What a group is told.
#[derive(Debug)]
pub enum Told {
    /// Bytes, at least one.
    Chunk(Bytes),
    /// Nothing now.
    Idle,
    /// Each member is to go on by itself, from the place where all are.
    Part,
}
