//! What was asked, by whom, and what became of it: which requests are told about and how much, events, and where they go.
//! Taking events from requests is a filter of the server.

mod batch;
mod event;
mod log;
mod policy;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use schema::Value;
use tokio::sync::mpsc;

pub use batch::{Batching, Webhook};
pub use event::{Event, Stage};
pub use log::Log;
pub use policy::{Level, Policy, Told};

/// Where events go. Offering one never waits: what does not fit into the buffer is dropped and counted.
#[derive(Clone, Debug)]
pub struct Sink {
    queue: mpsc::Sender<Arc<Value>>,
    /// In the metrics.
    backend: &'static str,
    dropped: Arc<AtomicU64>,
}

impl Sink {
    fn new(backend: &'static str, queue: mpsc::Sender<Arc<Value>>) -> Self {
        Self {
            queue,
            backend,
            dropped: Arc::default(),
        }
    }

    /// Hands an event over.
    pub fn offer(&self, event: Arc<Value>) {
        if self.queue.try_send(event).is_err() {
            let before = self.dropped.fetch_add(1, Ordering::Relaxed);
            // Told at powers of two: a full buffer must not fill the log as well.
            if (before + 1).is_power_of_two() {
                tracing::error!(
                    dropped = before + 1,
                    "audit events are dropped: the backend does not keep up"
                );
            }
        }
    }

    /// How many events were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A policy and the backends that it feeds.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Which requests are told about.
    pub policy: Arc<Policy>,
    /// Where to.
    pub sinks: Vec<Sink>,
}

impl Audit {
    /// Hands an event to every backend.
    pub fn tell(&self, event: Value) {
        let event = Arc::new(event);
        self.sinks.iter().for_each(|sink| sink.offer(event.clone()));
    }
}

/// What was dropped, by backend, under the reference's name.
impl Collector for Audit {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Audit events that were dropped";
        let mut family =
            encoder.encode_descriptor("apiserver_audit_error", help, None, MetricType::Counter)?;
        for sink in &self.sinks {
            let labels = [("plugin", sink.backend)];
            ConstCounter::new(sink.dropped()).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
