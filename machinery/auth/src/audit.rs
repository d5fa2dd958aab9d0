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
    dropped: Arc<AtomicU64>,
}

impl Sink {
    fn new(queue: mpsc::Sender<Arc<Value>>) -> Self {
        Self {
            queue,
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
