//! The writer thread: takes what is queued, decides it, makes it durable with one sync, publishes it, answers.
//! Readers never wait for it; it is the only one that changes the index, the leases and the log.

mod batch;
mod saver;

pub use batch::Command;
use batch::Batch;
use saver::Saver;

use super::checkpoint::{Checkpoint, Delta};
use super::folder::Folder;
use super::index::VersionId;
use super::leases::Leases;
use super::limits::{BATCH_BYTES_MAX, BATCH_WRITES_MAX, CHECKPOINT_LOG_BYTES, PRUNE_CHUNK_REVISIONS};
use super::log::{Frame, Log};
use super::shared::Shared;
use super::staging::Staging;
use super::version::Version;
use crate::store::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// A command in the queue, with its place there.
pub struct Queued {
    pub command: Command,
    /// Given back when the command was answered.
    pub place: Option<OwnedSemaphorePermit>,
}

/// How much was written, for benchmarks and metrics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Syncs of the log.
    pub syncs: AtomicU64,
    /// Revisions made durable by them.
    pub revisions: AtomicU64,
}

/// Revisions published under one hold of the lock.
const PUBLISH_CHUNK_REVISIONS: usize = 64;
/// How long pruning waits for a read that it must not overtake.
const PIN_WAIT: Duration = Duration::from_millis(20);

/// What the thread owns.
pub struct Writer {
    shared: Arc<Shared>,
    queue: Receiver<Queued>,
    log: Log,
    frame: Frame,
    leases: Leases,
    /// Versions that the checkpoint does not have.
    unsaved: Vec<Arc<Version>>,
    /// Versions that it has in vain.
    dead: Vec<VersionId>,
    saver: Saver,
    /// History was given up since the last checkpoint.
    compacted: bool,
    counters: Arc<Counters>,
    /// Last, so that the folder is free only when all files are closed.
    _folder: Folder,
}

/// Where pruning stands.
enum Pruning {
    Done,
    More,
    Blocked,
}

/// What a loaded store hands to its writer.
pub struct Parts {
    pub shared: Arc<Shared>,
    pub log: Log,
    pub leases: Leases,
    pub unsaved: Vec<Arc<Version>>,
    pub checkpoint: Checkpoint,
    pub counters: Arc<Counters>,
    pub folder: Folder,
}

impl Writer {
    /// Takes over a loaded store. Finished checkpoints come back through `own_queue`.
    pub fn new(parts: Parts, own_queue: Sender<Queued>, queue: Receiver<Queued>) -> Result<Self, Error> {
        Ok(Self {
            shared: parts.shared,
            queue,
            log: parts.log,
            frame: Frame::default(),
            leases: parts.leases,
            unsaved: parts.unsaved,
            dead: Vec::new(),
            saver: Saver::start(parts.checkpoint, own_queue)?,
            compacted: false,
            counters: parts.counters,
            _folder: parts.folder,
        })
    }

    /// Works until the store is closed or fails.
    pub fn run(mut self) {
        let end = loop {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => break "the store is closed".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        self.shared.fail(end);
    }

    /// One batch, and what is to be done beside; false when the store is closed.
    fn turn(&mut self) -> Result<bool, Error> {
        let pruning = self.prune();
        self.checkpoint_if_due(&pruning)?;
        let Some(first) = self.wait(&pruning) else { return Ok(false) };
        let shared = self.shared.clone();
        let (mut batch, open) = self.stage(&shared, first);
        let durable = self.make_durable();
        if durable.is_ok() {
            self.publish(&mut batch);
        }
        let error = durable.as_ref().err().map(Error::to_string);
        let saved = batch.saved.take();
        batch.answer(error);
        durable?;
        if let Some(saved) = saved {
            saved?;
            self.saver.finished();
            self.log.drop_sealed()?;
        }
        Ok(open)
    }

    /// The next command; `Some(None)` when it is time for something else, `None` when nobody can send any more.
    fn wait(&self, pruning: &Pruning) -> Option<Option<Queued>> {
        let until_lease = self.leases.next_deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = match pruning {
            Pruning::Done => until_lease,
            Pruning::More => Some(Duration::ZERO),
            Pruning::Blocked => Some(until_lease.map_or(PIN_WAIT, |lease| lease.min(PIN_WAIT))),
        };
        let Some(timeout) = timeout else { return self.queue.recv().ok().map(Some) };
        match self.queue.recv_timeout(timeout) {
            Ok(queued) => Some(Some(queued)),
            Err(RecvTimeoutError::Timeout) => Some(None),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Decides what is queued, as far as it fits into one frame; false if the store is to be closed.
    fn stage(&mut self, shared: &Shared, first: Option<Queued>) -> (Batch, bool) {
        let index = shared.index();
        let mut batch = Batch::new(index.compacted());
        let mut staging = Staging::new(&index);
        let now = Instant::now();
        batch.expire(&mut staging, &mut self.leases, self.frame.body(), now);
        let mut next = first;
        while let Some(queued) = next {
            if matches!(queued.command, Command::Close) {
                return (batch, false);
            }
            batch.stage(queued, &mut staging, &mut self.leases, self.frame.body(), now);
            let full = batch.len() >= BATCH_WRITES_MAX || self.frame.body_len() >= BATCH_BYTES_MAX;
            next = if full { None } else { self.queue.try_recv().ok() };
        }
        (batch, true)
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        if self.frame.body_len() > 0 {
            self.log.append(&mut self.frame)?;
            self.counters.syncs.fetch_add(1, Ordering::Relaxed);
            self.frame.clear(BATCH_BYTES_MAX / 8);
        }
        Ok(())
    }

    fn publish(&mut self, batch: &mut Batch) {
        let mut revisions = std::mem::take(&mut batch.revisions);
        self.counters.revisions.fetch_add(revisions.len() as u64, Ordering::Relaxed);
        self.unsaved.extend(revisions.iter().flatten().cloned());
        while !revisions.is_empty() {
            let some = revisions.len().min(PUBLISH_CHUNK_REVISIONS);
            self.shared.publish(revisions.drain(..some));
        }
        if batch.compacts {
            self.shared.index_mut().compact(batch.compacted);
            self.compacted = true;
        }
    }

    /// Drops some of what can no longer be read.
    fn prune(&mut self) -> Pruning {
        let mut index = self.shared.index_mut();
        let compacted = index.compacted();
        let floor = self.shared.oldest_pin().map_or(compacted, |pin| pin.min(compacted));
        if !index.prune(floor, PRUNE_CHUNK_REVISIONS, &mut self.dead) {
            return Pruning::More;
        }
        if floor < compacted { Pruning::Blocked } else { Pruning::Done }
    }

    /// Hands the log's content over to the checkpoint when the log is long or history was dropped.
    fn checkpoint_if_due(&mut self, pruning: &Pruning) -> Result<(), Error> {
        let after_compaction = self.compacted && matches!(pruning, Pruning::Done);
        if self.saver.is_busy() || !(after_compaction || self.log.active_bytes() > CHECKPOINT_LOG_BYTES) {
            return Ok(());
        }
        if after_compaction {
            self.compacted = false;
        }
        self.log.rotate()?;
        let index = self.shared.index();
        self.saver.save(Delta {
            fresh: std::mem::take(&mut self.unsaved),
            dead: std::mem::take(&mut self.dead),
            leases: self.leases.all(),
            last_lease: self.leases.last_id(),
            revision: index.revision(),
            compacted: index.compacted(),
            history_first: index.history_first(),
            sequence: self.log.last_sequence(),
        });
        Ok(())
    }
}
