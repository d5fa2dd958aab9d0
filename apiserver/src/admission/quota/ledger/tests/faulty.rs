//! A store that fails as it is told.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use storage::{
    Embedded, Error, LeaseId, Range, RangeResult, Revision, Store, Txn, TxnResult, WatchRequest, WatchStream,
};

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing is wrong.
    None,
    /// It is not done, and nobody can know that.
    Lost,
    /// It is done, and nobody can know that.
    Unanswered,
    /// It is larger than the store takes.
    TooLarge,
    /// It is not done, and there is never an answer.
    Stuck,
    /// Whoever asks dies.
    Panic,
}

/// The embedded store, with faults of the next transactions.
pub struct Faulty {
    store: Embedded,
    faults: Mutex<VecDeque<Fault>>,
    reads: AtomicUsize,
}

impl Faulty {
    pub fn new(store: Embedded) -> Self {
        Self {
            store,
            faults: Mutex::default(),
            reads: AtomicUsize::new(0),
        }
    }

    /// What is to become of the next transactions.
    pub fn fail(&self, faults: &[Fault]) {
        self.faults.lock().expect("unpoisoned").extend(faults);
    }

    /// How often it was read.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

fn unavailable<T>() -> Result<T, Error> {
    Err(Error::Unavailable("as it was told".to_owned()))
}

#[async_trait]
impl Store for Faulty {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.store.range(range).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        let fault = self.faults.lock().expect("unpoisoned").pop_front();
        match fault.unwrap_or(Fault::None) {
            Fault::None => self.store.txn(txn).await,
            Fault::Lost => unavailable(),
            Fault::Unanswered => {
                self.store.txn(txn).await?;
                unavailable()
            }
            Fault::TooLarge => Err(Error::TooLarge),
            Fault::Stuck => std::future::pending().await,
            Fault::Panic => panic!("as it was told"),
        }
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        self.store.watch(request).await
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.store.request_progress().await
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        self.store.current_revision().await
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        self.store.compacted_revision().await
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        self.store.compact(at).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.store.grant_lease(ttl).await
    }

    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.store.renew_lease(lease).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.store.revoke_lease(lease).await
    }

    async fn health(&self) -> Result<(), Error> {
        self.store.health().await
    }
}
