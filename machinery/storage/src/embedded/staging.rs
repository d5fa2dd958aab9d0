//! What a batch of requests does to a state, before any of it is durable: pure decisions.
//! It neither writes nor publishes: the writer does both.

use super::index::Index;
use super::leases::Leases;
use super::limits::{REQUEST_BYTES_MAX, TXN_OPS_MAX};
use super::version::Version;
use crate::store::{Compare, Error, LeaseId, Op, OpResult, Revision, Txn, TxnResult};
use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The published state with a batch's changes laid over it.
pub struct Staging<'a> {
    index: &'a Index,
    changed: HashMap<Bytes, Arc<Version>>,
    revision: i64,
}

/// The changes of one revision, not yet applied.
pub type Changes = Box<[Arc<Version>]>;

impl<'a> Staging<'a> {
    /// Nothing changed yet.
    pub fn new(index: &'a Index) -> Self {
        Self {
            index,
            changed: HashMap::new(),
            revision: index.revision(),
        }
    }

    /// The revision after what was staged.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    fn live(&self, key: &[u8]) -> Option<&Arc<Version>> {
        self.changed
            .get(key)
            .or_else(|| self.index.latest(key))
            .filter(|version| !version.deleted)
    }

    fn holds(&self, compare: &Compare) -> bool {
        match compare {
            Compare::ModRevision(key, Revision(wanted)) => {
                self.live(key).map_or(0, |live| live.modified) == *wanted
            }
            Compare::Version(key, wanted) => self.live(key).map_or(0, |live| live.version) == *wanted,
        }
    }

    /// Does a transaction. Changes are `None` when it wrote nothing.
    pub fn txn(&mut self, txn: &Txn, leases: &mut Leases) -> Result<(TxnResult, Option<Changes>), Error> {
        let succeeded = txn.when.iter().all(|compare| self.holds(compare));
        let ops = if succeeded { &txn.then } else { &txn.otherwise };
        for lease in ops.iter().filter_map(lease_of) {
            if !leases.runs(lease.0) {
                return Err(Error::LeaseNotFound);
            }
        }
        let mut changes = Vec::new();
        let results = ops.iter().map(|op| self.step(op, leases, &mut changes)).collect();
        let changes = self.end_revision(changes);
        Ok((
            TxnResult {
                succeeded,
                revision: Revision(self.revision),
                results,
            },
            changes,
        ))
    }

    /// Does a transaction that only reads.
    pub fn txn_read(&mut self, txn: &Txn) -> Result<TxnResult, Error> {
        self.txn(txn, &mut Leases::default()).map(|(result, _)| result)
    }

    fn step(&mut self, op: &Op, leases: &mut Leases, changes: &mut Vec<Arc<Version>>) -> OpResult {
        match op {
            Op::Get(key) => OpResult::Get(self.live(key).map(|live| live.entry(false))),
            Op::Put { key, value, lease } => {
                let before = self.live(key).map(Arc::as_ref);
                let lease = lease.map_or(0, |lease| lease.0);
                let from = before.map_or(0, |before| before.lease);
                let version =
                    Version::put(before, self.revision + 1, changes.len() as u32, key, value, lease);
                leases.move_key(&version.key, from, lease);
                self.stage(version, changes);
                OpResult::Put
            }
            Op::Delete(key) => OpResult::Delete(self.delete(key, leases, changes)),
        }
    }

    fn delete(&mut self, key: &[u8], leases: &mut Leases, changes: &mut Vec<Arc<Version>>) -> bool {
        let Some((key, lease)) = self.live(key).map(|live| (live.key.clone(), live.lease)) else {
            return false;
        };
        leases.move_key(&key, lease, 0);
        self.stage(
            Version::tombstone(key, self.revision + 1, changes.len() as u32),
            changes,
        );
        true
    }

    fn stage(&mut self, version: Version, changes: &mut Vec<Arc<Version>>) {
        let version = Arc::new(version);
        self.changed.insert(version.key.clone(), version.clone());
        changes.push(version);
    }

    fn end_revision(&mut self, changes: Vec<Arc<Version>>) -> Option<Changes> {
        if changes.is_empty() {
            return None;
        }
        self.revision += 1;
        Some(changes.into())
    }

    /// Ends a lease and deletes its keys, all in one revision.
    pub fn revoke(&mut self, lease: i64, leases: &mut Leases) -> Result<Option<Changes>, Error> {
        let keys = leases.end(lease)?;
        let mut changes = Vec::new();
        for key in keys {
            self.delete(&key, leases, &mut changes);
        }
        Ok(self.end_revision(changes))
    }
}

fn lease_of(op: &Op) -> Option<LeaseId> {
    match op {
        Op::Put { lease, .. } => *lease,
        _ => None,
    }
}

/// Whether neither branch writes.
pub fn only_reads(txn: &Txn) -> bool {
    txn.then
        .iter()
        .chain(&txn.otherwise)
        .all(|op| matches!(op, Op::Get(_)))
}

/// Refuses what etcd refuses, before anything is queued.
pub fn check(txn: &Txn) -> Result<(), Error> {
    let steps = txn.when.len().max(txn.then.len()).max(txn.otherwise.len());
    if steps > TXN_OPS_MAX || request_bytes(txn) > REQUEST_BYTES_MAX {
        return Err(Error::TooLarge);
    }
    check_branch(&txn.then).and_then(|()| check_branch(&txn.otherwise))
}

fn check_branch(ops: &[Op]) -> Result<(), Error> {
    let mut puts = HashSet::new();
    for op in ops {
        let (Op::Get(key) | Op::Put { key, .. } | Op::Delete(key)) = op;
        if key.is_empty() {
            return Err(Error::Fatal("key is not provided".to_owned()));
        }
        if matches!(op, Op::Put { .. }) && !puts.insert(key) {
            return Err(Error::Fatal("duplicate key given in txn request".to_owned()));
        }
    }
    let deletes_a_put = ops
        .iter()
        .any(|op| matches!(op, Op::Delete(key) if puts.contains(key)));
    if deletes_a_put {
        Err(Error::Fatal("duplicate key given in txn request".to_owned()))
    } else {
        Ok(())
    }
}

fn request_bytes(txn: &Txn) -> usize {
    let compares = txn.when.iter().map(|compare| match compare {
        Compare::ModRevision(key, _) | Compare::Version(key, _) => key.len(),
    });
    let ops = txn.then.iter().chain(&txn.otherwise).map(|op| match op {
        Op::Get(key) | Op::Delete(key) => key.len(),
        Op::Put { key, value, .. } => key.len() + value.len(),
    });
    compares.chain(ops).sum()
}
