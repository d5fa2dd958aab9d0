//! A watch: a position in the ring that its connection moves forward. It holds no queue, no task and no timer; what it has
//! not sent yet stays in the ring. How it is opened is [`open`]'s.

mod initial;
mod multicast;
mod open;
mod schedule;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use render::Selection;
use render::watch::Kind;
use ring::Lagged;
use serve::feed::{Feed, Multicast, Place, Signal, Step, Topic};
use serve::status::Status;
use storage::Revision;
use tokio::time::Instant;

use crate::delivery::{self, What};
use crate::event::Event;
use crate::forms::Encoder;
use crate::frames::FrameKey;
use crate::item::Item;
use crate::limits::SCAN_ITEMS_MAX;
use crate::snapshot::Scope;
use crate::unit::{Generation, Unit};
use crate::waiter::Waiter;

use initial::{Initial, Piece};
use multicast::Speaker;
pub use open::open;
use schedule::{Due, Schedule};

/// An open watch.
pub struct Watch {
    unit: Arc<Unit>,
    generation: Arc<Generation>,
    encoder: Arc<Encoder>,
    interest: Interest,
    phase: Phase,
    schedule: Schedule,
    /// Up to here nothing is sent: the watch began there.
    after: Revision,
    /// Of the last event that was sent. The ring is ahead of what the unit says it has come to.
    sent: Revision,
    /// Whether the next table is the first, which alone has column definitions.
    has_header: bool,
}

/// Which objects a watch is about.
pub(crate) struct Interest {
    scope: Scope,
    /// The bucket has what is in the scope and nothing else.
    is_bucket_exact: bool,
    /// `None` selects everything in the scope.
    selection: Option<Box<Selection>>,
}

/// Where a watch stands.
enum Phase {
    /// It sends the objects that were there when it began, then goes on with the cursor.
    Initial(Box<Initial>, Cursor),
    /// It follows the ring.
    Live(Cursor),
    /// It has one last frame.
    Ending(Bytes),
    /// It is over.
    Ended,
}

type Cursor = ring::Cursor<Event, Waiter>;

impl Watch {
    /// When it is to leave for another member, if it is to and does not do so yet.
    fn leaves_at(&self) -> Option<Instant> {
        let at = self.unit.departures().time_for(self.schedule.begun());
        at.filter(|_| !self.schedule.is_finishing())
    }

    /// What the present phase has.
    fn step(&mut self, now: Instant) -> Step {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Initial(initial, cursor) => self.initial(initial, cursor, now),
            Phase::Live(cursor) => self.live(cursor, now),
            Phase::Ending(frame) => Step::Chunk(frame),
            Phase::Ended => Step::End,
        }
    }

    fn initial(&mut self, mut initial: Box<Initial>, cursor: Cursor, now: Instant) -> Step {
        match initial.piece((&self.unit, &self.encoder), &self.interest, &mut self.has_header) {
            Ok(Piece::Chunk(chunk)) => {
                self.phase = Phase::Initial(initial, cursor);
                Step::Chunk(chunk)
            }
            Ok(Piece::Again) => {
                self.phase = Phase::Initial(initial, cursor);
                Step::Again
            }
            Ok(Piece::Marked(bookmark)) => {
                let took = now.saturating_duration_since(self.schedule.begun());
                let of_scope = &self.encoder.sent().initial[self.interest.scope.breadth()];
                of_scope.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
                self.tally(What::Bookmark, &bookmark);
                self.phase = Phase::Initial(initial, cursor);
                Step::Chunk(bookmark)
            }
            Ok(Piece::Through) => self.live(cursor, now),
            Err(status) => self.fail(&status),
        }
    }

    fn live(&mut self, mut cursor: Cursor, now: Instant) -> Step {
        // Read before the ring: what is visible up to it is in the ring by then.
        let current = self.unit.current();
        for _ in 0..SCAN_ITEMS_MAX {
            match cursor.next() {
                Ok(Some(event)) => match self.frame(&event) {
                    Ok(Some(frame)) => {
                        self.tally(self.kind_of(&event, now), &frame);
                        let is_all = !cursor.is_behind();
                        self.phase = Phase::Live(cursor);
                        return match is_all {
                            true => Step::Only(frame),
                            false => Step::Chunk(frame),
                        };
                    }
                    Ok(None) => {}
                    Err(status) => return self.fail(&status),
                },
                Ok(None) => return self.caught_up(cursor, current, now),
                // A client may know more than this cache did when it came: what is dropped before its beginning is not missed.
                Err(Lagged { .. }) if cursor.skip_dropped(self.after.0) => {}
                Err(Lagged { .. }) => return self.overtaken(),
            }
        }
        // None of so many was for it.
        self.phase = Phase::Live(cursor);
        Step::Again
    }

    /// Nothing is left to send up to `current`: time for what is not about objects.
    fn caught_up(&mut self, cursor: Cursor, current: Revision, now: Instant) -> Step {
        match self.schedule.due(now) {
            None => {
                self.phase = Phase::Live(cursor);
                Step::Idle
            }
            Some(Due::Bookmark) => {
                self.phase = Phase::Live(cursor);
                match self.encoder.bookmark(
                    current.max(self.after).max(self.sent),
                    false,
                    std::mem::take(&mut self.has_header),
                ) {
                    Ok(frame) => {
                        self.tally(What::Bookmark, &frame);
                        Step::Chunk(frame)
                    }
                    Err(status) => self.fail(&status),
                }
            }
            Some(Due::End) => Step::End,
        }
    }

    /// An event as this watch sees it, if it does.
    fn frame(&mut self, event: &Event) -> Result<Option<Bytes>, Status> {
        if event.revision <= self.after || !self.interest.covers(event.key()) {
            return Ok(None);
        }
        let seen = event.seen(|item| self.interest.selects(item));
        let Some((kind, item)) = seen.map_err(Status::internal)? else {
            return Ok(None);
        };
        self.sent = event.revision;
        let has_header = std::mem::take(&mut self.has_header);
        if has_header && self.encoder.has_header() {
            let revision = revision_of(event, kind, item);
            return self.encoder.event(kind, item, revision, true).map(Some);
        }
        encode((&self.unit, &self.encoder), event, kind, item).map(Some)
    }

    /// Whether a change came while the watch was open.
    fn kind_of(&self, event: &Event, now: Instant) -> What {
        match event.arrived >= self.schedule.begun() {
            true => What::Change {
                arrived: event.arrived,
                sent: now,
            },
            false => What::Past,
        }
    }

    fn tally(&self, what: What, frame: &Bytes) {
        delivery::sent((&self.unit, &self.encoder), what, frame.len(), 1);
    }

    /// Its place in the ring is lost, which it tells its client.
    fn overtaken(&mut self) -> Step {
        self.unit.counts().overruns.fetch_add(1, Ordering::Relaxed);
        let oldest = self.generation.ring().floor_revision();
        self.fail(&too_old(self.after, oldest))
    }

    /// The last event says why.
    fn fail(&mut self, status: &Status) -> Step {
        self.phase = Phase::Ended;
        Step::Chunk(self.encoder.error(status))
    }
}

