//! How writes are charged: those that wait in one namespace are charged together, by one transaction that compares every quota it
//! changes with what was read, and from the start again where another server was quicker. Nothing is locked meanwhile, and who goes away
//! while waiting is given back what it was charged.

mod account;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use render::errors;
use serve::status::Status;
use tokio::sync::oneshot;

use super::super::amounts::Amounts;
use super::check::charges;
use super::configuration::Limited;
use super::{Quota, Write};
use crate::effects::Undo;
use crate::limits::{QUOTA_BATCH_MAX, QUOTA_TRIES_MAX, QUOTA_WAIT_MAX, QUOTA_WAITING_MAX};
use crate::objects::Objects;
use account::{Account, GROUP, RESOURCE};

/// Between tries, at most, times the number of the try.
const PAUSE: Duration = Duration::from_millis(5);

/// Charges writes to quotas. Clones share it.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

struct Shared {
    account: Account,
    limited: Vec<Limited>,
    /// What waits, by namespace. A namespace that is in it has somebody at work.
    waiting: Mutex<HashMap<String, Vec<Entry>>>,
}

/// What was charged to one quota.
#[derive(Clone, Debug)]
struct Charge {
    name: String,
    uid: String,
    amounts: Amounts,
}

enum Entry {
    Write(Box<Write>, oneshot::Sender<Result<Delivery, Status>>),
    GiveBack(Vec<Charge>, oneshot::Sender<()>),
}

/// What one entry comes to in a try.
enum Answer {
    Write(Result<Vec<Charge>, Status>),
    GivenBack,
}

impl Ledger {
    /// Over the objects of the store.
    pub fn new(objects: Arc<Objects>, limited: Vec<Limited>) -> Self {
        Self(Arc::new(Shared {
            account: Account::new(objects),
            limited,
            waiting: Mutex::default(),
        }))
    }

    /// Whether writes are refused where there is no quota.
    pub fn limits_by_default(&self) -> bool {
        !self.0.limited.is_empty()
    }

    /// Charges a write; 403 if it does not fit. What it returns gives the charge back.
    pub async fn charge(&self, namespace: &str, write: Write) -> Result<Option<Box<dyn Undo>>, Status> {
        let (answer, answered) = oneshot::channel();
        self.enter(namespace, Entry::Write(Box::new(write), answer))?;
        let charged = match tokio::time::timeout(QUOTA_WAIT_MAX, answered).await {
            Ok(Ok(delivery)) => delivery?.take(),
            _ => return Err(Status::internal("resource quota evaluation timed out")),
        };
        Ok(charged.map(|charged| Box::new(charged) as _))
    }

    fn enter(&self, namespace: &str, entry: Entry) -> Result<(), Status> {
        let mut waiting = self.waiting();
        if let Some(queue) = waiting.get_mut(namespace) {
            let is_full = queue.len() >= QUOTA_WAITING_MAX && matches!(entry, Entry::Write(..));
            if is_full {
                let why = "too many writes wait for the quotas of this namespace, please try again later";
                return Err(Status::too_many_requests(why, 1));
            }
            queue.push(entry);
            return Ok(());
        }
        waiting.insert(namespace.to_owned(), vec![entry]);
        drop(waiting);
        tokio::spawn(self.clone().work(namespace.to_owned()));
        Ok(())
    }

    /// Until nothing waits in the namespace.
    async fn work(self, namespace: String) {
        loop {
            let batch = {
                let mut waiting = self.waiting();
                let queue = waiting.entry(namespace.clone()).or_default();
                if queue.is_empty() {
                    waiting.remove(&namespace);
                    return;
                }
                let count = queue.len().min(QUOTA_BATCH_MAX);
                queue.drain(..count).collect::<Vec<_>>()
            };
            self.settle(&namespace, batch).await;
        }
    }

