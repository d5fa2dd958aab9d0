//! What waits for the quotas of one namespace. What is given back goes before writes: it makes room for them, and is never refused.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use serve::status::Status;
use storage::Revision;
use tokio::sync::oneshot;

use super::super::Write;
use super::Delivery;
use crate::limits::{QUOTA_BATCH_MAX, QUOTA_WAITING_MAX};
use kinds::amounts::Amounts;

/// What was charged to one quota.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub name: String,
    pub uid: String,
    pub amounts: Amounts,
    /// The quota's state on which the store was asked to give it back and did not answer. On this state it is not given back, and what
    /// is still under way cannot come after another write of it; on any other it may be.
    pub asked_at: Option<Revision>,
}

/// A write that is to be charged, and who waits for it.
pub(super) struct Waiting {
    pub write: Box<Write>,
    pub answer: oneshot::Sender<Result<Delivery, Status>>,
}

/// What is to be given back.
pub(super) struct GiveBack {
    pub charges: Vec<Charge>,
    /// Dropped once it is done or is left for later, which tells who waits.
    pub done: Option<oneshot::Sender<()>>,
    /// How often it failed.
    pub failures: u32,
}

impl GiveBack {
    pub(super) fn of(charges: Vec<Charge>) -> Self {
        Self {
            charges,
            done: None,
            failures: 0,
        }
    }
}

/// What is charged and given back together.
#[derive(Default)]
pub(super) struct Batch {
    pub give_backs: Vec<GiveBack>,
    pub writes: Vec<Waiting>,
}

impl Batch {
    /// Notes that these quotas are written and others are not: what was given back to them is done, and what was charged to them is to be
    /// given back.
    pub(super) fn undo_part(&mut self, written: &HashSet<&str>, charged: &[Result<Vec<Charge>, Status>]) {
        let is_written = |charge: &Charge| written.contains(charge.uid.as_str());
        for one in &mut self.give_backs {
            one.charges.retain(|charge| !is_written(charge));
        }
        let charges = charged.iter().flatten().flatten();
        let charges: Vec<Charge> = charges.filter(|charge| is_written(charge)).cloned().collect();
        if !charges.is_empty() {
            self.give_backs.push(GiveBack::of(charges));
        }
    }

    /// Notes that it is not known whether these quotas are written, each as it was then.
    pub(super) fn note_asked<'a>(&mut self, quotas: impl Iterator<Item = (&'a str, Revision)>) {
        for (uid, revision) in quotas {
            let charges = self.give_backs.iter_mut().flat_map(|one| &mut one.charges);
            for charge in charges.filter(|charge| charge.uid == uid) {
                charge.asked_at.get_or_insert(revision);
            }
        }
    }
}

/// What waits, in order.
#[derive(Default)]
pub(super) struct Queue {
    give_backs: VecDeque<GiveBack>,
    writes: VecDeque<Waiting>,
    /// Since when something waits.
    since: Option<Instant>,
}

impl Queue {
    /// Whether something waits that was not said to wait before; from now on it is.
    pub(super) fn begins_to_wait(&mut self, now: Instant) -> bool {
        let begins = !self.is_empty() && self.since.is_none();
        if begins {
            self.since = Some(now);
        }
        begins
    }

    /// Since when something waited, of which somebody takes a part now.
    pub(super) fn ends_to_wait(&mut self) -> Option<Instant> {
        self.since.take()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.give_backs.is_empty() && self.writes.is_empty()
    }

    /// 429 where too many wait.
    pub(super) fn add_write(&mut self, waiting: Waiting) -> Result<(), Status> {
        if self.writes.len() >= QUOTA_WAITING_MAX {
            let why = "too many writes wait for the quotas of this namespace, please try again later";
            return Err(Status::too_many_requests(why, 1));
        }
        self.writes.push_back(waiting);
        Ok(())
    }

    /// There are at most as many as there were charged writes under way.
    pub(super) fn add_give_back(&mut self, give_back: GiveBack) {
        self.give_backs.push_back(give_back);
    }

    /// The next that are settled together.
    pub(super) fn take(&mut self) -> Batch {
        let give_backs = self.give_backs.len().min(QUOTA_BATCH_MAX);
        let writes = self.writes.len().min(QUOTA_BATCH_MAX - give_backs);
        Batch {
            give_backs: self.give_backs.drain(..give_backs).collect(),
            writes: self.writes.drain(..writes).collect(),
        }
    }

    /// What must not be lost when nobody works here any more.
    pub(super) fn into_give_backs(self) -> Vec<GiveBack> {
        self.give_backs.into()
    }
}
