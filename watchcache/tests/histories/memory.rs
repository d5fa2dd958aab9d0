//! A store in memory whose streams can be broken or ended and whose past can be forgotten at will: what histories are played on.
//! It is quick, keeps everything and promises nothing about disks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use storage::{
    AtRest, Compare, Entry, Error, Event, EventKind, LeaseId, Op, OpResult, Range, RangeResult, Revision,
    Store, Txn, TxnResult, WatchBatch, WatchRequest, WatchStream,
};
use tokio::sync::watch;

/// Every version of a key, the oldest first; `None` is its deletion.
type Versions = Vec<(i64, Option<Entry>)>;

#[derive(Debug, Default)]
struct State {
    revision: i64,
    compacted: i64,
    keys: BTreeMap<Bytes, Versions>,
    /// Keys that each revision changed, from 2 on.
    changes: BTreeMap<i64, Vec<Bytes>>,
}

/// What streams wait for: a change of any of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tick {
    revision: i64,
    /// Streams that began in an earlier epoch are broken.
    epoch: u64,
    /// Streams that began before as many ends are at theirs.
    ends: u64,
    progress: u64,
}

/// The store. Clones share it.
#[derive(Clone, Debug)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    tick: watch::Sender<Tick>,
    batch_revisions_max: usize,
}

impl Memory {
    /// Empty, at revision 1. Its streams put at most so many revisions into one batch.
    pub fn new(batch_revisions_max: usize) -> Self {
        let state = State {
            revision: 1,
            ..State::default()
        };
        let tick = Tick {
            revision: 1,
            ..Tick::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            tick: watch::Sender::new(tick),
            batch_revisions_max,
        }
    }

    /// Every stream that is open fails, as when a connection is lost.
    pub fn break_streams(&self) {
        self.tick.send_modify(|tick| tick.epoch += 1);
    }

