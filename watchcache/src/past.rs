//! States that were: rebuilt from the present snapshot by undoing the changes in the ring, and kept for a while, as the
//! further pages of a list want the same one. What the ring no longer holds is the store's to answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use ring::Position;
use storage::Revision;

use crate::event::Event;
use crate::limits::PAST_SNAPSHOTS_MAX;
use crate::snapshot::Snapshot;

/// Past states of one resource, the most recently used last.
#[derive(Debug, Default)]
pub struct Past {
    kept: Mutex<VecDeque<Snapshot>>,
}

impl Past {
    /// A state that was rebuilt before.
    pub fn get(&self, revision: Revision) -> Option<Snapshot> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|snapshot| snapshot.revision() == revision)?;
        let found = kept.remove(at)?;
        kept.push_back(found.clone());
        Some(found)
    }

    /// Keeps a state; the one that was not used for longest goes.
    pub fn keep(&self, snapshot: Snapshot) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|other| other.revision() == snapshot.revision()) {
            return;
        }
        if kept.len() == PAST_SNAPSHOTS_MAX {
            kept.pop_front();
        }
        kept.push_back(snapshot);
    }

    /// Forgets states: after a reload, and those from before what the ring holds.
    pub fn forget_before(&self, oldest: Revision) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|snapshot| snapshot.revision() >= oldest);
    }
}

/// Undoes changes, the newest first, which are all that lie between `snapshot` and the state at `revision`.
pub fn undo(
    mut snapshot: Snapshot,
    changes: impl Iterator<Item = Arc<Event>>,
    revision: Revision,
) -> Snapshot {
    for event in changes {
        match &event.before {
            Some(before) => drop(snapshot.insert(before.clone())),
            None => drop(snapshot.remove(event.key())),
        }
    }
    snapshot.rewind(revision);
    snapshot
}

/// A snapshot and the last change that is in it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The objects.
    pub snapshot: Snapshot,
    /// The change.
    pub position: Position,
}
