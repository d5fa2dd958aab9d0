//! A stretch of the ring as it was at one moment, read forward or backward.
//! It keeps its segments in memory as long as it lives, so it is for passing through and not for waiting.

use crate::directory::Directory;
use crate::position::Position;
use crate::sync::Arc;

/// An event of the ring.
#[derive(Debug)]
pub struct Event<T> {
    /// Its place.
    pub position: Position,
    /// The revision that it was pushed with.
    pub revision: i64,
    /// What was pushed.
    pub event: Arc<T>,
}

/// The events of a stretch, oldest first or, from its other end, newest first.
pub struct Held<T, W> {
    directory: Arc<Directory<T, W>>,
    next: u64,
    /// The position after the last one.
    end: u64,
}

impl<T, W> Held<T, W> {
    pub(crate) fn new(directory: Arc<Directory<T, W>>, next: u64, end: u64) -> Held<T, W> {
        Held { directory, next, end }
    }

    fn event(&self, position: u64) -> Option<Event<T>> {
        let entry = self.directory.get(position)?;
        Some(Event {
            position: Position(position),
            revision: entry.revision,
            event: entry.event.clone(),
        })
    }
}

impl<T, W> Iterator for Held<T, W> {
    type Item = Event<T>;

    fn next(&mut self) -> Option<Event<T>> {
        let position = (self.next < self.end).then_some(self.next)?;
        self.next += 1;
        self.event(position)
    }
}

impl<T, W> DoubleEndedIterator for Held<T, W> {
    fn next_back(&mut self) -> Option<Event<T>> {
        let position = (self.next < self.end).then_some(self.end - 1)?;
        self.end -= 1;
        self.event(position)
    }
}
