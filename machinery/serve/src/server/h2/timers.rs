//! When the feeds of a connection want to be asked: one heap, in which later wishes replace earlier ones lazily.
//! It has no clock; the connection's task has one timer for all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio::time::Instant;

/// At most this many entries for each slot, and some for free, before those that no longer count are thrown out.
const ENTRIES_PER_SLOT_MAX: usize = 2;
const ENTRIES_FREE: usize = 16;

/// Times by slot.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    /// By slot, its first entry in the heap that counts.
    armed: Vec<Option<Instant>>,
}

impl Timers {
    /// Asks for a slot at this time at the latest: an earlier entry stays, and whoever it rings for asks anew.
    pub(super) fn ask(&mut self, slot: u32, at: Instant) {
        let index = slot as usize;
        if self.armed.len() <= index {
            self.armed.resize(index + 1, None);
        }
        if self.armed[index].is_some_and(|armed| armed <= at) {
            return;
        }
        self.armed[index] = Some(at);
        if self.heap.len() >= self.armed.len() * ENTRIES_PER_SLOT_MAX + ENTRIES_FREE {
            self.rebuild();
        } else {
            self.heap.push(Reverse((at, slot)));
        }
    }

    /// Forgets a slot.
    pub(super) fn clear(&mut self, slot: u32) {
        if let Some(armed) = self.armed.get_mut(slot as usize) {
            *armed = None;
        }
    }

    /// The next time.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes a slot whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<u32> {
        while self.next().is_some_and(|at| at <= now) {
            let Reverse((at, slot)) = self.heap.pop()?;
            let armed = &mut self.armed[slot as usize];
            if *armed == Some(at) {
                *armed = None;
                return Some(slot);
            }
        }
        None
    }

    fn rebuild(&mut self) {
        let armed = (0..).zip(&self.armed);
        self.heap = armed
            .filter_map(|(slot, at)| at.map(|at| Reverse((at, slot))))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn slots_ring_once_at_their_earliest_time() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.ask(7, at(5));
        timers.ask(7, at(9));
        timers.ask(7, at(3));
        timers.ask(2, at(4));
        timers.ask(1, at(1));
        timers.clear(1);
        assert_eq!(timers.pop(at(2)), None);
        assert_eq!(timers.pop(at(4)), Some(7));
        assert_eq!(timers.pop(at(4)), Some(2));
        assert_eq!(timers.pop(at(20)), None);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn what_is_asked_for_and_forgotten_does_not_pile_up() {
        let begun = Instant::now();
        let mut timers = Timers::default();
        for round in 0..10_000 {
            timers.ask(round % 5, begun + Duration::from_secs(u64::from(20_000 - round)));
            if round % 3 == 0 {
                timers.clear(round % 5);
            }
        }
        assert!(timers.heap.len() <= 5 * ENTRIES_PER_SLOT_MAX + ENTRIES_FREE);
        timers.ask(0, begun);
        assert_eq!(timers.pop(begun), Some(0));
    }
}
