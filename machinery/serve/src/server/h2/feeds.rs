//! The feeds of one connection: who has which slot, who is to be asked next, and who waits for its client. Those that are told the same
//! are asked as a group. When to ask and when to write is for the connection's task.

mod entry;
mod group;
mod groups;
mod joining;
mod outlet;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Error;
use super::cork::{Lanes, Put};
use super::direct::Lane;
use super::handoff::Arrival;
use super::timers::Timers;
use crate::feed::{ReadySet, end_turn};
use crate::limits::{CONNECTION_TURN_BYTES_MAX, FEED_GROUPS_MAX};
use entry::{Entry, Turn};
use group::{Outcome, Ways};
use groups::{Groups, Membership};

/// The feeds of a connection. Of the ready set, slots from 0 on are for what feeds signal, as many after them for what
/// happens to their streams, and those after them for what groups signal.
pub(super) struct Feeds {
    ready: Arc<ReadySet>,
    slots_max: u32,
    slots: Vec<Slot>,
    free: Vec<u32>,
    groups: Groups,
    /// Who is to be asked, each once.
    queue: VecDeque<Asked>,
    timers: Timers,
    /// Whether one that does not go through h2 may wait for its client.
    has_blocked: bool,
    /// Without a slot: streams whose reset was not looked at yet still have theirs.
    waiting: VecDeque<Arrival>,
}

/// Who is asked.
#[derive(Clone, Copy)]
enum Asked {
    Slot(u32),
    Group(u32),
}

/// One time that all who are queued are asked.
struct Round {
    now: Instant,
    /// So many bytes may still be sent.
    left: usize,
    /// h2 has something to write.
    is_h2_moved: bool,
}

/// What a connection reads and writes.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Io for S {}

struct Slot {
    /// Marks the slot's stream.
    waker: Waker,
    is_queued: bool,
    membership: Membership,
    entry: Option<Entry>,
}

/// The ways past h2, for a turn of a group.
struct ToMembers<'a, 'l, 'c, S> {
    lanes: &'a mut Lanes<'l, S>,
    cx: &'a mut Context<'c>,
}

impl<S: Io> Ways for ToMembers<'_, '_, '_, S> {
    fn put(&mut self, lane: Lane, bytes: &[u8]) -> io::Result<Put> {
        self.lanes.put(self.cx, lane, bytes)
    }

    fn put_shared(&mut self, lanes: impl Iterator<Item = Lane>, bytes: &[u8]) -> usize {
        self.lanes.put_shared(lanes, bytes)
    }
}

impl Feeds {
    /// How many slots of a ready set so many feeds need.
    pub(super) fn marks(slots_max: u32) -> u32 {
        2 * slots_max + FEED_GROUPS_MAX
    }

    pub(super) fn new(ready: Arc<ReadySet>, slots_max: u32) -> Self {
        Self {
            ready,
            slots_max,
            slots: Vec::new(),
            free: Vec::new(),
            groups: Groups::default(),
            queue: VecDeque::new(),
            timers: Timers::default(),
            has_blocked: false,
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
        let groups_from = 2 * self.slots_max;
        if mark < self.slots_max {
            self.wanted(mark);
        } else if mark < groups_from {
            self.moved(mark - self.slots_max, lanes);
        } else {
            self.enqueue_group(mark - groups_from);
        }
    }

    /// Some lanes may have more room: who waits on one looks again.
    pub(super) fn opened(&mut self) {
        if !std::mem::take(&mut self.has_blocked) {
            return;
        }
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
        let mut round = Round {
            now,
            left: CONNECTION_TURN_BYTES_MAX,
            is_h2_moved: false,
        };
        let served = self.serve_queue(&mut round, &mut lanes, cx);
        drop(lanes);
        end_turn();
        served.map(|()| round.is_h2_moved)
    }

    fn serve_queue<S: Io>(
        &mut self,
        round: &mut Round,
        lanes: &mut Lanes<'_, S>,
        cx: &mut Context<'_>,
    ) -> Result<(), Error> {
        for _ in 0..self.queue.len() {
            if round.left == 0 {
                break;
            }
            let has_space = match self.queue.pop_front() {
                Some(Asked::Slot(slot)) => self.serve_slot(slot, round, lanes, cx)?,
                Some(Asked::Group(number)) => self.serve_group(number, round, lanes, cx)?,
                None => break,
            };
            if !has_space {
                break;
            }
        }
        Ok(())
    }

    /// False if the socket has to take more first; then it is the first to be asked again.
    fn serve_slot<S: Io>(
        &mut self,
        slot: u32,
        round: &mut Round,
        lanes: &mut Lanes<'_, S>,
        cx: &mut Context<'_>,
    ) -> Result<bool, Error> {
        self.slots[slot as usize].is_queued = false;
        // It has something to say that is not its group's.
        self.leave(slot);
        let Some(entry) = &mut self.slots[slot as usize].entry else {
            return Ok(true);
        };
        let turn = entry.turn(round.now, &mut round.left, lanes, cx)?;
        round.is_h2_moved |= entry.lane().is_none() || matches!(turn, Turn::Done);
        match turn {
            Turn::Again => self.enqueue(slot),
            Turn::Blocked => self.has_blocked = true,
            Turn::Full => {
                self.slots[slot as usize].is_queued = true;
                self.queue.push_front(Asked::Slot(slot));
                return Ok(false);
            }
            Turn::Idle => self.rest(slot, round.now),
            Turn::Done => self.remove(slot, lanes),
        }
        Ok(true)
    }

    /// As [`Self::serve_slot`], for all of a group.
    fn serve_group<S: Io>(
        &mut self,
        number: u32,
        round: &mut Round,
        lanes: &mut Lanes<'_, S>,
        cx: &mut Context<'_>,
    ) -> Result<bool, Error> {
        self.groups.unqueue(number);
        let Some(group) = self.groups.get(number) else {
            return Ok(true);
        };
        let mut blocked = Vec::new();
        let mut ways = ToMembers { lanes, cx };
        let outcome = group.turn(round.now, &mut round.left, &mut ways, &mut blocked)?;
        for leaver in blocked {
            self.has_blocked = true;
            self.set_free(leaver).into_iter().for_each(Entry::block);
        }
        match outcome {
            Outcome::Idle => self.groups.end_if_empty(number),
            Outcome::Again => self.enqueue_group(number),
            Outcome::Part => self.part(number),
            Outcome::Full => {
                self.groups.queue(number);
                self.queue.push_front(Asked::Group(number));
                return Ok(false);
            }
        }
        Ok(true)
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
            self.queue.push_back(Asked::Slot(slot));
        }
    }

    fn enqueue_group(&mut self, number: u32) {
        if self.groups.queue(number) {
            self.queue.push_back(Asked::Group(number));
        }
    }

    fn remove<S: Io>(&mut self, slot: u32, lanes: &mut Lanes<'_, S>) {
        self.leave(slot);
        let membership = std::mem::take(&mut self.slots[slot as usize].membership);
        if let Membership::Single(topic) = membership {
            self.groups.forget(topic);
        }
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
            membership: Membership::None,
            entry: None,
        });
        Some(slot)
    }

    fn context(&self, slot: u32) -> Context<'_> {
        Context::from_waker(&self.slots[slot as usize].waker)
    }
}
