//! The side of a ring that any number of threads have: it looks at what is held and opens cursors.
//! It never changes what the ring holds and never makes the writer wait.

use crate::cursor::{Cursor, Scope};
use crate::directory::Directory;
use crate::held::Held;
use crate::parked::Parked;
use crate::position::{Lagged, Position};
use crate::shared::Shared;
use crate::sync::{Arc, Ordering, fence};

/// Reads a ring; cheap to clone.
pub struct Reader<T, W> {
    shared: Arc<Shared<T, W>>,
}

/// How much a ring holds. Each figure is right by itself; a publish may come between two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Events that are held.
    pub events: u64,
    /// Their weights.
    pub bytes: usize,
    /// When the oldest of them was published; none in an empty ring.
    pub oldest_ms: Option<u64>,
    /// The revision of the newest event, be it held or dropped, or where the ring began.
    pub newest_revision: i64,
}

impl<T, W: Parked> Reader<T, W> {
    pub(crate) fn new(shared: Arc<Shared<T, W>>) -> Reader<T, W> {
        Reader { shared }
    }

    /// The newest position. What is published up to it is what a cursor finds that is read after this.
    pub fn head(&self) -> Position {
        Position(self.shared.head())
    }

    /// The oldest position that is held; the one after the head in an empty ring.
    pub fn tail(&self) -> Position {
        Position(self.shared.tail())
    }

    /// How much is held.
    pub fn span(&self) -> Span {
        let (head, directory) = self.now();
        let newest = directory.get(head).map(|entry| entry.revision);
        Span {
            events: (head + 1).saturating_sub(directory.tail),
            bytes: self.shared.held_bytes.load(Ordering::Relaxed),
            oldest_ms: directory.get(directory.tail).map(|entry| entry.published_ms),
            newest_revision: newest.unwrap_or(directory.floor_revision),
        }
    }

    /// A watch from this revision or a later one finds all that came after it; from before, it may miss something.
    pub fn floor_revision(&self) -> i64 {
        self.shared.directory.full().floor_revision
    }

    /// How many buckets the index has.
    pub fn buckets(&self) -> usize {
        self.shared.index.len()
    }

    /// A cursor that has seen all up to a position. An error says that events in the scope were dropped since then, or, for a
    /// bucket that does not stand, that they may have been.
    pub fn open(&self, scope: Scope<'_>, at: Position) -> Result<Cursor<T, W>, Lagged> {
        Cursor::open(self.shared.clone(), scope, at)
    }

    /// The last position whose revision is not above this one. A revision above the newest gives the head: the caller
    /// has waited for it before, or sees events up to it again. An error says that the revision is before what is known; how many
    /// positions that is nobody knows, so it names the first one ever.
    pub fn position_at(&self, revision: i64) -> Result<Position, Lagged> {
        let (head, directory) = self.now();
        if revision < directory.floor_revision {
            return Err(Lagged {
                missed_from: Position::START.next(),
                tail: Position(directory.tail),
            });
        }
        let (mut below, mut above) = (directory.tail - 1, head + 1);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            let is_above = directory
                .get(middle)
                .is_none_or(|entry| entry.revision > revision);
            *(if is_above { &mut above } else { &mut below }) = middle;
        }
        Ok(Position(below))
    }

    /// The events after one position up to another, or to the head where that is less.
    pub fn between(&self, after: Position, until: Position) -> Result<Held<T, W>, Lagged> {
        let (head, directory) = self.now();
        if after.next().0 < directory.tail {
            return Err(Lagged {
                missed_from: after.next(),
                tail: Position(directory.tail),
            });
        }
        Ok(Held::new(directory, after.0 + 1, until.0.min(head) + 1))
    }

    /// Marks and wakes everyone who is parked, as if something had happened: there is something to look at beside the ring. Costs a
    /// look at every bucket.
    pub fn rouse(&self) {
        let mut marked = Vec::new();
        // As in a publish: between what is to be looked at and the look at who is parked.
        fence(Ordering::SeqCst);
        self.shared.seats.mark(&mut marked);
        self.shared.index.each(|bucket| bucket.seats.mark(&mut marked));
        marked.iter().for_each(|seat| seat.handle.wake());
    }

    /// A head and the directory that has all up to it. What was dropped between the two looks may reach past the head; then
    /// the end of that is the head.
    fn now(&self) -> (u64, Arc<Directory<T, W>>) {
        let head = self.shared.head();
        let directory = self.shared.directory.full();
        (head.max(directory.tail - 1), directory)
    }
}

impl<T, W> Clone for Reader<T, W> {
    fn clone(&self) -> Reader<T, W> {
        Reader {
            shared: self.shared.clone(),
        }
    }
}
