//! The cache of one resource: what its readers see, and what its tail writes. It asks no store.

mod writer;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use kinds::Resource;
use ring::Position;
use storage::{Revision, Store};
use tokio::sync::watch;

use crate::delivery::Delivered;
use crate::departures::Departures;
use crate::event::Event;
use crate::forms::Forms;
use crate::freshness::Freshness;
use crate::item::Maker;
use crate::list::Left;
use crate::load::Span;
use crate::past::{self, Past, Shown};
use crate::snapshot::Snapshot;
use crate::waiter::Waiter;

pub use writer::Writer;

/// How far a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// This process does not keep it.
    Absent,
    /// It is being loaded, for the first time or again.
    Loading,
    /// It is abreast of the store.
    Following,
    /// It cannot be loaded, and why; this is tried again.
    Failed(String),
}

/// The cache of one resource.
pub struct Unit {
    maker: Arc<Maker>,
    span: Span,
    store: Arc<dyn Store>,
    freshness: Arc<Freshness>,
    generation: ArcSwapOption<Generation>,
    /// All changes up to this one are visible: for those who look now and then without a lock.
    current: AtomicI64,
    /// The same for those who wait for it.
    reached: watch::Sender<Revision>,
    phase: watch::Sender<Phase>,
    reload: watch::Sender<u64>,
    past: Past,
    forms: Forms,
    left: Left,
    counts: Counts,
    delivered: Delivered,
    /// Whether a task keeps it abreast; what a tail that ends leaves behind depends on it.
    held: Arc<AtomicBool>,
    departures: Departures,
    /// What the ring may hold.
    allotted_bytes: AtomicUsize,
    /// Bytes of the present objects.
    bytes: AtomicUsize,
    /// Whether another server may read what cannot be read here.
    has_foreign: AtomicBool,
    /// The [`now_ms`] when the tail last heard from the store.
    heard_ms: AtomicU64,
    /// What was before it is nobody's to see: the objects were not served, or otherwise.
    begins_at: Revision,
}

/// What was loaded at one time, and what has happened since. A reader that holds one goes on reading it when another has
/// taken its place, and then hears that it is closed.
pub struct Generation {
    ring: ring::Reader<Event, Waiter>,
    shown: ArcSwap<Shown>,
}

/// What a unit has done.
#[derive(Debug, Default)]
pub struct Counts {
    /// Changes that came into the ring.
    pub dispatched: AtomicU64,
    /// Encodings of events that were made.
    pub encoded: AtomicU64,
    /// Watches that were overtaken.
    pub overruns: AtomicU64,
    /// Loads that were shown.
    pub loads: AtomicU64,
    /// Loads after the first.
    pub reloads: AtomicU64,
    /// Streams of changes that broke.
    pub breaks: AtomicU64,
    /// Comparisons with the store that found none.
    pub matches: AtomicU64,
    /// Comparisons with the store that found a difference.
    pub mismatches: AtomicU64,
    /// Reads that waited until the cache had come to the store's revision.
    pub consistent_reads: AtomicU64,
    /// Those of them that waited in vain.
    pub consistent_failures: AtomicU64,
    /// Open watches.
    pub watchers: AtomicU64,
}

impl Unit {
    /// Of a resource whose objects are in `span` of a store. Nothing is loaded before its [`crate::tail::Tail`] runs, and
    /// its ring keeps next to nothing before it is told what it may.
    pub fn new(maker: Maker, span: Span, store: Arc<dyn Store>, freshness: Arc<Freshness>) -> Self {
        Self {
            maker: Arc::new(maker),
            span,
            store,
            freshness,
            generation: ArcSwapOption::empty(),
            current: AtomicI64::new(0),
            reached: watch::Sender::new(Revision(0)),
            phase: watch::Sender::new(Phase::Absent),
            reload: watch::Sender::new(0),
            past: Past::default(),
            forms: Forms::default(),
            left: Left::default(),
            counts: Counts::default(),
            delivered: Delivered::default(),
            held: Arc::default(),
            departures: Departures::default(),
            allotted_bytes: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            has_foreign: AtomicBool::new(false),
            heard_ms: AtomicU64::new(now_ms()),
            begins_at: Revision(0),
        }
    }

    /// With a history that begins no earlier than at this revision.
    pub fn beginning_at(self, begins_at: Revision) -> Self {
        Self { begins_at, ..self }
    }

    /// Where its history begins at the earliest.
    pub(crate) fn begins_at(&self) -> Revision {
        self.begins_at
    }

    /// The resource in its hub version.
    pub fn hub(&self) -> &Arc<Resource> {
        self.maker.hub()
    }

