//! Who settles what waits in one namespace, until nothing waits. It leaves nobody waiting, however it ends.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::Ledger;
use super::queue::{Batch, GiveBack, Queue};
use crate::limits::QUOTA_GIVE_BACK_FAILURES_MAX;

/// Before what could not be given back is tried again: the first time, doubled each time up to the last.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LAST: Duration = Duration::from_secs(10);

/// Somebody at work. Where it ends early (a panic), the queue goes with it: writes that wait in it fail at once, and the next that comes
/// finds somebody new.
struct Worker {
    ledger: Ledger,
    namespace: String,
    batch: Batch,
    is_done: bool,
}

impl Worker {
    /// Takes what is next; `false` if nothing waits any more.
    fn take(&mut self) -> bool {
        let mut waiting = self.ledger.waiting();
        match waiting.get_mut(&self.namespace) {
            Some(queue) if !queue.is_empty() => {
                let numbers = &self.ledger.0.numbers;
                numbers.taken(queue.ends_to_wait());
                self.batch = queue.take();
                if queue.begins_to_wait(Instant::now()) {
                    numbers.added();
                }
                true
            }
            _ => {
                waiting.remove(&self.namespace);
                self.is_done = true;
                false
            }
        }
    }

    /// Charges and gives back what came together, and answers.
    async fn settle(&mut self) {
        let settled = self.ledger.0.books.settle(&self.namespace, &mut self.batch).await;
        let Batch { give_backs, writes } = std::mem::take(&mut self.batch);
        match settled {
            Ok(charged) => {
                for (waiting, charged) in writes.into_iter().zip(charged) {
                    let delivery = charged.map(|charged| self.ledger.delivery(&self.namespace, charged));
                    // What comes back undelivered gives back what was charged.
                    drop(waiting.answer.send(delivery));
                }
            }
            Err(status) => {
                for waiting in writes {
                    drop(waiting.answer.send(Err(status.clone())));
                }
                self.ledger
                    .give_back_later(&self.namespace, give_backs, &status.message);
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut left = self.ledger.waiting().remove(&self.namespace);
        let since = left.as_mut().and_then(Queue::ends_to_wait);
        self.ledger.0.numbers.taken(since);
        let mut give_backs = std::mem::take(&mut self.batch.give_backs);
        give_backs.extend(left.into_iter().flat_map(|queue| queue.into_give_backs()));
        self.ledger
            .give_back_later(&self.namespace, give_backs, "its worker ended early");
    }
}

impl Ledger {
    /// Until nothing waits in the namespace.
    pub(super) async fn work(self, namespace: String) {
        let mut worker = Worker {
            ledger: self,
            namespace,
            batch: Batch::default(),
            is_done: false,
        };
        while worker.take() {
            let begun = Instant::now();
            worker.settle().await;
            worker.ledger.0.numbers.worked(begun.elapsed());
        }
    }

    /// Tries again after a pause what could not be given back, a number of times; nobody waits for it.
    fn give_back_later(&self, namespace: &str, mut failed: Vec<GiveBack>, why: &str) {
        for one in &mut failed {
            one.done = None;
            one.failures += 1;
        }
        failed.retain(|one| {
            let is_lost = one.failures >= QUOTA_GIVE_BACK_FAILURES_MAX && !one.charges.is_empty();
            if is_lost {
                tracing::warn!(namespace, why, "a quota keeps what it was charged");
            }
            !is_lost && !one.charges.is_empty()
        });
        let (Some(failures), Ok(runtime)) =
            (failed.iter().map(|one| one.failures).max(), Handle::try_current())
        else {
            return;
        };
        let pause = PAUSE_FIRST
            .saturating_mul(1 << (failures - 1).min(16))
            .min(PAUSE_LAST);
        self.0.numbers.retried();
        let (ledger, namespace) = (self.clone(), namespace.to_owned());
        runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            ledger.enter(&namespace, |queue| {
                failed.into_iter().for_each(|one| queue.add_give_back(one));
            });
        });
    }
}