    /// Charges and gives back what came together, and answers.
    async fn settle(&self, namespace: &str, batch: Vec<Entry>) {
        let answers = match self.book(namespace, &batch).await {
            Ok(answers) => answers,
            Err(status) => {
                let failed = batch.iter().map(|entry| match entry {
                    Entry::Write(..) => Answer::Write(Err(status.clone())),
                    Entry::GiveBack(..) => {
                        tracing::warn!(
                            namespace,
                            why = status.message,
                            "a quota keeps what it was charged"
                        );
                        Answer::GivenBack
                    }
                });
                failed.collect()
            }
        };
        for (entry, answer) in batch.into_iter().zip(answers) {
            match (entry, answer) {
                (Entry::Write(_, waits), Answer::Write(answer)) => {
                    // What comes back undelivered gives back what was charged.
                    drop(waits.send(answer.map(|charged| self.delivery(namespace, charged))));
                }
                (Entry::GiveBack(_, waits), _) => drop(waits.send(())),
                (Entry::Write(..), Answer::GivenBack) => {}
            }
        }
    }

    fn delivery(&self, namespace: &str, charged: Vec<Charge>) -> Delivery {
        Delivery((!charged.is_empty()).then(|| Charged {
            ledger: self.clone(),
            namespace: namespace.to_owned(),
            charged,
        }))
    }

    fn give_back(&self, namespace: &str, charged: Vec<Charge>) -> Option<oneshot::Receiver<()>> {
        if charged.is_empty() {
            return None;
        }
        let (done, waits) = oneshot::channel();
        // It is never refused: what is given back must not be lost.
        let entered = self.enter(namespace, Entry::GiveBack(charged, done));
        entered.is_ok().then_some(waits)
    }

    /// Decides all on one state of the quotas, and writes what they come to if that is still the state.
    async fn book(&self, namespace: &str, batch: &[Entry]) -> Result<Vec<Answer>, Status> {
        let mut raced = None;
        for tried in 0..QUOTA_TRIES_MAX {
            if tried > 0 {
                let share: f64 = rand::random();
                tokio::time::sleep(PAUSE.mul_f64(share * f64::from(tried))).await;
            }
            let read = self.0.account.read(namespace).await?;
            let before: Vec<Quota> = read.iter().map(|stored| Quota::of(&stored.object)).collect();
            let mut after = before.clone();
            let answers = self.decide(batch, &mut after);
            let changed: Vec<_> = read
                .iter()
                .zip(before.iter().zip(&after))
                .filter(|(_, (before, after))| before.used != after.used)
                .map(|(stored, (_, after))| (stored, after))
                .collect();
            if changed.is_empty() || self.0.account.write(namespace, &changed).await? {
                return Ok(answers);
            }
            raced = changed.first().map(|(_, quota)| quota.name.clone());
        }
        let name = raced.unwrap_or_default();
        Err(match kinds::Catalog::builtin().resource(GROUP, "v1", RESOURCE) {
            Some(resource) => errors::modified(resource, &name),
            None => Status::internal("there are no quotas"),
        })
    }

    /// One after another, each on what the ones before leave.
    fn decide(&self, batch: &[Entry], quotas: &mut [Quota]) -> Vec<Answer> {
        let decided = batch.iter().map(|entry| match entry {
            Entry::GiveBack(charged, _) => {
                for charge in charged {
                    let found = quotas.iter_mut().find(|quota| quota.uid == charge.uid);
                    if let Some(quota) = found {
                        quota.used.take(&charge.amounts);
                    }
                }
                Answer::GivenBack
            }
            // Nobody waits for it any more.
            Entry::Write(_, waits) if waits.is_closed() => Answer::Write(Ok(Vec::new())),
            Entry::Write(write, _) => Answer::Write(self.decide_write(write, quotas)),
        });
        decided.collect()
    }

    fn decide_write(&self, write: &Write, quotas: &mut [Quota]) -> Result<Vec<Charge>, Status> {
        let charged = charges(quotas, write, &self.0.limited)
            .map_err(|why| Status::forbidden(&write.group, &write.resource, &write.name, &why))?;
        if write.dry_run {
            return Ok(Vec::new());
        }
        let charged = charged.into_iter().map(|(at, amounts)| {
            let quota = &mut quotas[at];
            quota.used.add(&amounts);
            Charge {
                name: quota.name.clone(),
                uid: quota.uid.clone(),
                amounts,
            }
        });
        Ok(charged.collect())
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Vec<Entry>>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one write was charged.
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
        if let Some(done) = ledger.give_back(&namespace, charged) {
            // Its worker answers, or the process ends.
            let _ = done.await;
        }
    }

    async fn commit(self: Box<Self>) {}
}

#[cfg(test)]
mod tests;
