//! The feeds of one connection: who has which slot, who is to be asked next, and who waits for its client.
//! When to ask and when to write is for the connection's task.

mod entry;
mod outlet;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Error;
use super::cork::Lanes;
use super::handoff::Arrival;
use super::timers::Timers;
use crate::feed::{ReadySet, end_turn};
use crate::limits::{CONNECTION_TURN_BYTES_MAX, FEED_PAUSE_MIN};
use entry::{Entry, Turn};

/// The feeds of a connection. Of the ready set, slots from 0 on are for what feeds signal, as many after them for what
/// happens to their streams.
pub(super) struct Feeds {
    ready: Arc<ReadySet>,
    slots_max: u32,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slots to ask, each once.
    queue: VecDeque<u32>,
    timers: Timers,
    /// Without a slot: streams whose reset was not looked at yet still have theirs.
    waiting: VecDeque<Arrival>,
}

/// What a connection reads and writes.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Io for S {}

struct Slot {
    /// Marks the slot's stream.
    waker: Waker,
    is_queued: bool,
    entry: Option<Entry>,
}

impl Feeds {
    /// How many slots of a ready set so many feeds need.
    pub(super) fn marks(slots_max: u32) -> u32 {
        2 * slots_max
    }

    pub(super) fn new(ready: Arc<ReadySet>, slots_max: u32) -> Self {
        Self {
            ready,
            slots_max,
            slots: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            timers: Timers::default(),
            waiting: VecDeque::new(),
        }
    }

    /// Takes a feed over.
    pub(super) fn adopt<S: Io>(&mut self, arrival: Arrival, lanes: &mut Lanes<'_, S>) {
        let Some(slot) = self.free_slot() else {
            self.waiting.push_back(arrival);
            return;
        };
        let signal = self.ready.signal(slot);
        match Entry::adopt(arrival, signal, &mut self.context(slot), lanes) {
            Some(entry) => {
                self.slots[slot as usize].entry = Some(entry);
                self.enqueue(slot);
            }
            None => self.free.push(slot),
        }
    }

    /// A slot of the ready set was marked.
    pub(super) fn marked<S: Io>(&mut self, mark: u32, lanes: &mut Lanes<'_, S>) {
        if mark < self.slots_max {
            self.wanted(mark);
        } else {
            self.moved(mark - self.slots_max, lanes);
        }
    }

    /// Some lanes may have more room: who waits on one looks again.
    pub(super) fn opened(&mut self) {
        for slot in (0..).take(self.slots.len()) {
            let entry = self.slots[slot as usize].entry.as_mut();
            let waits = entry.filter(|entry| entry.lane().is_some());
            if waits.is_some_and(Entry::unblock) {
                self.enqueue(slot);
            }
        }
    }

    /// Looks at the time.
    pub(super) fn ring(&mut self, now: Instant) {
        while let Some(slot) = self.timers.pop(now) {
            self.wanted(slot);
        }
    }

    /// When to look at the time again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether some are to be asked.
    pub(super) fn is_ready(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Lets those that are to be asked send, each up to its share. True if h2 has something to write. The context is of the connection.
    pub(super) fn serve<S: Io>(
        &mut self,
        now: Instant,
        mut lanes: Lanes<'_, S>,
        cx: &mut Context<'_>,
    ) -> Result<bool, Error> {
        let mut left = CONNECTION_TURN_BYTES_MAX;
        let mut is_h2_moved = false;
        for _ in 0..self.queue.len() {
            let Some(slot) = self.queue.pop_front() else { break };
            if left == 0 {
                self.queue.push_front(slot);
                break;
            }
            self.slots[slot as usize].is_queued = false;
            let Some(entry) = &mut self.slots[slot as usize].entry else {
                continue;
            };
            let turn = entry.turn(now, &mut left, &mut lanes, cx)?;
            is_h2_moved |= entry.lane().is_none() || matches!(turn, Turn::Done);
            match turn {
                Turn::Again => self.enqueue(slot),
                Turn::Blocked => {}
                Turn::Full => {
                    self.slots[slot as usize].is_queued = true;
                    self.queue.push_front(slot);
                    break;
                }
                Turn::Idle(wake_at) => {
                    if let Some(at) = wake_at {
                        self.timers.ask(slot, at.max(now + FEED_PAUSE_MIN));
                    }
                }
                Turn::Done => self.remove(slot, &mut lanes),
            }
        }
        drop(lanes);
        end_turn();
        Ok(is_h2_moved)
    }

    /// A feed signalled, or its time has come. One that waits for its client is left alone.
    fn wanted(&mut self, slot: u32) {
        let entry = self.slots.get(slot as usize).and_then(|slot| slot.entry.as_ref());
        if entry.is_some_and(|entry| !entry.is_blocked()) {
            self.enqueue(slot);
        }
    }

    /// A stream was reset or has more room.
    fn moved<S: Io>(&mut self, slot: u32, lanes: &mut Lanes<'_, S>) {
        let Some(Slot { waker, entry, .. }) = self.slots.get_mut(slot as usize) else {
            return;
        };
        let Some(entry) = entry else { return };
        if entry.is_reset(&mut Context::from_waker(waker)) {
            self.remove(slot, lanes);
        } else if entry.unblock() {
            self.enqueue(slot);
        }
    }

    fn enqueue(&mut self, slot: u32) {
        let is_queued = &mut self.slots[slot as usize].is_queued;
        if !std::mem::replace(is_queued, true) {
            self.queue.push_back(slot);
        }
    }

    fn remove<S: Io>(&mut self, slot: u32, lanes: &mut Lanes<'_, S>) {
        let entry = self.slots[slot as usize].entry.take();
        if let Some(lane) = entry.and_then(|entry| entry.lane()) {
            lanes.close(lane);
        }
        self.timers.clear(slot);
        self.free.push(slot);
        if let Some(arrival) = self.waiting.pop_front() {
            self.adopt(arrival, lanes);
        }
    }

    fn free_slot(&mut self) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        let slot = u32::try_from(self.slots.len()).ok()?;
        if slot == self.slots_max {
            return None;
        }
        self.slots.push(Slot {
            waker: Waker::from(Arc::new(self.ready.signal(self.slots_max + slot))),
            is_queued: false,
            entry: None,
        });
        Some(slot)
    }

    fn context(&self, slot: u32) -> Context<'_> {
        Context::from_waker(&self.slots[slot as usize].waker)
    }
}
