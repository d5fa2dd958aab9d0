//! One state of one key: what the index, the history and the log share by reference.
//! It does not know which of its neighbours are still held.

use crate::store::{Entry, Event, EventKind, LeaseId, Revision};
use bytes::Bytes;

/// A key's state from `modified` on; `deleted` is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub key: Bytes,
    pub value: Bytes,
    pub created: i64,
    pub modified: i64,
    /// Its place among the changes of its revision.
    pub sub: u32,
    /// Writes since creation; 0 of a tombstone.
    pub version: i64,
    /// 0 is none.
    pub lease: i64,
    pub deleted: bool,
}

impl Version {
    /// The state that a put writes over `before`.
    pub fn put(before: Option<&Version>, revision: i64, sub: u32, key: &[u8], value: &[u8], lease: i64) -> Self {
        let before = before.filter(|version| !version.deleted);
        Self {
            // Copies: the caller's bytes may be a small part of a large buffer.
            key: before.map_or_else(|| Bytes::copy_from_slice(key), |version| version.key.clone()),
            value: Bytes::copy_from_slice(value),
            created: before.map_or(revision, |version| version.created),
            modified: revision,
            sub,
            version: before.map_or(1, |version| version.version + 1),
            lease,
            deleted: false,
        }
    }

    /// The tombstone of `key`.
    pub fn tombstone(key: Bytes, revision: i64, sub: u32) -> Self {
        Self { key, value: Bytes::new(), created: 0, modified: revision, sub, version: 0, lease: 0, deleted: true }
    }

    /// As a read returns it.
    pub fn entry(&self, keys_only: bool) -> Entry {
        Entry {
            key: self.key.clone(),
            value: if keys_only { Bytes::new() } else { self.value.clone() },
            create_revision: Revision(self.created),
            mod_revision: Revision(self.modified),
            version: self.version,
            lease: (self.lease != 0).then_some(LeaseId(self.lease)),
        }
    }

    /// As a watch reports it.
    pub fn event(&self, previous: Option<Entry>) -> Event {
        let kind = if self.deleted { EventKind::Delete } else { EventKind::Put };
        Event { kind, entry: self.entry(false), previous }
    }
}
