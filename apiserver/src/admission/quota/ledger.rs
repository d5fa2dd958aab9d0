//! How writes are charged: those that wait in one namespace are charged together, by one transaction that compares every quota it
//! changes with what was read, and from the start again where another server was quicker. Nothing is locked meanwhile, and who goes away
//! while waiting is given back what it was charged.

mod account;
mod books;
mod numbers;
mod queue;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use serve::status::Status;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::Write;
use super::configuration::Limited;
use crate::effects::Undo;
use crate::limits::QUOTA_WAIT_MAX;
use crate::objects::Objects;
use account::Account;
use books::Books;
use numbers::Numbers;
use queue::{Charge, GiveBack, Queue, Waiting};

/// Charges writes to quotas. Clones share it.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

struct Shared {
    books: Books,
    /// What waits, by namespace. A namespace that is in it has somebody at work.
    waiting: Mutex<HashMap<String, Queue>>,
    numbers: Numbers,
}

impl Ledger {
    /// Over the objects of the store.
    pub fn new(objects: Arc<Objects>, limited: Vec<Limited>) -> Self {
        let books = Books {
            account: Account::new(objects),
            limited,
        };
        Self(Arc::new(Shared {
            books,
            waiting: Mutex::default(),
            numbers: Numbers::default(),
        }))
    }

    /// Adds what is counted of its queue to a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.0.numbers.register(registry);
    }

    /// Whether writes are refused where there is no quota.
    pub fn limits_by_default(&self) -> bool {
        !self.0.books.limited.is_empty()
    }

    /// Charges a write; 403 if it does not fit. What it returns gives the charge back.
    pub async fn charge(&self, namespace: &str, write: Write) -> Result<Option<Box<dyn Undo>>, Status> {
        let (answer, answered) = oneshot::channel();
        let write = Box::new(write);
        self.enter(namespace, |queue| queue.add_write(Waiting { write, answer }))?;
        let charged = match tokio::time::timeout(QUOTA_WAIT_MAX, answered).await {
            Ok(Ok(delivery)) => delivery?.take(),
            Ok(Err(_)) => return Err(Status::internal("resource quota evaluation failed")),
            Err(_) => return Err(Status::internal("resource quota evaluation timed out")),
        };
        Ok(charged.map(|charged| Box::new(charged) as _))
    }

    /// Adds to what waits, and sees to it that somebody is at work.
    fn enter<T>(&self, namespace: &str, add: impl FnOnce(&mut Queue) -> T) -> T {
        let mut waiting = self.waiting();
        if let Some(queue) = waiting.get_mut(namespace) {
            return self.add(queue, add);
        }
        let added = self.add(waiting.entry(namespace.to_owned()).or_default(), add);
        drop(waiting);
        tokio::spawn(self.clone().work(namespace.to_owned()));
        added
    }

    fn add<T>(&self, queue: &mut Queue, add: impl FnOnce(&mut Queue) -> T) -> T {
        let added = add(queue);
        if queue.begins_to_wait(Instant::now()) {
            self.0.numbers.added();
        }
        added
    }

    fn delivery(&self, namespace: &str, charged: Vec<Charge>) -> Delivery {
        Delivery((!charged.is_empty()).then(|| Charged {
            ledger: self.clone(),
            namespace: namespace.to_owned(),
            charged,
        }))
    }

    /// Gives back soon; who waits for it hears when it is done, or left for later.
    fn give_back(&self, namespace: &str, charged: Vec<Charge>) -> oneshot::Receiver<()> {
        let (done, waits) = oneshot::channel();
        // Without a runtime the process ends.
        if Handle::try_current().is_ok() {
            let mut give_back = GiveBack::of(charged);
            give_back.done = Some(done);
            self.enter(namespace, |queue| queue.add_give_back(give_back));
        }
        waits
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Queue>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one write was charged; never nothing.
struct Charged {
    ledger: Ledger,
    namespace: String,
    charged: Vec<Charge>,
}

/// It on its way to who waits for it: who goes away before it arrives is given it back.
struct Delivery(Option<Charged>);

impl Delivery {
    fn take(mut self) -> Option<Charged> {
        self.0.take()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(charged) = self.0.take() {
            charged.ledger.give_back(&charged.namespace, charged.charged);
        }
    }
}

#[async_trait]
impl Undo for Charged {
    async fn undo(self: Box<Self>) {
        let Self {
            ledger,
            namespace,
            charged,
        } = *self;
        for charge in &charged {
            tracing::debug!(
                namespace,
                quota = charge.name,
                amounts = charge.amounts.printed(),
                "is given back"
            );
        }
        let done = ledger.give_back(&namespace, charged);
        // It is given back whether somebody waits or not.
        let _ = tokio::time::timeout(QUOTA_WAIT_MAX, done).await;
    }

    async fn commit(self: Box<Self>) {}
}

#[cfg(test)]
mod tests;
