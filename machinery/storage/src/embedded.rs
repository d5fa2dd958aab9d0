//! The embedded store: a durable MVCC store with etcd's semantics in this process and one folder.
//! It speaks no network protocol and serves one process only.
//!
//! A writer thread decides all writes in order, appends them to a checksummed log with one sync for all that wait, and
//! only then publishes them in an in-memory index, which reads and watches use. From time to time the log's content moves
//! to a checkpoint and its segments are deleted. Opening loads the checkpoint and does the rest of the log again.

mod checkpoint;
mod folder;
mod index;
mod leases;
pub mod limits;
mod log;
mod read;
mod record;
mod shared;
mod staging;
mod state;
mod version;
mod watch;
mod writer;

use crate::store::{
    Error, LeaseId, Range, RangeResult, Revision, Store, Txn, TxnResult, WatchRequest, WatchStream,
};
use async_trait::async_trait;
use checkpoint::Checkpoint;
use folder::Folder;
use limits::{HEALTH_WAIT, LEASE_TTL_MAX, LEASE_TTL_MIN, QUEUED_WRITES_MAX};
use log::Log;
use shared::Shared;
use staging::Staging;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot};
use writer::{Command, Parts, Queued, Writer};

pub use writer::Counters;

/// An open embedded store. Dropping it ends its watches, finishes what is being written and frees the folder.
pub struct Embedded {
    shared: Arc<Shared>,
    queue: Sender<Queued>,
    places: Arc<Semaphore>,
    counters: Arc<Counters>,
    place: PathBuf,
    writer: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Opens the store in `folder`, or creates it there (mode 0700). This reads files: call it outside of async code, or
    /// through `spawn_blocking`.
    ///
    /// # Errors
    /// [`Error::Fatal`] when another process has the folder, or when acknowledged data is damaged or missing. A write that
    /// was cut short by the end of the last process is no damage: nobody was told that it happened.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let place = folder.to_owned();
        let folder = Folder::open(folder)?;
        let now = Instant::now();
        let checkpoint = Checkpoint::open(&folder.checkpoint())?;
        let (mut state, checkpointed) = checkpoint.load(now)?;
        let log = Log::open(&folder.log(), checkpointed, |body| state.replay(body, now))?;
        let shared = Arc::new(Shared::new(state.index));
        let counters = Arc::new(Counters::default());
        let (queue, commands) = channel();
        let parts = Parts {
            shared: shared.clone(),
            log,
            leases: state.leases,
            unsaved: state.unsaved,
            checkpoint,
            counters: counters.clone(),
            folder,
        };
        let writer = Writer::new(parts, queue.clone(), commands)?;
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run());
        let thread = thread.map_err(|error| Error::Fatal(format!("cannot start a thread: {error}")))?;
        Ok(Self {
            shared,
            queue,
            places: Arc::new(Semaphore::new(QUEUED_WRITES_MAX)),
            counters,
            place,
            writer: Some(thread),
        })
    }

    /// How much was written since it was opened.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Queues a command and waits for its answer.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Command,
    ) -> Result<T, Error> {
        let place = self
            .places
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (answer, answered) = oneshot::channel();
        let queued = Queued {
            command: command(answer),
            place: Some(place),
        };
        if self.queue.send(queued).is_err() {
            return Err(self.ended());
        }
        answered.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// Why the writer no longer answers.
    fn ended(&self) -> Error {
        let unknown = || Error::Fatal("the store's writer ended".to_owned());
        self.shared.check().err().unwrap_or_else(unknown)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // An error means that the writer has already ended.
        let _ = self.queue.send(Queued {
            command: Command::Close,
            place: None,
        });
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[async_trait]
impl Store for Embedded {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        read::range(&self.shared, range).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        staging::check(&txn)?;
        if staging::only_reads(&txn) {
            self.shared.check()?;
            return Staging::new(&self.shared.index()).txn_read(&txn);
        }
        self.ask(|answer| Command::Txn(txn, answer)).await
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        watch::watch(&self.shared, request)
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.shared.check()?;
        self.shared.each_watcher(watch::Watcher::want_progress);
        Ok(())
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        self.shared.check()?;
        // What was acknowledged was published before.
        Ok(Revision(self.shared.index().revision()))
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        self.shared.check()?;
        Ok(Revision(self.shared.index().compacted()))
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        self.ask(|answer| Command::Compact(at, answer)).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        if ttl > LEASE_TTL_MAX {
            return Err(Error::Fatal("too large lease TTL".to_owned()));
        }
        // Whole seconds: a part of one counts as one.
        let seconds = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
        let ttl = Duration::from_secs(seconds).max(LEASE_TTL_MIN);
        self.ask(|answer| Command::Grant(ttl, answer)).await
    }

    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.ask(|answer| Command::Renew(lease, answer)).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.ask(|answer| Command::Revoke(lease, answer)).await
    }

    async fn health(&self) -> Result<(), Error> {
        let ping = tokio::time::timeout(HEALTH_WAIT, self.ask(Command::Ping)).await;
        ping.unwrap_or_else(|_| {
            Err(Error::Unavailable(
                "the store's writer does not answer".to_owned(),
            ))
        })
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        let place = self.place.clone();
        let size = tokio::task::spawn_blocking(move || folder::size_bytes(&place)).await;
        size.map_err(|panic| Error::Fatal(panic.to_string()))?
            .map_err(|error| Error::Unavailable(format!("cannot read the store's folder: {error}")))
    }
}

#[cfg(test)]
mod tests;
