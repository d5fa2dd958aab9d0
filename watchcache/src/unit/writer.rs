//! The one writer of a unit's generation: the ring's writer, the index's keys, and what readers are shown.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use storage::Revision;
use tokio::time::Instant;

use super::{Counts, Generation, Phase, Unit, now_ms};
use crate::event::Event;
use crate::frames;
use crate::index::Index;
use crate::limits::{FRAMES_AGE_MAX, FRAMES_AGE_MIN, HISTORY_AGE_MAX};
use crate::past::Shown;
use crate::snapshot::Snapshot;
use crate::waiter::Waiter;

/// Writes one generation of a unit.
pub struct Writer {
    ring: ring::Writer<Event, Waiter>,
    /// Events whose encodings are not let go of yet, the oldest first.
    encoded: VecDeque<Arc<Event>>,
    index: Index,
    generation: Arc<Generation>,
    /// Whether somebody keeps the unit: when its last writer goes because nobody does, watches that are left must not wait for ever.
    held: Arc<AtomicBool>,
}

impl Unit {
    /// A new generation whose history begins after `revision`. Nobody sees it before it is shown.
    pub(crate) fn begin(&self, revision: Revision) -> Writer {
        let (mut ring, reader) = ring::channel(limits());
        ring.start_at(revision.0);
        let nothing = Shown {
            snapshot: Snapshot::new([], revision),
            position: reader.head(),
        };
        Writer {
            ring,
            encoded: VecDeque::new(),
            index: Index::new(&self.maker),
            held: self.held.clone(),
            generation: Arc::new(Generation {
                ring: reader,
                shown: ArcSwap::from_pointee(nothing),
            }),
        }
    }
}

fn limits() -> ring::Limits {
    ring::Limits {
        age_max_ms: u64::try_from(HISTORY_AGE_MAX.as_millis()).unwrap_or(u64::MAX),
        ..ring::Limits::default()
    }
}

impl Writer {
    /// Stages a change; it is seen with the next [`Writer::publish`].
    pub fn push(&mut self, unit: &Unit, event: Event) {
        Counts::count(&unit.counts.dispatched);
        let event = Arc::new(event);
        self.encoded.push_back(event.clone());
        self.ring.push(
            event.clone(),
            event.weight_bytes(),
            event.revision.0,
            self.index.buckets(&event),
        );
    }

    /// Lets readers of the ring see what was staged, all at once.
    pub fn publish(&mut self) {
        self.ring.publish(now_ms());
    }

    /// Lets readers see this state, and know that all changes up to its revision are visible. The ring is always ahead of the
    /// snapshot, and the snapshot of the revision. When it is shown for the first time, the generation `before` it is closed
    /// ahead of the revision: its watches must not take that for their own.
    pub fn show(&mut self, unit: &Unit, snapshot: Snapshot, is_first: bool, before: Option<Self>) {
        let revision = snapshot.revision();
        unit.bytes.store(snapshot.bytes(), Ordering::Relaxed);
        unit.has_foreign.store(snapshot.has_foreign(), Ordering::Relaxed);
        self.generation.shown.store(Arc::new(Shown {
            snapshot,
            position: self.generation.ring.head(),
        }));
        if is_first {
            unit.past.forget_before(revision);
            Counts::count(&unit.counts.loads);
            unit.generation.store(Some(self.generation.clone()));
            before.into_iter().for_each(|mut before| before.ring.close());
            unit.set_phase(Phase::Following);
        }
        unit.current.fetch_max(revision.0, Ordering::AcqRel);
        unit.reached.send_if_modified(|current| {
            let is_later = *current < revision;
            *current = revision.max(*current);
            is_later
        });
    }

    /// Lets go of the encodings of events that all but the slowest have read: the sooner, the more is held.
    pub fn forget_frames(&mut self, now: Instant) {
        let budget = frames::budget();
        let age_max = match budget.is_half_full() {
            true => FRAMES_AGE_MIN,
            false => FRAMES_AGE_MAX,
        };
        let is_old = |event: &Arc<Event>| now.saturating_duration_since(event.arrived) >= age_max;
        while let Some(event) = self.encoded.pop_front_if(|event| is_old(event)) {
            event.frames.clear();
        }
    }

    /// The same for what was made for those who came late: watches that were resumed, for example.
    fn forget_late_frames(&self, now: Instant) {
        let reader = &self.generation.ring;
        let Ok(held) = reader.between(reader.tail(), reader.head()) else {
            return;
        };
        for change in held {
            let age = now.saturating_duration_since(change.event.arrived);
            if age >= FRAMES_AGE_MAX && change.event.frames.held() > 0 {
                change.event.frames.clear();
            }
        }
    }

    /// Drops what is too old or too much.
    pub fn trim(&mut self, unit: &Unit) {
        let now = Instant::now();
        self.forget_frames(now);
        if frames::budget().is_half_full() {
            self.forget_late_frames(now);
        }
        self.ring
            .trim(now_ms(), unit.allotted_bytes.load(Ordering::Relaxed));
    }
}

impl Drop for Writer {
    /// Readers that are left hear that there is a gap.
    fn drop(&mut self) {
        if !self.held.load(Ordering::Acquire) {
            self.ring.close();
        }
    }
}