    /// As metrics and health name it: `pods`, `deployments.apps`.
    pub fn name(&self) -> String {
        self.hub().qualified_name().to_string()
    }

    /// How its items are made.
    pub fn maker(&self) -> &Arc<Maker> {
        &self.maker
    }

    /// Its keys.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The store below, for what the cache cannot answer.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// How current the store is.
    pub fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// What was left after the pages of lists.
    pub(crate) fn left(&self) -> &Left {
        &self.left
    }

    /// The forms in which its events are read.
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    /// What it has done.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What was sent to its watches.
    pub fn delivered(&self) -> &Delivered {
        &self.delivered
    }

    /// Whether this process keeps it.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Asks a part of the open watches to leave for another member over a time from now on; 1 is all, also those that come later.
    pub fn ask_to_leave(&self, share: f64, spread: Duration) {
        self.departures.ask(tokio::time::Instant::now(), share, spread);
        if let Some(generation) = self.generation() {
            generation.ring().rouse();
        }
    }

    /// Who is asked to leave.
    pub(crate) fn departures(&self) -> &Departures {
        &self.departures
    }

    /// How many watches are open.
    pub fn watchers(&self) -> u64 {
        self.counts.watchers.load(Ordering::Relaxed)
    }

    /// From now on somebody keeps it.
    pub(crate) fn begin_to_hold(&self) {
        self.departures.clear();
        self.held.store(true, Ordering::Release);
    }

    /// Nobody is to keep it any more: a writer that goes closes its ring.
    pub(crate) fn cease_to_hold(&self) {
        self.held.store(false, Ordering::Release);
    }

    /// Shows nothing any more, once its writer has gone.
    pub(crate) fn clear(&self) {
        self.generation.store(None);
        self.past.forget_before(Revision(i64::MAX));
        self.bytes.store(0, Ordering::Relaxed);
        self.set_phase(Phase::Absent);
    }

    /// What readers see; `None` before the first load.
    pub fn generation(&self) -> Option<Arc<Generation>> {
        self.generation.load_full()
    }

    /// All changes up to this one are visible to whoever looks after this call.
    pub fn current(&self) -> Revision {
        Revision(self.current.load(Ordering::Acquire))
    }

    /// Follows [`Unit::current`].
    pub fn progress(&self) -> watch::Receiver<Revision> {
        self.reached.subscribe()
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Follows [`Unit::phase`].
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Tells how far it is.
    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Asks its tail to load again: it was found to differ from the store.
    pub fn want_reload(&self) {
        self.reload.send_modify(|count| *count += 1);
    }

    /// Follows [`Unit::want_reload`].
    pub(crate) fn reloads_wanted(&self) -> watch::Receiver<u64> {
        self.reload.subscribe()
    }

    /// Tells what the ring may hold from now on.
    pub(crate) fn allot(&self, bytes: usize) {
        self.allotted_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Bytes of the present objects.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether it has objects that cannot be read here, but perhaps by another server: with other keys, or of another release.
    pub fn has_foreign(&self) -> bool {
        self.has_foreign.load(Ordering::Relaxed)
    }

    /// The tail has heard from the store.
    pub(crate) fn hear(&self) {
        self.heard_ms.store(now_ms(), Ordering::Relaxed);
    }

    /// How long ago the tail last heard from the store.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.heard_ms.load(Ordering::Relaxed)))
    }

    /// The state at a revision that is not in the future, if the ring still knows how it came to the present one. Takes a
    /// while where much has happened since.
    pub fn at(&self, revision: Revision) -> Option<Snapshot> {
        let generation = self.generation()?;
        let shown = generation.shown();
        if let Some(found) = self.past.get(revision) {
            return Some(found);
        }
        let at = generation.ring.position_at(revision.0).ok()?;
        let snapshot = generation.rebuild(&shown, at, revision)?;
        self.past.keep(snapshot.clone());
        Some(snapshot)
    }
}

impl Generation {
    /// An earlier state, by undoing what came after it.
    fn rebuild(&self, shown: &Shown, at: Position, revision: Revision) -> Option<Snapshot> {
        let changes = self.ring.between(at, shown.position).ok()?;
        let changes = changes.rev().map(|change| change.event);
        Some(past::undo(shown.snapshot.clone(), changes, revision))
    }

    /// The present objects.
    pub fn shown(&self) -> Arc<Shown> {
        self.shown.load_full()
    }

    /// The changes.
    pub fn ring(&self) -> &ring::Reader<Event, Waiter> {
        &self.ring
    }
}

/// Milliseconds since some moment before the process's first unit; never goes back.
pub fn now_ms() -> u64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGIN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Counts {
    /// One more.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
