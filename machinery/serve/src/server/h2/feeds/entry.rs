//! One feed and its stream: asks the feed and sends what it gives, as far as the client's window goes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Context;

use bytes::Bytes;
use h2::{Reason, SendStream};
use tokio::time::Instant;

use crate::feed::{Owned, Signal, Step};
use crate::limits::{FEED_TURN_BYTES_MAX, GUESS_BYTES_MAX, SPARE_ROOM_BYTES};
use crate::server::h2::handoff::Arrival;
use crate::server::h2::send::room;
use crate::server::idle::UnderWay;

/// A feed under way.
pub(super) struct Entry {
    stream: SendStream<Bytes>,
    feed: Owned,
    /// What did not fit into the window of the last chunk.
    rest: Bytes,
    /// How much the last chunk had: as much is asked room for before the next one is known.
    last_bytes: usize,
    is_blocked: bool,
    _under_way: UnderWay,
}

/// How a feed's turn ended.
pub(super) enum Turn {
    /// Its share is used up.
    Again,
    /// Its client's window is.
    Blocked,
    /// It has nothing, and wants to be asked then.
    Idle(Option<Instant>),
    /// It is at its end.
    Done,
}

impl Entry {
    /// `None` if the stream was reset already or the feed panicked. The context is of the stream.
    pub(super) fn adopt(arrival: Arrival, signal: Signal, cx: &mut Context<'_>) -> Option<Self> {
        let mut entry = Self {
            stream: arrival.stream,
            feed: arrival.feed,
            rest: Bytes::new(),
            last_bytes: 1,
            is_blocked: false,
            _under_way: arrival.under_way,
        };
        if entry.is_reset(cx) {
            return None;
        }
        if catch_unwind(AssertUnwindSafe(|| entry.feed.feed.adopt(signal))).is_err() {
            entry.stream.send_reset(Reason::INTERNAL_ERROR);
            return None;
        }
        Some(entry)
    }

    /// Whether it waits for its client.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// It need not wait any more; whether it did.
    pub(super) fn unblock(&mut self) -> bool {
        std::mem::take(&mut self.is_blocked)
    }

    /// Whether the client wants no more. If not, the context is woken at a reset, and when there is more room.
    pub(super) fn is_reset(&mut self, cx: &mut Context<'_>) -> bool {
        self.stream.poll_reset(cx).is_ready()
    }

    /// Sends what there is, up to its share of what is left for all.
    pub(super) fn turn(&mut self, now: Instant, left: &mut usize) -> Turn {
        // What it shares with others is as the filters' panic guard has it.
        match catch_unwind(AssertUnwindSafe(|| self.send(now, left))) {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a stream ended early");
                Turn::Done
            }
            Err(_) => {
                self.stream.send_reset(Reason::INTERNAL_ERROR);
                Turn::Done
            }
        }
    }

    fn send(&mut self, now: Instant, left: &mut usize) -> Result<Turn, h2::Error> {
        let mut share = FEED_TURN_BYTES_MAX.min(*left);
        // Each question to h2 locks its connection: room is asked for once a chunk, where the guess is right.
        let mut has_room = 0;
        loop {
            if !self.rest.is_empty() {
                if has_room < self.rest.len() {
                    has_room = room(&mut self.stream, self.rest.len());
                }
                if has_room == 0 {
                    return Ok(self.blocked());
                }
                let part = self.rest.split_to(has_room.min(self.rest.len()));
                let sent = part.len();
                self.stream.send_data(part, false)?;
                has_room -= sent;
                share = share.saturating_sub(sent);
                *left = left.saturating_sub(sent);
                continue;
            }
            if share == 0 {
                return Ok(Turn::Again);
            }
            // The feed is not asked for what could not leave: its place costs nothing, what it gave would.
            if has_room == 0 {
                has_room = room(&mut self.stream, self.last_bytes);
            }
            if has_room == 0 {
                return Ok(self.blocked());
            }
            match self.feed.feed.next(now) {
                Step::Chunk(chunk) => {
                    // An empty one counts too, so that a feed cannot keep its connection.
                    share = share.saturating_sub(usize::from(chunk.is_empty()));
                    self.take(chunk);
                }
                // The usual case: one event, which fits.
                Step::Only(chunk) if !chunk.is_empty() && chunk.len() <= has_room => {
                    self.last_bytes = chunk.len();
                    *left = left.saturating_sub(chunk.len());
                    has_room -= chunk.len();
                    self.stream.send_data(chunk, false)?;
                    return Ok(self.idle(has_room));
                }
                Step::Only(chunk) => self.take(chunk),
                Step::Idle => return Ok(self.idle(has_room)),
                Step::Again => {
                    self.give_back(has_room);
                    return Ok(Turn::Again);
                }
                Step::End => {
                    self.stream.send_data(Bytes::new(), true)?;
                    return Ok(Turn::Done);
                }
                Step::Failed(error) => {
                    tracing::debug!(%error, "a feed broke off");
                    self.stream.send_reset(Reason::INTERNAL_ERROR);
                    return Ok(Turn::Done);
                }
            }
        }
    }

    /// It has nothing now.
    fn idle(&mut self, has_room: usize) -> Turn {
        self.give_back(has_room);
        Turn::Idle(self.feed.feed.wake_at())
    }

    /// Room that it was given and does not need is for the others of its connection.
    fn give_back(&mut self, has_room: usize) {
        if has_room > SPARE_ROOM_BYTES {
            self.stream.reserve_capacity(0);
        }
    }

    fn take(&mut self, chunk: Bytes) {
        self.last_bytes = chunk.len().clamp(1, GUESS_BYTES_MAX);
        self.rest = chunk;
    }

    fn blocked(&mut self) -> Turn {
        self.is_blocked = true;
        Turn::Blocked
    }
}
