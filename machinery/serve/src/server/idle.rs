//! Notes when a connection has requests under way, and tells when it had none for too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::load::Load;

/// The requests of one connection. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    begun: Instant,
    under_way: AtomicUsize,
    last_end_ms: AtomicU64,
    /// Of all connections.
    load: Load,
}

/// One request under way; ends when dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Activity {
    pub(super) fn new(load: Load) -> Self {
        let shared = Shared {
            begun: Instant::now(),
            under_way: AtomicUsize::new(0),
            last_end_ms: AtomicU64::new(0),
            load,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(super) fn begin(&self) -> UnderWay {
        self.shared.under_way.fetch_add(1, Ordering::Relaxed);
        self.shared.load.begin();
        UnderWay(self.clone())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.count() == 0
    }

    /// How many requests are under way.
    pub(super) fn count(&self) -> usize {
        self.shared.under_way.load(Ordering::Relaxed)
    }

    /// For how long it may still be idle: all of the limit while there are requests.
    pub(super) fn rest(&self, limit: Duration) -> Duration {
        if self.is_idle() {
            limit.saturating_sub(self.idle_time())
        } else {
            limit
        }
    }

    /// Returns when there was no request for this long.
    pub(super) async fn idle_for(&self, limit: Duration) {
        loop {
            let rest = self.rest(limit);
            if rest.is_zero() {
                return;
            }
            tokio::time::sleep(rest).await;
        }
    }

    fn idle_time(&self) -> Duration {
        let last_end = Duration::from_millis(self.shared.last_end_ms.load(Ordering::Relaxed));
        self.shared.begun.elapsed().saturating_sub(last_end)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        let now_ms = u64::try_from(shared.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        shared.last_end_ms.fetch_max(now_ms, Ordering::Relaxed);
        shared.under_way.fetch_sub(1, Ordering::Relaxed);
        shared.load.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_counts_from_the_end_of_the_last_request() {
        let load = Load::default();
        let activity = Activity::new(load.clone());
        let limit = Duration::from_secs(10);
        let begun = Instant::now();
        let request = activity.begin();
        tokio::time::sleep(Duration::from_secs(25)).await;
        assert!(!activity.is_idle() && load.count() == 1);
        drop(request);
        assert_eq!(load.count(), 0);
        activity.idle_for(limit).await;
        assert!(begun.elapsed() >= Duration::from_secs(35));
        assert!(begun.elapsed() < Duration::from_secs(36));
    }
}
