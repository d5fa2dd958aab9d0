//! A batch decided on one state of the quotas and written if that is still the state; from the start again if it is not. Quotas that do
//! not fit into one transaction are written in parts: until the last is through, what the others were charged is owed to them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use render::errors;
use serve::status::Status;
use storage::Error;

use super::super::check::charges;
use super::super::configuration::Limited;
use super::super::{Quota, Write};
use super::account::{Account, Put, hub};
use super::queue::{Batch, Charge, GiveBack, Waiting};
use crate::limits::{QUOTA_TRIES_MAX, QUOTA_TXN_BYTES_MAX, QUOTA_TXN_QUOTAS_MAX};
use crate::objects::Stored;

/// Between tries, at most, times the number of the try.
const PAUSE: Duration = Duration::from_millis(5);
/// Checks of a write against a quota before others have their turn.
const SLICE: usize = 64;

/// What a write was charged.
pub(super) type Charged = Result<Vec<Charge>, Status>;

/// Quotas, and what is limited without them.
pub(super) struct Books {
    pub account: Account,
    pub limited: Vec<Limited>,
}

impl Books {
    /// Charges and gives back what came together. On an error nobody is charged, as far as is known, and what is still to be given
    /// back stands in the batch.
    pub(super) async fn settle(&self, namespace: &str, batch: &mut Batch) -> Result<Vec<Charged>, Status> {
        let mut raced = String::new();
        for tried in 0..QUOTA_TRIES_MAX {
            if tried > 0 {
                let share: f64 = rand::random();
                tokio::time::sleep(PAUSE.mul_f64(share * f64::from(tried))).await;
            }
            let read = self.account.read(namespace).await?;
            let before: Vec<Quota> = read.iter().map(|stored| Quota::of(&stored.object)).collect();
            let mut after = before.clone();
            give_back(&batch.give_backs, &read, &mut after);
            let charged = self.decide(&batch.writes, &mut after).await;
            let states = read.iter().zip(before.iter().zip(&after));
            let changed = states.filter(|(_, (before, after))| before.used != after.used);
            let puts = changed.map(|(stored, (_, after))| self.account.put(namespace, stored, after));
            let puts = puts.collect::<Result<Vec<Put>, Status>>()?;
            match self.write(&puts, batch, &charged).await? {
                None => return Ok(charged),
                Some(name) => raced = name,
            }
        }
        Err(errors::modified(hub()?, &raced))
    }

    /// One after another, each on what the ones before leave.
    async fn decide(&self, writes: &[Waiting], quotas: &mut [Quota]) -> Vec<Charged> {
        let mut decided = Vec::with_capacity(writes.len());
        let mut checks = 0;
        for waiting in writes {
            // Nobody waits for a closed one any more.
            decided.push(match waiting.answer.is_closed() {
                true => Ok(Vec::new()),
                false => self.decide_write(&waiting.write, quotas),
            });
            checks += quotas.len().max(1);
            if checks >= SLICE {
                checks = 0;
                tokio::task::yield_now().await;
            }
        }
        decided
    }

    fn decide_write(&self, write: &Write, quotas: &mut [Quota]) -> Charged {
        let charged = charges(quotas, write, &self.limited).map_err(|refusal| refusal.status(write))?;
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
                asked_at: None,
            }
        });
        Ok(charged.collect())
    }

    /// Writes all; the name of a quota that somebody else has changed if not all are written.
    async fn write(
        &self,
        puts: &[Put],
        batch: &mut Batch,
        charged: &[Charged],
    ) -> Result<Option<String>, Status> {
        let mut parts = parts(puts);
        let mut written = HashSet::new();
        while let Some(part) = parts.pop_front() {
            match self.account.write(part).await {
                Ok(true) => written.extend(part.iter().map(|put| put.uid.as_str())),
                Ok(false) => {
                    batch.undo_part(&written, charged);
                    return Ok(part.first().map(|put| put.name.clone()));
                }
                // The store takes less than it does by default.
                Err(Error::TooLarge) if part.len() > 1 => {
                    let (first, rest) = part.split_at(part.len() / 2);
                    parts.push_front(rest);
                    parts.push_front(first);
                }
                Err(error) => {
                    if matches!(error, Error::Unavailable(_)) {
                        batch.note_asked(part.iter().map(|put| (put.uid.as_str(), put.revision)));
                    }
                    batch.undo_part(&written, charged);
                    return Err(errors::store(error));
                }
            }
        }
        Ok(None)
    }
}

/// As many at a time as one transaction takes. There is always one that is small enough: it is stored already.
fn parts(puts: &[Put]) -> VecDeque<&[Put]> {
    let (mut parts, mut start, mut bytes) = (VecDeque::new(), 0, 0);
    for (at, put) in puts.iter().enumerate() {
        bytes += put.bytes();
        if at > start && (at - start >= QUOTA_TXN_QUOTAS_MAX || bytes > QUOTA_TXN_BYTES_MAX) {
            parts.push_back(&puts[start..at]);
            (start, bytes) = (at, put.bytes());
        }
    }
    if start < puts.len() {
        parts.push_back(&puts[start..]);
    }
    parts
}

/// Takes back what was charged, from quotas that are still the same ones.
fn give_back(give_backs: &[GiveBack], read: &[Stored], quotas: &mut [Quota]) {
    let places: HashMap<String, usize> = quotas
        .iter()
        .enumerate()
        .map(|(at, quota)| (quota.uid.clone(), at))
        .collect();
    for charge in give_backs.iter().flat_map(|one| &one.charges) {
        let Some(&at) = places.get(&charge.uid) else {
            continue;
        };
        if charge.asked_at.is_none_or(|asked| asked == read[at].revision) {
            quotas[at].used.take(&charge.amounts);
        }
    }
}
