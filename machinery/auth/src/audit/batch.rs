//! Events sent to a webhook, many at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use schema::{Value, json, tree};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Sink;
use crate::client::{Caller, Error};
use crate::limits::AUDIT_EVENTS_MAX;

/// How events are put together.
#[derive(Clone, Copy, Debug)]
pub struct Batching {
    /// Events that wait; more are dropped.
    pub buffer_events_max: usize,
    /// Events of one request.
    pub batch_events_max: usize,
    /// How long the first of a batch waits for others.
    pub wait_max: Duration,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            buffer_events_max: AUDIT_EVENTS_MAX,
            batch_events_max: 400,
            wait_max: Duration::from_secs(30),
        }
    }
}

/// The webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    caller: Caller,
    batching: Batching,
}

impl Webhook {
    /// Asks there; the caller says how often again.
    pub fn new(caller: Caller, batching: Batching) -> Self {
        Self { caller, batching }
    }

    /// Sends what the sink is offered, until the sink is gone; what waits then is still sent.
    pub fn start(self) -> Sink {
        let (sender, events) = mpsc::channel(self.batching.buffer_events_max.max(1));
        let sink = Sink::new("webhook", sender);
        tokio::spawn(self.run(events, sink.dropped.clone()));
        sink
    }

    async fn run(self, mut events: mpsc::Receiver<Arc<Value>>, dropped: Arc<AtomicU64>) {
        while let Some(first) = events.recv().await {
            let mut batch = vec![first];
            let until = Instant::now() + self.batching.wait_max;
            while batch.len() < self.batching.batch_events_max {
                match timeout_at(until, events.recv()).await {
                    Ok(Some(event)) => batch.push(event),
                    Ok(None) | Err(_) => break,
                }
            }
            if let Err(error) = self.send(&batch).await {
                dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
                tracing::error!(%error, events = batch.len(), "audit events could not be sent and are dropped");
            }
        }
    }

    async fn send(&self, batch: &[Arc<Value>]) -> Result<(), Error> {
        let items = Value::List(batch.iter().map(|event| Value::clone(event)).collect());
        let list =
            tree!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items});
        let mut body = Vec::new();
        json::write(&list, &mut body);
        self.caller.send(body.into()).await.map(drop)
    }
}
