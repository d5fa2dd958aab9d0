//! What readers, watches and the writer have in common: the published index behind a lock, and who waits for it.
//! Nothing here waits for a disk; the lock is held for a bounded number of keys at a time.

use super::index::Index;
use super::staging::Changes;
use super::watch::Watcher;
use crate::store::{Error, Revision};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The published state of one store.
pub struct Shared {
    index: RwLock<Index>,
    watchers: Mutex<Watchers>,
    /// Revisions that reads are going on at, with their number: they are not pruned.
    pins: Mutex<BTreeMap<i64, usize>>,
    failure: OnceLock<String>,
}

#[derive(Default)]
struct Watchers {
    next: u64,
    all: HashMap<u64, Arc<Watcher>>,
}

impl Shared {
    /// Publishes a state that was loaded.
    pub fn new(index: Index) -> Self {
        Self {
            index: RwLock::new(index),
            watchers: Mutex::default(),
            pins: Mutex::default(),
            failure: OnceLock::new(),
        }
    }

    /// The index, to read; never held across an await.
    pub fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index, to change; only the writer does.
    pub fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn watchers(&self) -> MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pins(&self) -> MutexGuard<'_, BTreeMap<i64, usize>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the next revisions to readers and wakes the watches that want them.
    pub fn publish(&self, revisions: impl Iterator<Item = Changes>) {
        let mut index = self.index_mut();
        let watchers = self.watchers();
        for changes in revisions {
            let revision = index.revision() + 1;
            for watcher in watchers.all.values() {
                watcher.offer(revision, &changes);
            }
            index.apply(changes);
        }
    }

    /// Adds a watcher. The caller holds the index, so that no revision is published meanwhile.
    pub fn register(&self, _index: &Index, watcher: Arc<Watcher>) -> u64 {
        let mut watchers = self.watchers();
        watchers.next += 1;
        let id = watchers.next;
        watchers.all.insert(id, watcher);
        id
    }

    /// Removes a watcher.
    pub fn deregister(&self, id: u64) {
        self.watchers().all.remove(&id);
    }

    /// Shows each watcher to `visit`.
    pub fn each_watcher(&self, visit: impl Fn(&Watcher)) {
        self.watchers().all.values().for_each(|watcher| visit(watcher));
    }

    /// Ends the store's use: reads, writes and watches report it from now on.
    pub fn fail(&self, why: String) {
        // The first failure is the one that matters.
        let _ = self.failure.set(why);
        self.each_watcher(Watcher::wake);
    }

    /// An error if the store failed or was closed.
    pub fn check(&self) -> Result<(), Error> {
        match self.failure.get() {
            Some(why) => Err(Error::Fatal(why.clone())),
            None => Ok(()),
        }
    }

    /// Fixes the revision of a read: it stays readable until the pin is dropped.
    pub fn pin(self: &Arc<Self>, at: Option<Revision>) -> Result<Pin, Error> {
        self.check()?;
        let index = self.index();
        let current = index.revision();
        let at = at.map(|at| at.0).filter(|at| *at > 0).unwrap_or(current);
        if at > current {
            return Err(Error::Future(Revision(current)));
        }
        if at < index.compacted() {
            return Err(Error::Compacted(Revision(index.compacted())));
        }
        *self.pins().entry(at).or_default() += 1;
        Ok(Pin { shared: self.clone(), at, current })
    }

    /// The oldest revision that a read is going on at.
    pub fn oldest_pin(&self) -> Option<i64> {
        self.pins().first_key_value().map(|(at, _)| *at)
    }
}

/// A revision that is being read.
pub struct Pin {
    pub shared: Arc<Shared>,
    /// The revision.
    pub at: i64,
    /// The store's revision when the read began.
    pub current: i64,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.shared.pins();
        if let Some(count) = pins.get_mut(&self.at) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.at);
            }
        }
    }
}
