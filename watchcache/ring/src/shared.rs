//! What the writer and all readers of a ring have in common.
//! Only the writer changes it, but for the seats and the cursors counted in the index.

use crate::directory::{Directory, Floor};
use crate::index::Index;
use crate::seats::Seats;
use crate::sync::{Arc, AtomicU64, AtomicUsize, Ordering, Swap};

pub(crate) struct Shared<T, W> {
    pub(crate) directory: Swap<Directory<T, W>>,
    /// The newest position that readers may see.
    head: AtomicU64,
    /// The weights of all events that are held.
    pub(crate) held_bytes: AtomicUsize,
    pub(crate) index: Index<W>,
    /// Those who are parked on all events.
    pub(crate) seats: Seats<W>,
}

impl<T, W> Shared<T, W> {
    pub(crate) fn new() -> Shared<T, W> {
        Shared {
            directory: Swap::new(Arc::new(Directory::empty(1, 0))),
            head: AtomicU64::new(0),
            held_bytes: AtomicUsize::new(0),
            index: Index::new(),
            seats: Seats::new(),
        }
    }

    /// Who sees a head sees all slots, segments and bucket positions up to it: they are stored before it, with release.
    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    pub(crate) fn set_head(&self, position: u64) {
        self.head.store(position, Ordering::Release);
    }

    pub(crate) fn floor(&self) -> Floor {
        self.directory.with(Directory::floor)
    }

    pub(crate) fn tail(&self) -> u64 {
        self.directory.with(|directory| directory.tail)
    }
}
