//! Where a cursor is in a ring, and what it is told when its place is gone.
//! Positions are a ring's own: they mean nothing in another ring, and nothing outside of the process.

/// The place of an event: 1 for the first one ever. A cursor at a position has seen all events up to it and it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Position = Position(0);

    /// The place after this one.
    pub fn next(self) -> Position {
        Position(self.0 + 1)
    }
}

/// Events that the reader has not seen may have been dropped. It must begin again from a list (410 Gone for a client).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("events from position {} on are gone, the ring begins at {}", missed_from.0, tail.0)]
pub struct Lagged {
    /// The first position that may be missing.
    pub missed_from: Position,
    /// The oldest position that was still held when this was found out.
    pub tail: Position,
}