    /// Every stream that is open ends, without an error.
    pub fn end_streams(&self) {
        self.tick.send_modify(|tick| tick.ends += 1);
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn at(&self, key: &Bytes, revision: i64) -> Option<&Entry> {
        let versions = self.keys.get(key)?;
        let newest = versions.iter().rev().find(|(at, _)| *at <= revision)?;
        newest.1.as_ref()
    }

    fn holds(&self, when: &Compare) -> bool {
        let (key, wanted, found): (_, _, fn(&Entry) -> i64) = match when {
            Compare::ModRevision(key, revision) => (key, revision.0, |entry| entry.mod_revision.0),
            Compare::Version(key, version) => (key, *version, |entry| entry.version),
        };
        self.at(key, self.revision).map_or(0, found) == wanted
    }

    fn write(&mut self, revision: i64, key: Bytes, value: Option<Bytes>) -> bool {
        let before = self.at(&key, revision).cloned();
        if before.is_none() && value.is_none() {
            return false;
        }
        let entry = value.map(|value| Entry {
            key: key.clone(),
            value,
            create_revision: before
                .as_ref()
                .map_or(Revision(revision), |before| before.create_revision),
            mod_revision: Revision(revision),
            version: before.map_or(0, |before| before.version) + 1,
            lease: None,
            at_rest: AtRest::Current,
        });
        self.keys.entry(key.clone()).or_default().push((revision, entry));
        let changed = self.changes.entry(revision).or_default();
        if !changed.contains(&key) {
            changed.push(key);
        }
        true
    }

    fn range(&self, range: &Range) -> Result<RangeResult, Error> {
        let at = range.at.map_or(self.revision, |at| at.0);
        if at < self.compacted {
            return Err(Error::Compacted(Revision(self.compacted)));
        }
        if at > self.revision {
            return Err(Error::Future(Revision(self.revision)));
        }
        let within = |key: &Bytes| contains(&range.start, &range.end, key);
        let found = self
            .keys
            .keys()
            .filter(|key| within(key))
            .filter_map(|key| self.at(key, at));
        let all: Vec<Entry> = found.cloned().collect();
        let limit = if range.limit == 0 {
            usize::MAX
        } else {
            range.limit as usize
        };
        let mut entries: Vec<Entry> = all.iter().take(limit).cloned().collect();
        if range.keys_only {
            entries.iter_mut().for_each(|entry| entry.value = Bytes::new());
        }
        if range.count_only {
            entries.clear();
        }
        Ok(RangeResult {
            revision: Revision(self.revision),
            more: all.len() > limit && !range.count_only,
            count: all.len() as u64,
            entries,
        })
    }

    /// The changes of the next whole revision from `from` on that touches the range, and that revision.
    fn next(&self, request: &WatchRequest, from: i64) -> Option<(i64, Vec<Event>)> {
        self.changes.range(from..).find_map(|(revision, keys)| {
            let keys = keys
                .iter()
                .filter(|key| contains(&request.start, &request.end, key));
            let events: Vec<Event> = keys.map(|key| self.event(request, *revision, key)).collect();
            (!events.is_empty()).then_some((*revision, events))
        })
    }

    fn event(&self, request: &WatchRequest, revision: i64, key: &Bytes) -> Event {
        let now = self.at(key, revision).cloned();
        let kind = if now.is_some() {
            EventKind::Put
        } else {
            EventKind::Delete
        };
        let gone = Entry {
            key: key.clone(),
            value: Bytes::new(),
            create_revision: Revision(0),
            mod_revision: Revision(revision),
            version: 0,
            lease: None,
            at_rest: AtRest::Current,
        };
        let previous = request.previous && revision > self.compacted;
        Event {
            kind,
            entry: now.unwrap_or(gone),
            previous: previous.then(|| self.at(key, revision - 1).cloned()).flatten(),
        }
    }
}

fn contains(start: &Bytes, end: &Bytes, key: &Bytes) -> bool {
    match end.as_ref() {
        b"" => key == start,
        b"\0" => key >= start,
        _ => start <= key && key < end,
    }
}

/// A stream's place.
struct Stream {
    store: Memory,
    request: WatchRequest,
    next: i64,
    tick: watch::Receiver<Tick>,
    epoch: u64,
    ends: u64,
    progress: u64,
}

impl Stream {
    async fn batch(&mut self) -> Result<Option<WatchBatch>, Error> {
        loop {
            let tick = *self.tick.borrow_and_update();
            if tick.epoch != self.epoch {
                return Err(Error::Unavailable("the stream was broken".to_owned()));
            }
            if tick.ends != self.ends {
                return Ok(None);
            }
            let events = self.events(tick.revision)?;
            if !events.is_empty() {
                return Ok(Some(WatchBatch::Events(events)));
            }
            if tick.progress != self.progress {
                self.progress = tick.progress;
                return Ok(Some(WatchBatch::Progress(Revision(tick.revision))));
            }
            // The store, which is held, has the sender.
            let _ = self.tick.changed().await;
        }
    }
}

impl Stream {
    /// What comes next, and `until` at the most. A stream that has looked at everything loses nothing by a compaction.
    fn events(&mut self, until: i64) -> Result<Vec<Event>, Error> {
        self.store.with(|state| {
            if self.next < state.compacted && self.next <= until {
                return Err(Error::Compacted(Revision(state.compacted)));
            }
            let mut batch = Vec::new();
            for _ in 0..self.store.batch_revisions_max {
                match state.next(&self.request, self.next) {
                    Some((revision, events)) if revision <= until => {
                        self.next = revision + 1;
                        batch.extend(events);
                    }
                    _ => {
                        self.next = self.next.max(until + 1);
                        break;
                    }
                }
            }
            Ok(batch)
        })
    }
}

#[async_trait]
impl Store for Memory {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        self.with(|state| state.range(&range))
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        let done = self.with(|state| {
            let succeeded = txn.when.iter().all(|when| state.holds(when));
            let next = state.revision + 1;
            let mut wrote = false;
            let ops = if succeeded { txn.then } else { txn.otherwise };
            let mut results = Vec::new();
            for op in ops {
                results.push(match op {
                    Op::Get(key) => OpResult::Get(state.at(&key, next).cloned()),
                    Op::Put { key, value, .. } => {
                        wrote |= state.write(next, key, Some(value));
                        OpResult::Put
                    }
                    Op::Delete(key) => {
                        let was = state.write(next, key, None);
                        wrote |= was;
                        OpResult::Delete(was)
                    }
                });
            }
            if wrote {
                state.revision = next;
            }
            TxnResult {
                succeeded,
                revision: Revision(state.revision),
                results,
            }
        });
        self.tick
            .send_modify(|tick| tick.revision = tick.revision.max(done.revision.0));
        Ok(done)
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        let tick = self.tick.subscribe();
        let now = *tick.borrow();
        let next = request.from.map_or(now.revision + 1, |from| from.0);
        let compacted = self.with(|state| state.compacted);
        if next < compacted {
            return Err(Error::Compacted(Revision(compacted)));
        }
        let stream = Stream {
            store: self.clone(),
            request,
            next,
            tick,
            epoch: now.epoch,
            ends: now.ends,
            progress: now.progress,
        };
        Ok(Box::pin(futures_util::stream::unfold(
            Some(stream),
            |stream| async {
                let mut stream = stream?;
                match stream.batch().await {
                    Ok(batch) => Some((Ok(batch?), Some(stream))),
                    Err(error) => Some((Err(error), None)),
                }
            },
        )))
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.tick.send_modify(|tick| tick.progress += 1);
        Ok(())
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        Ok(Revision(self.with(|state| state.revision)))
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        Ok(Revision(self.with(|state| state.compacted)))
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        self.with(|state| {
            if at.0 > state.revision {
                return Err(Error::Future(Revision(state.revision)));
            }
            if at.0 <= state.compacted {
                return Err(Error::Compacted(Revision(state.compacted)));
            }
            state.compacted = at.0;
            for versions in state.keys.values_mut() {
                let kept = versions
                    .iter()
                    .rposition(|(revision, _)| *revision <= at.0)
                    .unwrap_or(0);
                versions.drain(..kept);
            }
            state.changes = state.changes.split_off(&at.0);
            Ok(())
        })?;
        // Streams that are behind are to notice.
        self.tick.send_modify(|_| {});
        Ok(())
    }

    async fn grant_lease(&self, _: Duration) -> Result<LeaseId, Error> {
        Ok(LeaseId(1))
    }

    async fn renew_lease(&self, _: LeaseId) -> Result<(), Error> {
        Ok(())
    }

    async fn revoke_lease(&self, _: LeaseId) -> Result<(), Error> {
        Ok(())
    }

    async fn health(&self) -> Result<(), Error> {
        Ok(())
    }
}
