//! The one side that changes a ring: events enter at the head and leave at the tail.
//! It does not decide how many bytes the ring may hold, nor what an event's buckets are.

use std::collections::VecDeque;

use crate::bucket::{Bucket, BucketKey, Link};
use crate::directory::Directory;
use crate::index::Buckets;
use crate::limits::Limits;
use crate::parked::Parked;
use crate::position::Position;
use crate::seats::Seat;
use crate::segment::{Entry, Segment};
use crate::shared::Shared;
use crate::sync::{Arc, Ordering, fence};

/// Pushes events and publishes them; there is one for each ring.
pub struct Writer<T, W> {
    shared: Arc<Shared<T, W>>,
    limits: Limits,
    directory: Arc<Directory<T, W>>,
    /// What is known of each segment of the directory, oldest first.
    accounts: VecDeque<Account>,
    head: u64,
    held_bytes: usize,
    allotment_bytes: usize,
    /// The buckets that were looked up in the index, which need no lock any more.
    known: Buckets<W>,
    staged: Vec<Staged<T>>,
    /// The buckets of all staged events, one after the other.
    staged_buckets: Vec<Arc<Bucket<W>>>,
    touched: Vec<Arc<Bucket<W>>>,
    marked: Vec<Arc<Seat<W>>>,
}

/// An event that is pushed and not published.
struct Staged<T> {
    event: Arc<T>,
    weight_bytes: usize,
    revision: i64,
    buckets: usize,
}

/// What a segment holds.
#[derive(Clone, Copy)]
struct Account {
    events: usize,
    bytes: usize,
    oldest_ms: u64,
    newest_ms: u64,
}

impl<T, W: Parked> Writer<T, W> {
    pub(crate) fn new(shared: Arc<Shared<T, W>>, limits: Limits) -> Writer<T, W> {
        Writer {
            directory: shared.directory.full(),
            shared,
            limits,
            accounts: VecDeque::new(),
            head: 0,
            held_bytes: 0,
            allotment_bytes: 0,
            known: Buckets::new(),
            staged: Vec::new(),
            staged_buckets: Vec::new(),
            touched: Vec::new(),
            marked: Vec::new(),
        }
    }

