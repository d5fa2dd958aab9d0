//! The commands of one group commit: decided together, durable together, answered together.
//! It does not touch the disk or the index.

use super::Queued;
use crate::embedded::leases::Leases;
use crate::embedded::record::Record;
use crate::embedded::staging::{Changes, Staging};
use crate::store::{Error, LeaseId, Revision, Txn, TxnResult};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Where an answer goes; a caller that left is no error.
pub type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// What the writer can be asked.
pub enum Command {
    Txn(Txn, Answer<TxnResult>),
    Grant(Duration, Answer<LeaseId>),
    Renew(LeaseId, Answer<()>),
    Revoke(LeaseId, Answer<()>),
    Compact(Revision, Answer<()>),
    /// Answered when all before it are.
    Ping(Answer<()>),
    /// The checkpoint is durable, or not.
    Saved(Result<(), Error>),
    /// Do no more.
    Close,
}

/// An answer that waits for durability.
pub enum Reply {
    Txn(Answer<TxnResult>, Result<TxnResult, Error>),
    Lease(Answer<LeaseId>, Result<LeaseId, Error>),
    Done(Answer<()>, Result<(), Error>),
}

/// A batch that is being decided.
pub struct Batch {
    /// The revisions that it makes, in order.
    pub revisions: Vec<Changes>,
    /// The compacted revision after it.
    pub compacted: i64,
    /// Whether it changes that.
    pub compacts: bool,
    /// A checkpoint that ended meanwhile.
    pub saved: Option<Result<(), Error>>,
    replies: Vec<(Reply, Option<OwnedSemaphorePermit>)>,
}

impl Batch {
    /// An empty one over a store that is compacted up to here.
    pub fn new(compacted: i64) -> Self {
        Self { revisions: Vec::new(), compacted, compacts: false, saved: None, replies: Vec::new() }
    }

    /// How many commands it answers.
    pub fn len(&self) -> usize {
        self.replies.len()
    }

    /// Ends the leases whose time is over.
    pub fn expire(&mut self, staging: &mut Staging, leases: &mut Leases, out: &mut Vec<u8>, now: Instant) {
        while let Some(lease) = leases.expired(now) {
            self.end_lease(lease, staging, leases, out).expect("an expired lease runs until it is ended");
        }
    }

    /// Decides one command and appends what must be durable to `out`.
    pub fn stage(&mut self, queued: Queued, staging: &mut Staging, leases: &mut Leases, out: &mut Vec<u8>, now: Instant) {
        let reply = match queued.command {
            Command::Txn(txn, answer) => {
                let outcome = staging.txn(&txn, leases).map(|(result, changes)| {
                    self.note(changes, out);
                    result
                });
                Reply::Txn(answer, outcome)
            }
            Command::Grant(ttl, answer) => Reply::Lease(answer, Ok(grant(ttl, leases, out, now))),
            Command::Renew(lease, answer) => Reply::Done(answer, leases.renew(lease.0, now)),
            Command::Revoke(lease, answer) => Reply::Done(answer, self.end_lease(lease.0, staging, leases, out)),
            Command::Compact(at, answer) => Reply::Done(answer, self.compact(at.0, staging.revision(), out)),
            Command::Ping(answer) => Reply::Done(answer, Ok(())),
            Command::Saved(result) => {
                self.saved = Some(result);
                return;
            }
            Command::Close => return,
        };
        self.replies.push((reply, queued.place));
    }

    fn note(&mut self, changes: Option<Changes>, out: &mut Vec<u8>) {
        let Some(changes) = changes else { return };
        let record = Record::Changes(changes);
        record.encode(out);
        if let Record::Changes(changes) = record {
            self.revisions.push(changes);
        }
    }

    fn end_lease(
        &mut self,
        lease: i64,
        staging: &mut Staging,
        leases: &mut Leases,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let changes = staging.revoke(lease, leases)?;
        Record::Ended { lease }.encode(out);
        self.note(changes, out);
        Ok(())
    }

    fn compact(&mut self, at: i64, current: i64, out: &mut Vec<u8>) -> Result<(), Error> {
        if at <= self.compacted {
            return Err(Error::Compacted(Revision(self.compacted)));
        }
        if at > current {
            return Err(Error::Future(Revision(current)));
        }
        Record::Compacted { revision: at }.encode(out);
        self.compacted = at;
        self.compacts = true;
        Ok(())
    }

    /// Answers everybody; with an error if the batch could not be made durable.
    pub fn answer(self, error: Option<String>) {
        for (reply, place) in self.replies {
            drop(place);
            match reply {
                Reply::Txn(answer, outcome) => send(answer, outcome, &error),
                Reply::Lease(answer, outcome) => send(answer, outcome, &error),
                Reply::Done(answer, outcome) => send(answer, outcome, &error),
            }
        }
    }
}

fn grant(ttl: Duration, leases: &mut Leases, out: &mut Vec<u8>, now: Instant) -> LeaseId {
    let lease = leases.next_id();
    leases.grant(lease, ttl, now);
    Record::Granted { lease, ttl_seconds: ttl.as_secs() }.encode(out);
    LeaseId(lease)
}

fn send<T>(answer: Answer<T>, outcome: Result<T, Error>, error: &Option<String>) {
    let outcome = match error {
        Some(why) => Err(Error::Fatal(why.clone())),
        None => outcome,
    };
    // The caller may have stopped waiting.
    let _ = answer.send(outcome);
}
