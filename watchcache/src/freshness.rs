//! How current the store is, asked once for all who wait at that moment. Waiting for a cache to come so far is the unit's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use storage::{Error, Revision, Store};
use tokio::sync::Mutex;

/// Asks one store for its revision. Revisions of different stores are never compared: each has its own.
pub struct Freshness {
    store: Arc<dyn Store>,
    /// Requests that were begun.
    begun: AtomicU64,
    last: Mutex<Last>,
    /// The newest revision that was heard of.
    known: AtomicI64,
}

/// The newest answer.
struct Last {
    request: u64,
    revision: Revision,
}

impl Freshness {
    /// Of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            begun: AtomicU64::new(0),
            last: Mutex::new(Last {
                request: 0,
                revision: Revision(0),
            }),
            known: AtomicI64::new(0),
        }
    }

    /// The store's revision, by a request that began after this call. Who comes while one is under way waits for the next.
    pub async fn revision(&self) -> Result<Revision, Error> {
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let mut last = self.last.lock().await;
        if last.request >= wanted {
            return Ok(last.revision);
        }
        // Only the holder of the lock begins requests.
        let request = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let revision = self.store.current_revision().await?;
        *last = Last { request, revision };
        self.known.fetch_max(revision.0, Ordering::Relaxed);
        Ok(revision)
    }

    /// The newest revision that the store was seen at.
    pub fn known(&self) -> Revision {
        Revision(self.known.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingStore;

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_together_share_the_next_request() {
        let store = Arc::new(CountingStore::default());
        let freshness = Arc::new(Freshness::new(store.clone()));
        let ask = || {
            let freshness = freshness.clone();
            tokio::spawn(async move { freshness.revision().await.expect("it answers") })
        };
        let first = ask();
        tokio::task::yield_now().await;
        // The first request is under way: these ten must not get its answer, and share one.
        let others: Vec<_> = (0..10).map(|_| ask()).collect();
        let first = first.await.expect("no panic");
        for other in others {
            assert!(other.await.expect("no panic") > first);
        }
        assert_eq!(store.asked(), 2);
    }
}