    /// Stages an event. Its revision is not below that of the event before it. `buckets` names each bucket whose watchers must
    /// see it: of an object that moves, the old one and the new one. One that is named twice counts once.
    pub fn push<'a>(
        &mut self,
        event: impl Into<Arc<T>>,
        weight_bytes: usize,
        revision: i64,
        buckets: impl IntoIterator<Item = BucketKey<'a>>,
    ) {
        let before = self.staged_buckets.len();
        for key in buckets {
            let bucket = self.bucket(key);
            if !self.staged_buckets[before..]
                .iter()
                .any(|have| Arc::ptr_eq(have, &bucket))
            {
                self.staged_buckets.push(bucket);
            }
        }
        self.staged.push(Staged {
            event: event.into(),
            weight_bytes,
            revision,
            buckets: self.staged_buckets.len() - before,
        });
    }

    /// Says that an event weighs so many bytes less than it did. One that was dropped weighs nothing any more.
    pub fn lighten(&mut self, position: Position, bytes: usize) {
        let account = self.directory.segment_of(position.0);
        let Some(account) = account.and_then(|at| self.accounts.get_mut(at)) else {
            return;
        };
        let bytes = bytes.min(account.bytes);
        account.bytes -= bytes;
        self.held_bytes -= bytes;
        self.shared.held_bytes.store(self.held_bytes, Ordering::Relaxed);
    }

    /// Makes all staged events visible at once, then marks who is parked on what they touch, then wakes each of those that were
    /// not marked yet, once. Returns the new head.
    pub fn publish(&mut self, now_ms: u64) -> Position {
        if self.staged.is_empty() {
            return Position(self.head);
        }
        let before = self.head;
        let mut buckets = std::mem::take(&mut self.staged_buckets);
        let mut staged = std::mem::take(&mut self.staged);
        let mut remaining = buckets.drain(..);
        for event in staged.drain(..) {
            let links = remaining.by_ref().take(event.buckets).map(Link::new).collect();
            self.append(event, links, before, now_ms);
        }
        drop(remaining);
        (self.staged_buckets, self.staged) = (buckets, staged);
        self.shared.held_bytes.store(self.held_bytes, Ordering::Relaxed);
        self.shared.set_head(self.head);
        self.notify();
        Position(self.head)
    }

    /// Drops the oldest events as long as the ring holds more bytes than it is allotted, and those that are too old. Whole segments
    /// go, so the ring may hold one segment more in age; for its bytes the newest segment never goes, so that
    /// what was just published can be read. To be called about every second and after a burst: it also lets go of unused buckets.
    /// Returns how many events were dropped.
    pub fn trim(&mut self, now_ms: u64, allotment_bytes: usize) -> usize {
        self.allotment_bytes = allotment_bytes;
        let tail = self.directory.tail;
        let dropped = self.droppable(now_ms);
        if dropped > 0 {
            self.drop_oldest(dropped);
        }
        for bucket in self.shared.index.take_deserted() {
            self.collect(&bucket);
        }
        usize::try_from(self.directory.tail - tail).unwrap_or(usize::MAX)
    }

    /// Says that nothing before this revision is known. In a ring that has had events this is a gap: what it holds is dropped, and
    /// every cursor is woken and told that it lagged. Staged events are dropped, too. Costs a look at every bucket.
    pub fn start_at(&mut self, revision: i64) {
        self.begin_at(revision, self.head > 0);
    }

    /// Says that nothing comes any more: every cursor is woken and told that it lagged, in a ring that has had no events, too.
    pub fn close(&mut self) {
        self.begin_at(i64::MAX, true);
    }

    fn begin_at(&mut self, revision: i64, is_gap: bool) {
        self.staged.clear();
        self.staged_buckets.clear();
        self.head += u64::from(is_gap);
        self.accounts.clear();
        self.held_bytes = 0;
        self.shared.held_bytes.store(0, Ordering::Relaxed);
        self.replace_directory(Directory::empty(self.head + 1, revision));
        let gap = self.head;
        let touched = &mut self.touched;
        self.shared.index.each(|bucket| {
            bucket.set_last(gap);
            touched.push(bucket.clone());
        });
        self.shared.set_head(gap);
        let touched = self.touched.clone();
        self.notify();
        touched.iter().for_each(|bucket| self.collect(bucket));
    }

    /// The newest position.
    pub fn head(&self) -> Position {
        Position(self.head)
    }

    /// The bytes that the ring holds.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    fn bucket(&mut self, key: BucketKey<'_>) -> Arc<Bucket<W>> {
        if let Some(bucket) = self.known.get(key) {
            return bucket.clone();
        }
        let bucket = self.shared.index.bucket(key, || self.directory.floor());
        self.known.insert(bucket.clone());
        bucket
    }

    fn append(&mut self, staged: Staged<T>, links: Box<[Link<W>]>, before: u64, now_ms: u64) {
        let position = self.head + 1;
        self.make_room(position, now_ms);
        let (_, segment) = self.directory.newest().expect("room was made");
        let account = self.accounts.back_mut().expect("each segment has an account");
        account.add(staged.weight_bytes, now_ms);
        self.held_bytes += staged.weight_bytes;
        self.head = position;
        segment.fill(
            position,
            Entry {
                event: staged.event,
                revision: staged.revision,
                published_ms: now_ms,
                links,
            },
        );
        let entry = segment.get(position).expect("it was just filled");
        for link in &entry.links {
            if link.previous <= before {
                self.touched.push(link.bucket.clone());
            }
            let previous = self.directory.get(link.previous);
            if let Some(earlier) = previous.and_then(|entry| entry.link(&link.bucket)) {
                earlier.set_following(position);
            }
            link.bucket.set_last(position);
        }
    }

    /// Begins a segment where there is none, or where the newest one has its share of the ring's slots, bytes or age.
    fn make_room(&mut self, position: u64, now_ms: u64) {
        let slots = self.directory.newest().map_or(0, |(_, segment)| segment.slots());
        let is_open = |account: &Account| {
            account.events < slots
                && account.bytes < self.limits.segment_bytes(self.allotment_bytes)
                && now_ms.saturating_sub(account.oldest_ms) <= self.limits.segment_age_ms()
        };
        if self.accounts.back().is_some_and(is_open) {
            return;
        }
        let held = usize::try_from(position - self.directory.tail).unwrap_or(usize::MAX);
        let segment = Segment::new(position, self.limits.segment_slots(held));
        self.replace_directory(self.directory.grown(position, Arc::new(segment)));
        self.accounts.push_back(Account::new(now_ms));
    }

    fn replace_directory(&mut self, directory: Directory<T, W>) {
        self.directory = Arc::new(directory);
        self.shared.directory.store(self.directory.clone());
    }

    /// Marks all, then wakes. The fence stands between what was published and the look at who is parked, as the one in
    /// `Cursor::park` stands between sitting down and the look at what was published: one of the two sees the other.
    fn notify(&mut self) {
        fence(Ordering::SeqCst);
        self.shared.seats.mark(&mut self.marked);
        for bucket in self.touched.drain(..) {
            bucket.seats.mark(&mut self.marked);
        }
        for seat in self.marked.drain(..) {
            seat.handle.wake();
        }
    }

    /// How many of the oldest segments are to go.
    fn droppable(&self, now_ms: u64) -> usize {
        let mut bytes = self.held_bytes;
        let mut count = 0;
        for account in &self.accounts {
            let is_newest = count + 1 == self.accounts.len();
            let is_over = bytes > self.allotment_bytes && !is_newest;
            let is_old = now_ms.saturating_sub(account.newest_ms) > self.limits.age_max_ms;
            if !is_over && !is_old {
                break;
            }
            bytes -= account.bytes;
            count += 1;
        }
        count
    }

    fn drop_oldest(&mut self, count: usize) {
        let before = self.directory.clone();
        self.held_bytes -= self
            .accounts
            .drain(..count)
            .map(|account| account.bytes)
            .sum::<usize>();
        self.shared.held_bytes.store(self.held_bytes, Ordering::Relaxed);
        // Before the directory, so that who misses an event there finds here that it was lost.
        for entry in before.oldest(count).flat_map(Segment::entries) {
            entry
                .links
                .iter()
                .for_each(|link| link.bucket.set_lost(entry.revision));
        }
        self.replace_directory(before.shrunk(count, self.head + 1));
        for entry in before.oldest(count).flat_map(Segment::entries) {
            entry.links.iter().for_each(|link| self.collect(&link.bucket));
        }
    }

    fn collect(&mut self, bucket: &Arc<Bucket<W>>) {
        // A staged event will need its bucket.
        let is_staged = self
            .staged_buckets
            .iter()
            .any(|staged| Arc::ptr_eq(staged, bucket));
        if !is_staged && self.shared.index.collect(bucket, self.directory.tail) {
            self.known.remove(bucket);
        }
    }
}

impl Account {
    fn new(now_ms: u64) -> Account {
        Account {
            events: 0,
            bytes: 0,
            oldest_ms: now_ms,
            newest_ms: now_ms,
        }
    }

    fn add(&mut self, bytes: usize, now_ms: u64) {
        self.events += 1;
        self.bytes += bytes;
        self.newest_ms = now_ms;
    }
}
