//! The flag that a connection's watchers share: set by a publish, cleared by the connection before it drains. It is the plainest
//! [`crate::Parked::mark`], the one that the loom models check; a connection's set of ready slots in `serve` is ordered alike.
//! It does not say which of the watchers have something to read; that is asked of their cursors.

use crate::sync::{AtomicBool, Ordering};

/// Whether something was published for a connection since it last began to drain.
#[derive(Debug, Default)]
pub struct Dirty(AtomicBool);

impl Dirty {
    /// Clean.
    pub fn new() -> Dirty {
        Dirty(AtomicBool::new(false))
    }

    /// Sets it; true if it was clean. This is what [`crate::Parked::mark`] is made of.
    pub fn mark(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// Clears it and says whether it was set. To be called before the cursors are read: a mark that came before is then
    /// seen by this swap, and with it what was published; one that comes later wakes again.
    pub fn clear(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}
