//! What goes through a member, in numbers. Who reads them is the affair of metrics, pages and choice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Upstream;

/// What goes through a member.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that were sent.
    pub requests: AtomicU64,
    /// Those that had no answer.
    pub failures: AtomicU64,
    /// Answers under way, watches among them.
    pub open: AtomicU64,
    /// Watches under way.
    pub watches: AtomicU64,
}

/// One in a gauge of [`Counts`]; leaves it when dropped.
pub(crate) struct Counted {
    upstream: Arc<Upstream>,
    gauge: fn(&Counts) -> &AtomicU64,
}

impl Counted {
    /// One more.
    pub(super) fn new(upstream: &Arc<Upstream>, gauge: fn(&Counts) -> &AtomicU64) -> Self {
        gauge(&upstream.counts).fetch_add(1, Ordering::Relaxed);
        Self {
            upstream: upstream.clone(),
            gauge,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.gauge)(&self.upstream.counts).fetch_sub(1, Ordering::Relaxed);
    }
}
