//! Leases that many short-lived keys share: one for each event would drown the store. It grants leases; keys are hung on
//! them by whoever writes.
//!
//! The rules are kube-apiserver's: a lease is granted for a minute more than it is asked for, so that it serves keys of the
//! next minute too, and takes at most a thousand keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{Error, LeaseId, Store};

/// For how long one lease is handed out.
const REUSE: Duration = Duration::from_secs(60);
/// How many keys one lease takes.
const KEYS_MAX: u32 = 1_000;

/// Shared leases of one duration.
pub struct LeasePool {
    store: Arc<dyn Store>,
    ttl: Duration,
    current: Mutex<Option<Current>>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    lease: LeaseId,
    granted: Instant,
    keys: u32,
}

impl LeasePool {
    /// Leases under which keys live for `ttl` at least and a minute longer at most.
    pub fn new(store: Arc<dyn Store>, ttl: Duration) -> Self {
        Self { store, ttl, current: Mutex::new(None) }
    }

    /// A lease for one more key. Those who come while one is being granted wait for it and share it.
    pub async fn lease(&self) -> Result<LeaseId, Error> {
        let mut current = self.current.lock().await;
        if let Some(shared) = current.as_mut().filter(|shared| shared.takes_more(Instant::now())) {
            shared.keys += 1;
            return Ok(shared.lease);
        }
        let lease = self.store.grant_lease(self.ttl + REUSE).await?;
        *current = Some(Current { lease, granted: Instant::now(), keys: 1 });
        Ok(lease)
    }
}

impl Current {
    fn takes_more(&self, now: Instant) -> bool {
        self.keys < KEYS_MAX && now.duration_since(self.granted) < REUSE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedded;

    #[tokio::test]
    async fn a_thousand_keys_share_a_lease() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Embedded::open(folder.path()).expect("a new store"));
        let pool = LeasePool::new(store, Duration::from_secs(3_600));
        let mut leases = Vec::new();
        for _ in 0..1_050 {
            leases.push(pool.lease().await.expect("the store grants"));
        }
        let distinct: std::collections::HashSet<_> = leases.iter().collect();
        assert_eq!(distinct.len(), 2);
        assert!(leases[..1_000].iter().all(|lease| *lease == leases[0]));
        assert!(leases[1_000..].iter().all(|lease| *lease == leases[1_000]));
    }
}
