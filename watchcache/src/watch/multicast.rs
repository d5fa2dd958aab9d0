//! What speaks for all watches of a connection that are told the same events. It stands where they stand, and has their place in the ring
//! as long as they have nothing of their own to say.

use std::sync::Arc;

use serve::feed::{Multicast, Place, Signal, Told};
use storage::Revision;
use tokio::time::Instant;

use super::{Cursor, encode};
use crate::delivery::{self, What};
use crate::event::Event;
use crate::forms::Encoder;
use crate::unit::Unit;
use crate::waiter::Waiter;

/// The watches of a unit in one form that have all events of one bucket.
pub(super) struct Speaker {
    unit: Arc<Unit>,
    encoder: Arc<Encoder>,
    cursor: Cursor,
    /// Of the last event.
    revision: Revision,
    /// What was told last, and its size in bytes.
    told: (What, usize),
    /// How often watches were asked to leave before: the members know of those.
    departures: u64,
}

impl Speaker {
    /// For watches that have seen what a cursor has, up to an event of this revision.
    pub(super) fn new(unit: &Arc<Unit>, encoder: &Arc<Encoder>, cursor: Cursor, revision: Revision) -> Self {
        Self {
            departures: unit.departures().changes(),
            unit: unit.clone(),
            encoder: encoder.clone(),
            cursor,
            revision,
            told: (What::Past, 0),
        }
    }

    /// An event for all members. They had seen all when they joined, so it came while they were open. What is wrong with it, each of
    /// them finds out and tells its client.
    fn tell(&mut self, event: &Event, now: Instant) -> Told {
        let Ok(Some((kind, item))) = event.seen(|_| true) else {
            return Told::Part;
        };
        match encode((&self.unit, &self.encoder), event, kind, item) {
            Ok(frame) => {
                let what = What::Change {
                    arrived: event.arrived,
                    sent: now,
                };
                (self.revision, self.told) = (event.revision, (what, frame.len()));
                Told::Chunk(frame)
            }
            Err(_) => Told::Part,
        }
    }
}

impl Multicast for Speaker {
    fn adopt(&mut self, signal: Signal) {
        self.cursor.park(Waiter(signal));
    }

    fn next(&mut self, now: Instant) -> Told {
        if self.unit.departures().changes() != self.departures {
            return Told::Part;
        }
        match self.cursor.next() {
            Ok(Some(event)) => self.tell(&event, now),
            Ok(None) => Told::Idle,
            Err(_) => Told::Part,
        }
    }

    fn is_behind(&self) -> bool {
        self.cursor.is_behind()
    }

    fn place(&self) -> Place {
        Place {
            position: self.cursor.position().0,
            revision: self.revision.0,
        }
    }

    fn sent(&mut self, count: usize) {
        let (what, bytes) = self.told;
        delivery::sent((&self.unit, &self.encoder), what, bytes, count as u64);
    }
}
