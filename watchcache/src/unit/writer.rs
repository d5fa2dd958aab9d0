//! The one writer of a unit's generation: the ring's writer, the index's keys, and what readers are shown.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use ring::Position;
use storage::Revision;
use tokio::time::Instant;

use super::{Counts, Generation, Phase, Unit, now_ms};
use crate::event::Event;
use crate::frames;
use crate::index::Index;
use crate::limits::{FOLD_AGE, FOLDS_AT_ONCE, FRAMES_AGE_MAX, FRAMES_AGE_MIN, HISTORY_AGE_MAX};
use crate::past::Shown;
use crate::snapshot::Snapshot;
use crate::waiter::Waiter;

/// Writes one generation of a unit.
pub struct Writer {
    ring: ring::Writer<Event, Waiter>,
    /// Events whose encodings are not let go of yet and when they came, the oldest first. The ring may let go of them before.
    encoded: VecDeque<(Instant, Weak<Event>)>,
    /// Up to here, what events have superseded is folded.
    folded: Position,
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
            folded: reader.head(),
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
        self.encoded.push_back((event.arrived, Arc::downgrade(&event)));
        self.ring.push(
            event.clone(),
            event.weight_bytes() + self.index.shard_bytes(),
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
        let is_old = |arrived: Instant| now.saturating_duration_since(arrived) >= age_max;
        while let Some((_, event)) = self.encoded.pop_front_if(|(arrived, _)| is_old(*arrived)) {
            if let Some(event) = event.upgrade() {
                event.frames.clear();
            }
        }
    }

    /// The same for what was made for those who came late: watches that were resumed, for example.
    fn forget_late_frames(&self, now: Instant) {
        let reader = &self.generation.ring;
        let oldest = reader.position_at(reader.floor_revision());
        let held = oldest.and_then(|oldest| reader.between(oldest, reader.head()));
        for change in held.into_iter().flatten() {
            let age = now.saturating_duration_since(change.event.arrived);
            if age >= FRAMES_AGE_MAX && change.event.frames.held() > 0 {
                change.event.frames.clear();
            }
        }
    }

    /// Folds versions that were superseded a while ago, a few at a time. True if there are more.
    pub fn fold(&mut self, now: Instant) -> bool {
        let reader = self.generation.ring.clone();
        self.folded = self.folded.max(Position(reader.tail().0 - 1));
        let Ok(held) = reader.between(self.folded, reader.head()) else {
            return true;
        };
        let is_due = |arrived: Instant| now.saturating_duration_since(arrived) >= FOLD_AGE;
        let due = held
            .take(FOLDS_AT_ONCE)
            .take_while(|change| is_due(change.event.arrived));
        let mut folded = 0;
        for change in due {
            self.ring.lighten(change.position, change.event.fold());
            self.folded = change.position;
            folded += 1;
        }
        folded == FOLDS_AT_ONCE
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{FormId, FrameKey};
    use crate::freshness::Freshness;
    use crate::load::Span;
    use crate::testing::{CountingStore, config_maps, item, item_with};
    use bytes::Bytes;
    use render::watch::Kind;
    use storage::Store;

    fn unit() -> Unit {
        let store: Arc<dyn Store> = Arc::new(CountingStore::default());
        let maker = config_maps();
        let span = Span {
            start: "/registry/configmaps/".into(),
            end: "/registry/configmaps0".into(),
        };
        Unit::new(maker, span, store.clone(), Arc::new(Freshness::new(store)))
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_superseded_is_folded_when_it_is_old_and_weighs_less() {
        const VERSIONS: i64 = 60;
        let unit = unit();
        let mut writer = unit.begin(Revision(1));
        let arrived = Instant::now();
        let text = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(100);
        let mut before = None;
        for revision in 2..2 + VERSIONS {
            let now = Arc::new(item_with("a/b", revision, &format!("{revision} {text}")));
            let event = Event::new(
                Revision(revision),
                arrived,
                Some(now.clone()),
                before.replace(now),
            );
            writer.push(&unit, event);
        }
        writer.publish();
        let held = writer.ring.held_bytes();
        assert!(!writer.fold(arrived + FOLD_AGE / 2));
        assert_eq!(writer.ring.held_bytes(), held);
        let mut turns = 1;
        while writer.fold(arrived + FOLD_AGE) {
            turns += 1;
        }
        assert_eq!(turns, VERSIONS as usize / FOLDS_AT_ONCE + 1);
        assert!(writer.ring.held_bytes() < held / 2);
        // What was trimmed meanwhile is passed over.
        writer.push(&unit, Event::new(Revision(100), arrived, None, before.take()));
        writer.publish();
        writer.ring.trim(now_ms(), 0);
        assert!(!writer.fold(arrived + FOLD_AGE));
        assert_eq!(writer.folded, writer.ring.head());
    }

    #[tokio::test(start_paused = true)]
    async fn encodings_are_let_go_of_before_their_events() {
        let unit = unit();
        let mut writer = unit.begin(Revision(1));
        let arrived = Instant::now();
        let event = Event::new(Revision(2), arrived, Some(Arc::new(item("a/b", 2))), None);
        writer.push(&unit, event);
        writer.publish();
        let reader = &writer.generation.ring;
        let oldest = reader.position_at(1);
        let held = oldest.and_then(|oldest| reader.between(oldest, reader.head()));
        let held = held.ok().and_then(|mut held| held.next());
        let event = held.expect("it was published").event.clone();
        let key = FrameKey {
            form: FormId(1),
            kind: Kind::Added,
        };
        let frame = event
            .frames
            .get(key, frames::budget(), || Ok::<_, ()>(Bytes::from_static(b"x")));
        assert_eq!((frame, event.frames.held()), (Ok(Bytes::from_static(b"x")), 1));
        writer.forget_frames(arrived + FRAMES_AGE_MAX / 2);
        assert_eq!(event.frames.held(), 1);
        writer.forget_frames(arrived + FRAMES_AGE_MAX);
        assert_eq!((event.frames.held(), writer.encoded.len()), (0, 0));
    }
}