/// An event in a form, shared by all who have it so.
fn encode(
    (unit, encoder): (&Unit, &Encoder),
    event: &Event,
    kind: Kind,
    item: &Item,
) -> Result<Bytes, Status> {
    let key = FrameKey {
        form: encoder.id(),
        kind,
    };
    event.frames.get(key, crate::frames::budget(), || {
        unit.counts().encoded.fetch_add(1, Ordering::Relaxed);
        encoder.event(kind, item, revision_of(event, kind, item), false)
    })
}

/// The resource version that an event's object is shown with.
fn revision_of(event: &Event, kind: Kind, item: &Item) -> Revision {
    match kind {
        Kind::Deleted => event.revision,
        _ => item.revision(),
    }
}

/// 410, as the reference words it.
fn too_old(asked: Revision, oldest: i64) -> Status {
    Status::expired(format!("too old resource version: {} ({oldest})", asked.0))
}

impl Interest {
    /// Whether it is about the object of an event of its bucket.
    fn covers(&self, key: &[u8]) -> bool {
        self.is_bucket_exact || self.scope.contains(key)
    }

    /// Whether an item is selected, if it can be decoded.
    fn selects(&self, item: &Item) -> bool {
        let Some(selection) = &self.selection else {
            return true;
        };
        item.content()
            .is_ok_and(|content| selection.matches_facts(&content.facts, item.namespace(), item.name()))
    }
}

impl Feed for Watch {
    fn adopt(&mut self, signal: Signal) {
        if let Phase::Initial(_, cursor) | Phase::Live(cursor) = &mut self.phase {
            cursor.park(Waiter(signal));
        }
    }

    fn next(&mut self, now: Instant) -> Step {
        if self.leaves_at().is_some_and(|at| at <= now) {
            self.schedule.finish();
        }
        self.step(now)
    }

    fn wake_at(&self) -> Option<Instant> {
        let next = self.schedule.next();
        Some(self.leaves_at().map_or(next, |at| at.min(next)))
    }

    fn finish(&mut self) {
        self.schedule.finish();
    }

    /// Watches of one generation, in one form and with one bucket whose events are all for them. One that begins in the future, or
    /// whose first event is not like those after it, is by itself until then.
    fn topic(&self) -> Option<Topic> {
        let Phase::Live(cursor) = &self.phase else {
            return None;
        };
        let has_all = self.interest.selection.is_none() && self.interest.is_bucket_exact;
        let has_begun = self.after <= self.unit.current() && !(self.has_header && self.encoder.has_header());
        let form = Arc::as_ptr(&self.encoder).addr();
        let generation = Arc::as_ptr(&self.generation).addr();
        (has_all && has_begun && !self.schedule.is_finishing())
            .then(|| Topic([generation, form, cursor.scope_id()]))
    }

    fn multicast(&self) -> Option<Box<dyn Multicast>> {
        let Phase::Live(cursor) = &self.phase else {
            return None;
        };
        let cursor = cursor.fork().ok()?;
        Some(Box::new(Speaker::new(
            &self.unit,
            &self.encoder,
            cursor,
            self.sent,
        )))
    }

    fn join(&mut self) -> bool {
        match &mut self.phase {
            Phase::Live(cursor) if !cursor.is_behind() => {
                cursor.unpark();
                true
            }
            _ => false,
        }
    }

    fn leave(&mut self, place: Place, signal: Signal) {
        if let Phase::Live(cursor) = &mut self.phase {
            cursor.skip_to(ring::Position(place.position));
            self.sent = self.sent.max(Revision(place.revision));
            cursor.park(Waiter(signal));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.unit.counts().watchers.fetch_sub(1, Ordering::Relaxed);
    }
}
