//! Random histories of a ring against a list of all that ever happened (invariants I1, I6, I8 of the cache at their root).
#![allow(clippy::unwrap_used, reason = "in a test an error is a failure")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use ring::{BucketKey, Cursor, Dirty, Lagged, Limits, Parked, Position, Reader, Scope, Writer};

const VALUES: [&str; 4] = ["a", "b", "c", "d"];
const DIMENSION: u16 = 3;
const AGE_MAX_MS: u64 = 500;

#[derive(Clone, Debug)]
enum Step {
    /// One transaction: for each event its weight and its buckets as indexes of `VALUES`.
    Publish(Vec<(usize, BTreeSet<usize>)>),
    Stage(usize, BTreeSet<usize>),
    Wait(u64),
    Trim(usize),
    /// How far behind the head, and by how much.
    Lighten(u64, usize),
    Gap,
    /// A scope (past `VALUES` it is all), and how far behind the head.
    Open(usize, u64),
    Read(prop::sample::Index, usize),
    /// How far behind the newest revision.
    Skip(prop::sample::Index, i64),
    Park(prop::sample::Index),
    Unpark(prop::sample::Index),
    Close(prop::sample::Index),
    Drain,
    Find(prop::sample::Index),
}

fn buckets() -> impl Strategy<Value = BTreeSet<usize>> {
    prop::collection::btree_set(0..VALUES.len(), 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    let cursor = any::<prop::sample::Index>;
    prop_oneof![
        6 => prop::collection::vec((1_usize..50, buckets()), 1..5).prop_map(Step::Publish),
        1 => (1_usize..50, buckets()).prop_map(|(weight, buckets)| Step::Stage(weight, buckets)),
        2 => (1_u64..200).prop_map(Step::Wait),
        3 => (0_usize..400).prop_map(Step::Trim),
        2 => (0_u64..20, 1_usize..60).prop_map(|(behind, bytes)| Step::Lighten(behind, bytes)),
        1 => Just(Step::Gap),
        5 => (0..=VALUES.len(), 0_u64..20).prop_map(|(scope, behind)| Step::Open(scope, behind)),
        6 => (cursor(), 1_usize..8).prop_map(|(which, count)| Step::Read(which, count)),
        2 => (cursor(), 0_i64..30).prop_map(|(which, behind)| Step::Skip(which, behind)),
        3 => cursor().prop_map(Step::Park),
        1 => cursor().prop_map(Step::Unpark),
        2 => cursor().prop_map(Step::Close),
        2 => Just(Step::Drain),
        2 => cursor().prop_map(Step::Find),
    ]
}

/// The connection of all watches, which notes whose handle was marked.
#[derive(Default)]
struct Connection {
    dirty: Dirty,
    wakes: AtomicUsize,
}

struct Handle {
    connection: Arc<Connection>,
    marks: Arc<AtomicUsize>,
}

impl Parked for Handle {
    fn mark(&self) -> bool {
        self.marks.fetch_add(1, Ordering::Relaxed);
        self.connection.dirty.mark()
    }

    fn wake(&self) {
        self.connection.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

/// What happened at a position.
#[derive(Clone, Debug)]
struct Happened {
    event: u64,
    weight: usize,
    revision: i64,
    buckets: BTreeSet<usize>,
    is_gap: bool,
    at_ms: u64,
}

struct Watch {
    cursor: Cursor<u64, Handle>,
    scope: usize,
    seen: u64,
    /// The newest revision that was gone when it was opened, or where the ring began after that: whose it was is not known.
    floor_revision: i64,
    marks: Option<Arc<AtomicUsize>>,
}

struct World {
    writer: Writer<u64, Handle>,
    reader: Reader<u64, Handle>,
    /// The event at position n is at n - 1.
    history: Vec<Happened>,
    staged: Vec<Happened>,
    watches: Vec<Watch>,
    connection: Arc<Connection>,
    is_dirty: bool,
    wakes: usize,
    revision: i64,
    now_ms: u64,
}

fn scope(at: usize) -> Scope<'static> {
    VALUES
        .get(at)
        .map_or(Scope::All, |value| Scope::Bucket(key(value)))
}

fn key(value: &str) -> BucketKey<'_> {
    BucketKey {
        dimension: DIMENSION,
        value,
    }
}

impl Happened {
    fn is_in(&self, scope: usize) -> bool {
        self.is_gap || scope >= VALUES.len() || self.buckets.contains(&scope)
    }
}

impl World {
    fn new() -> World {
        let (writer, reader) = ring::channel(Limits {
            age_max_ms: AGE_MAX_MS,
            segment_slots_min: 2,
            segment_slots_max: 5,
            segment_bytes_min: 100,
        });
        World {
            writer,
            reader,
            history: Vec::new(),
            staged: Vec::new(),
            watches: Vec::new(),
            connection: Arc::default(),
            is_dirty: false,
            wakes: 0,
            revision: 0,
            now_ms: 0,
        }
    }

    fn head(&self) -> u64 {
        self.history.len() as u64
    }

    fn tail(&self) -> u64 {
        self.reader.tail().0
    }

    /// What a scope has after a position, with its positions.
    fn after(&self, scope: usize, seen: u64) -> impl Iterator<Item = (u64, &Happened)> {
        let all = self.history.iter().zip(1..).skip(seen as usize);
        all.filter(move |(happened, _)| happened.is_in(scope))
            .map(|(happened, at)| (at, happened))
    }

    fn held(&self) -> &[Happened] {
        &self.history[self.tail() as usize - 1..]
    }

    fn take(&mut self, step: Step) {
        let is_change = matches!(
            step,
            Step::Publish(_) | Step::Trim(_) | Step::Lighten(..) | Step::Gap
        );
        match step {
            Step::Publish(events) => {
                events
                    .into_iter()
                    .for_each(|(weight, buckets)| self.stage(weight, buckets));
                self.publish();
            }
            Step::Stage(weight, buckets) => self.stage(weight, buckets),
            Step::Wait(ms) => self.now_ms += ms,
            Step::Trim(bytes) => self.trim(bytes),
            Step::Lighten(behind, bytes) => self.lighten(self.head().saturating_sub(behind), bytes),
            Step::Gap => self.gap(),
            Step::Open(scope, behind) => self.open(scope, self.head().saturating_sub(behind)),
            Step::Drain => {
                assert_eq!(self.connection.dirty.clear(), self.is_dirty);
                self.is_dirty = false;
            }
            Step::Find(which) => self.find(which.index(self.revision as usize + 3) as i64 - 1),
            Step::Read(which, count) => {
                self.on_watch(which, |world, at| (0..count).for_each(|_| world.read(at)))
            }
            Step::Skip(which, behind) => {
                self.on_watch(which, |world, at| world.skip(at, world.revision - behind))
            }
            Step::Park(which) => self.on_watch(which, World::park),
            Step::Unpark(which) => self.on_watch(which, |world, at| {
                world.watches[at].cursor.unpark();
                world.watches[at].marks = None;
            }),
            Step::Close(which) => self.on_watch(which, |world, at| drop(world.watches.swap_remove(at))),
        }
        if is_change {
            self.check();
        }
    }

    fn on_watch(&mut self, which: prop::sample::Index, act: impl FnOnce(&mut World, usize)) {
        if !self.watches.is_empty() {
            let at = which.index(self.watches.len());
            act(self, at);
        }
    }

    fn stage(&mut self, weight: usize, buckets: BTreeSet<usize>) {
        if self.staged.is_empty() {
            self.revision += 2;
        }
        let event = self.head() + self.staged.len() as u64 + 1;
        let keys = buckets.iter().map(|at| key(VALUES[*at]));
        self.writer.push(event, weight, self.revision, keys);
        self.staged.push(Happened {
            event,
            weight,
            revision: self.revision,
            buckets,
            is_gap: false,
            at_ms: 0,
        });
    }

    fn publish(&mut self) {
        let before = self.head();
        let now_ms = self.now_ms;
        self.history.extend(self.staged.drain(..).map(|staged| Happened {
            at_ms: now_ms,
            ..staged
        }));
        assert_eq!(self.writer.publish(now_ms), Position(self.head()));
        self.check_marks(before);
    }

    fn gap(&mut self) {
        let before = self.head();
        self.staged.clear();
        self.revision += 2;
        if before > 0 {
            self.history.push(Happened {
                event: 0,
                weight: 0,
                revision: self.revision,
                buckets: BTreeSet::new(),
                is_gap: true,
                at_ms: 0,
            });
        }
        self.watches
            .iter_mut()
            .for_each(|watch| watch.floor_revision = self.revision);
        self.writer.start_at(self.revision);
        if before > 0 {
            assert_eq!(self.tail(), self.head() + 1);
            self.check_marks(before);
        } else {
            // Who waited in a ring that has not begun may be told; nothing is lost on them.
            self.connection.dirty.clear();
            self.is_dirty = false;
            self.watches
                .iter()
                .filter_map(|watch| watch.marks.as_ref())
                .for_each(|marks| {
                    marks.store(0, Ordering::Relaxed);
                });
            self.wakes = self.connection.wakes.load(Ordering::Relaxed);
        }
    }

    /// Each parked watch in whose scope something happened is marked once, all others not; one wake for the connection.
    fn check_marks(&mut self, before: u64) {
        let mut any = false;
        for watch in &self.watches {
            let Some(marks) = &watch.marks else { continue };
            let expected = usize::from(self.after(watch.scope, before).next().is_some());
            assert_eq!(marks.swap(0, Ordering::Relaxed), expected);
            any |= expected > 0;
        }
        self.wakes += usize::from(any && !self.is_dirty);
        self.is_dirty |= any;
        assert_eq!(self.connection.wakes.load(Ordering::Relaxed), self.wakes);
    }

    fn trim(&mut self, bytes: usize) {
        let tail = self.tail();
        let dropped = self.writer.trim(self.now_ms, bytes) as u64;
        assert_eq!(self.tail(), tail + dropped);
        let held = self.held();
        let held_bytes: usize = held.iter().map(|happened| happened.weight).sum();
        let in_newest_segment = held.len() <= 5;
        assert!(held_bytes <= bytes || in_newest_segment);
        let oldest_ms = held.first().map_or(self.now_ms, |happened| happened.at_ms);
        assert!(self.now_ms - oldest_ms <= AGE_MAX_MS + AGE_MAX_MS / 32 + 1);
        let staged = self.staged.iter().flat_map(|staged| &staged.buckets);
        let of_events = held.iter().flat_map(|happened| &happened.buckets).chain(staged);
        let of_cursors = self
            .watches
            .iter()
            .map(|watch| &watch.scope)
            .filter(|scope| **scope < VALUES.len());
        let needed: BTreeSet<_> = of_events.chain(of_cursors).collect();
        assert_eq!(self.reader.buckets(), needed.len());
    }

    /// By no more than the event weighs, if it is held.
    fn lighten(&mut self, position: u64, bytes: usize) {
        let happened = position
            .checked_sub(1)
            .and_then(|at| self.history.get_mut(at as usize));
        let bytes = happened.map_or(bytes, |happened| {
            let bytes = bytes.min(happened.weight);
            happened.weight -= bytes;
            bytes
        });
        self.writer.lighten(Position(position), bytes);
    }

    fn open(&mut self, at: usize, seen: u64) {
        let is_known = seen + 1 >= self.tail();
        let is_lost = self
            .after(at, seen)
            .next()
            .is_some_and(|(position, _)| position < self.tail());
        match self.reader.open(scope(at), Position(seen)) {
            Ok(cursor) => {
                assert!(!is_lost, "an opened cursor has lost nothing");
                assert!(is_known || at < VALUES.len());
                self.watches.push(Watch {
                    cursor,
                    scope: at,
                    seen,
                    floor_revision: self.reader.floor_revision(),
                    marks: None,
                });
            }
            Err(lagged) => {
                assert!(!is_known, "nothing can be lost at or after the tail");
                assert_eq!(
                    lagged,
                    Lagged {
                        missed_from: Position(seen + 1),
                        tail: Position(self.tail())
                    }
                );
            }
        }
    }

    fn read(&mut self, at: usize) {
        let watch = &self.watches[at];
        let (seen, tail) = (watch.seen, self.tail());
        let next = self
            .after(watch.scope, seen)
            .next()
            .map(|(position, happened)| (position, happened.event));
        let watch = &mut self.watches[at];
        assert_eq!(watch.cursor.is_behind(), next.is_some());
        let read = watch.cursor.next_with(|seen| (seen.position.0, **seen.event));
        match next {
            Some((position, _)) if position < tail => {
                let lagged = Lagged {
                    missed_from: Position(seen + 1),
                    tail: Position(tail),
                };
                assert_eq!(read, Err(lagged));
            }
            expected => assert_eq!(read, Ok(expected)),
        }
        if let Ok(Some((position, _))) = read {
            watch.seen = position;
        }
        assert_eq!(watch.cursor.position(), Position(watch.seen));
    }

    fn skip(&mut self, at: usize, revision: i64) {
        let tail = self.tail();
        let watch = &self.watches[at];
        let is_lost = self
            .after(watch.scope, 0)
            .any(|(position, happened)| position < tail && happened.revision > revision);
        let may_be_lost = is_lost || watch.floor_revision > revision;
        let watch = &mut self.watches[at];
        let is_skipped = watch.cursor.skip_dropped(revision);
        assert!(!(is_skipped && is_lost), "what is lost is told");
        assert!(is_skipped || may_be_lost, "what is not lost is not told to be");
        if is_skipped {
            watch.seen = watch.seen.max(tail - 1);
        }
        assert_eq!(watch.cursor.position(), Position(watch.seen));
    }

    fn park(&mut self, at: usize) {
        let watch = &self.watches[at];
        let is_behind = self.after(watch.scope, watch.seen).next().is_some();
        let marks = Arc::new(AtomicUsize::new(0));
        let handle = Handle {
            connection: self.connection.clone(),
            marks: marks.clone(),
        };
        assert_eq!(self.watches[at].cursor.park(handle), is_behind);
        self.watches[at].marks = Some(marks);
    }

    fn find(&self, revision: i64) {
        let floor = self.tail() - 1;
        let floor_revision = match floor {
            0 if self.history.is_empty() => return,
            0 => i64::MIN,
            _ => self.history[floor as usize - 1].revision,
        };
        let until = self
            .history
            .iter()
            .take_while(|happened| happened.revision <= revision)
            .count() as u64;
        match self.reader.position_at(revision) {
            Ok(position) => assert_eq!(position.0, until.max(floor)),
            Err(_) => assert!(revision < floor_revision || floor == 0),
        }
        assert!(floor == 0 || (revision < floor_revision) == self.reader.position_at(revision).is_err());
    }

    fn check(&self) {
        let held = self.held();
        let span = self.reader.span();
        assert_eq!(span.events, held.len() as u64);
        assert_eq!(
            span.bytes,
            held.iter().map(|happened| happened.weight).sum::<usize>()
        );
        assert_eq!(span.oldest_ms, held.first().map(|happened| happened.at_ms));
        if let Some(newest) = self.history.last() {
            assert_eq!(span.newest_revision, newest.revision);
        }
        let (head, tail) = (self.reader.head(), self.reader.tail());
        assert_eq!(head, Position(self.head()));
        let forward: Vec<u64> = self
            .reader
            .between(Position(tail.0 - 1), head)
            .unwrap()
            .map(|event| *event.event)
            .collect();
        assert_eq!(
            forward,
            held.iter().map(|happened| happened.event).collect::<Vec<_>>()
        );
    }
}

fn cases() -> u32 {
    if std::env::var_os("SHARDPLANE_FULL").is_some() {
        10_000
    } else {
        400
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cursor_reads_its_scope_once_in_order_or_is_told(steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.take(step));
    }
}
