//! Whether the cache is what the store is: their keys and revisions at one revision, compared. What follows from a
//! difference is the caller's.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object::fnv::Fnv1a;
use storage::{Error, Range, Revision, Store};

use crate::limits::{DIGEST_INTERVAL, LOAD_PAGE_KEYS};
use crate::snapshot::{Scope, Snapshot};
use crate::unit::{Counts, Unit};

/// A short form of all keys below a prefix and the revisions that they were last written at. Order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(Fnv1a);

impl Digest {
    /// Of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        snapshot
            .range(&Scope::All, None)
            .fold(Self(Fnv1a::default()), |digest, item| {
                digest.with(item.key(), item.revision())
            })
    }

    /// Of what a store has at a revision.
    pub async fn of_store(store: &Arc<dyn Store>, unit: &Unit, at: Revision) -> Result<Self, Error> {
        let mut digest = Self(Fnv1a::default());
        let mut start = unit.span().start.clone();
        loop {
            let page = store
                .range(Range {
                    start,
                    end: unit.span().end.clone(),
                    at: Some(at),
                    limit: LOAD_PAGE_KEYS,
                    keys_only: true,
                    ..Range::default()
                })
                .await?;
            for entry in &page.entries {
                digest = digest.with(unit.maker().below(&entry.key), entry.mod_revision);
            }
            match page.entries.last() {
                Some(last) if page.more => start = Bytes::from([last.key.as_ref(), b"\0"].concat()),
                _ => return Ok(digest),
            }
        }
    }

    fn with(self, key: &[u8], revision: Revision) -> Self {
        Self(self.0.with(key).with(b"\0").with(&revision.0.to_le_bytes()))
    }
}

/// Compares a unit with its store now and then for as long as the process runs; the first time after `offset`, so that units
/// do not all do it at once.
pub async fn keep_comparing(unit: Arc<Unit>, offset: Duration) {
    tokio::time::sleep(offset).await;
    loop {
        match compare(&unit).await {
            Ok(true) => Counts::count(&unit.counts().matches),
            Ok(false) => {
                Counts::count(&unit.counts().mismatches);
                tracing::error!(resource = %unit.name(), "the cache differs from the store; it is loaded again");
                unit.want_reload();
            }
            Err(error) => tracing::debug!(resource = %unit.name(), %error, "the cache was not compared"),
        }
        tokio::time::sleep(DIGEST_INTERVAL).await;
    }
}

/// Whether a unit is what its store is. A unit that shows nothing differs in nothing.
pub async fn compare(unit: &Unit) -> Result<bool, Error> {
    let Some(generation) = unit.generation() else {
        return Ok(true);
    };
    let shown = generation.shown();
    // Before anything was written, there is nothing to read at.
    let at = shown.snapshot.revision();
    match Digest::of_store(unit.store(), unit, at).await {
        Ok(found) => Ok(found == Digest::of(&shown.snapshot)),
        // Compacted meanwhile: the next time.
        Err(Error::Compacted(_)) => Ok(true),
        Err(error) => Err(error),
    }
}
