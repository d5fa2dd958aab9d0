//! What is counted of the queue of namespaces that wait to be charged, under the names of client-go's work queues. The reference has the
//! same queue, of namespaces too, under this name.

use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

const NAME: &str = "admission_quota_controller";

/// The numbers. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    adds: Counter,
    depth: Gauge,
    waited_seconds: Histogram,
    worked_seconds: Histogram,
    retries: Counter,
}

impl Default for Numbers {
    fn default() -> Self {
        // Ten nanoseconds to a thousand seconds.
        let seconds = || Histogram::new(exponential_buckets(1e-8, 10.0, 12));
        Self {
            adds: Counter::default(),
            depth: Gauge::default(),
            waited_seconds: seconds(),
            worked_seconds: seconds(),
            retries: Counter::default(),
        }
    }
}

impl Numbers {
    /// Adds the numbers to a registry.
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_label(("name".into(), NAME.into()));
        registry.register(
            "workqueue_adds",
            "How often something began to wait",
            self.adds.clone(),
        );
        registry.register("workqueue_depth", "How many wait", self.depth.clone());
        registry.register(
            "workqueue_queue_duration_seconds",
            "How long it waited until somebody began with it",
            self.waited_seconds.clone(),
        );
        registry.register(
            "workqueue_work_duration_seconds",
            "How long somebody was at it",
            self.worked_seconds.clone(),
        );
        registry.register(
            "workqueue_retries",
            "What failed and is tried again",
            self.retries.clone(),
        );
    }

    /// A namespace waits that did not.
    pub(super) fn added(&self) {
        self.adds.inc();
        self.depth.inc();
    }

    /// It waits no more, if it waited since some time.
    pub(super) fn taken(&self, since: Option<Instant>) {
        if let Some(since) = since {
            self.depth.dec();
            self.waited_seconds.observe(since.elapsed().as_secs_f64());
        }
    }

    /// A batch is settled.
    pub(super) fn worked(&self, took: Duration) {
        self.worked_seconds.observe(took.as_secs_f64());
    }

    /// What failed is tried again after a pause.
    pub(super) fn retried(&self) {
        self.retries.inc();
    }
}
