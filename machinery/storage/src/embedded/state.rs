//! Index and leases together, as the checkpoint and the log rebuild them: a pure structure.
//! It does not decide what to write: `staging` does.

use super::index::Index;
use super::leases::Leases;
use super::record::Record;
use super::version::Version;
use crate::store::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything that survives a restart.
pub struct State {
    pub index: Index,
    pub leases: Leases,
    /// Versions that the checkpoint does not have yet, in order.
    pub unsaved: Vec<Arc<Version>>,
}

impl State {
    /// An empty store.
    pub fn empty() -> Self {
        Self { index: Index::empty(), leases: Leases::default(), unsaved: Vec::new() }
    }

    /// Does again what one frame of the log says.
    pub fn replay(&mut self, mut body: &[u8], now: Instant) -> Result<(), Error> {
        while !body.is_empty() {
            let record = Record::decode(&mut body).ok_or_else(|| damaged("a record cannot be read"))?;
            self.replay_record(record, now)?;
        }
        Ok(())
    }

    fn replay_record(&mut self, record: Record, now: Instant) -> Result<(), Error> {
        match record {
            Record::Changes(changes) => {
                if changes.iter().any(|version| version.modified != self.index.revision() + 1) {
                    return Err(damaged("a revision is out of order"));
                }
                self.unsaved.extend(changes.iter().cloned());
                self.apply(changes);
            }
            Record::Granted { lease, ttl_seconds } => self.leases.grant(lease, Duration::from_secs(ttl_seconds), now),
            Record::Ended { lease } => drop(self.leases.end(lease)),
            Record::Compacted { revision } => self.index.compact(revision),
        }
        Ok(())
    }

    /// Takes in one revision, keeping track of the leases' keys.
    pub fn apply(&mut self, changes: Box<[Arc<Version>]>) {
        for version in &changes {
            let before = self.index.latest(&version.key).map_or(0, |version| version.lease);
            self.leases.move_key(&version.key, before, version.lease);
        }
        self.index.apply(changes);
    }
}

/// An error about what the files hold.
pub fn damaged(what: &str) -> Error {
    Error::Fatal(format!("the embedded store's files are damaged: {what}"))
}
