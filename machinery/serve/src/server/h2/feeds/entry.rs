//! One feed and its stream: asks the feed and sends what it gives, as far as the client's window goes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Context;

use bytes::Bytes;
use h2::{Reason, SendStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::outlet::{Outlet, Past, Sent, Through};
use crate::feed::{Feed, Multicast, Owned, Place, Signal, Step, Topic};
use crate::limits::FEED_TURN_BYTES_MAX;
use crate::server::h2::Error;
use crate::server::h2::cork::Lanes;
use crate::server::h2::direct::Lane;
use crate::server::h2::handoff::Arrival;
use crate::server::idle::UnderWay;

/// A feed under way.
pub(super) struct Entry {
    stream: SendStream<Bytes>,
    /// `None` if its bytes go through h2.
    lane: Option<Lane>,
    feed: Owned,
    /// What did not fit into the window of the last chunk.
    rest: Bytes,
    /// What [`Through`] guesses by.
    guess_bytes: usize,
    is_blocked: bool,
    _under_way: UnderWay,
}

/// How a feed's turn ended.
pub(super) enum Turn {
    /// Its share is used up.
    Again,
    /// Its client's window is.
    Blocked,
    /// The socket has to take more first, whoever's turn it is.
    Full,
    /// It has nothing.
    Idle,
    /// It is at its end.
    Done,
}

impl Entry {
    /// Sends the answer's head. `None` if the stream was reset already or the feed panicked. The context is of the stream.
    pub(super) fn adopt<S>(
        arrival: Arrival,
        signal: Signal,
        cx: &mut Context<'_>,
        lanes: &mut Lanes<'_, S>,
    ) -> Option<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut respond = arrival.respond;
        let stream = respond.send_response(arrival.head, false);
        let stream = stream
            .inspect_err(|error| tracing::debug!(%error, "an answer could not be sent"))
            .ok()?;
        let mut entry = Self {
            stream,
            lane: None,
            feed: arrival.feed,
            rest: Bytes::new(),
            guess_bytes: 1,
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
        entry.lane = lanes.open(entry.stream.stream_id().as_u32());
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

    /// It waits for its client, which has no room for it.
    pub(super) fn block(&mut self) {
        self.is_blocked = true;
    }

    /// When it wants to be asked though nothing signals.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.feed.feed.wake_at()
    }

    /// What it is about, if it has nothing to say and others may say the same.
    pub(super) fn topic(&self) -> Option<Topic> {
        self.lane.and_then(|_| self.feed.feed.topic())
    }

    /// What speaks for its topic from where it stands.
    pub(super) fn multicast(&self) -> Option<Box<dyn Multicast>> {
        self.feed.feed.multicast()
    }

    /// It is not asked until it leaves. False if it has something to say.
    pub(super) fn join(&mut self) -> bool {
        self.feed.feed.join()
    }

    /// It is asked again. It goes on after a place and after these bytes.
    pub(super) fn leave(&mut self, place: Place, rest: Bytes, signal: Signal) {
        self.rest = rest;
        self.feed.feed.leave(place, signal);
    }

    /// Its lane, if its bytes do not go through h2.
    pub(super) fn lane(&self) -> Option<Lane> {
        self.lane
    }

    /// Whether the client wants no more. If not, the context is woken at a reset, and when h2 has more room for it.
    pub(super) fn is_reset(&mut self, cx: &mut Context<'_>) -> bool {
        self.stream.poll_reset(cx).is_ready()
    }

    /// Sends what there is, up to its share of what is left for all. The context is of the connection.
    pub(super) fn turn<S>(
        &mut self,
        now: Instant,
        left: &mut usize,
        lanes: &mut Lanes<'_, S>,
        cx: &mut Context<'_>,
    ) -> Result<Turn, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (feed, rest) = (&mut *self.feed.feed, &mut self.rest);
        // What it shares with others is as the filters' panic guard has it.
        let pulled = catch_unwind(AssertUnwindSafe(|| match self.lane {
            Some(lane) => pull(feed, rest, Past { lane, lanes, cx }, now, left),
            None => {
                let through = Through::new(&mut self.stream, &mut self.guess_bytes);
                pull(feed, rest, through, now, left)
            }
        }));
        match pulled {
            Ok(Ok(Pulled::Turn(Turn::Blocked))) => {
                self.is_blocked = true;
                Ok(Turn::Blocked)
            }
            Ok(Ok(Pulled::Turn(turn))) => Ok(turn),
            Ok(Ok(Pulled::End)) => {
                if let Err(error) = self.stream.send_data(Bytes::new(), true) {
                    tracing::debug!(%error, "a stream ended early");
                }
                Ok(Turn::Done)
            }
            Ok(Err(Error::Protocol(error))) => {
                tracing::debug!(%error, "a stream ended early");
                Ok(Turn::Done)
            }
            Ok(Err(error)) => Err(error),
            Ok(Ok(Pulled::Failed)) | Err(_) => {
                self.stream.send_reset(Reason::INTERNAL_ERROR);
                Ok(Turn::Done)
            }
        }
    }
}

/// How pulling ended.
enum Pulled {
    Turn(Turn),
    /// The feed is at its end.
    End,
    /// It breaks off.
    Failed,
}

/// Sends what is left of the last chunk, then what the feed gives.
fn pull(
    feed: &mut dyn Feed,
    rest: &mut Bytes,
    mut outlet: impl Outlet,
    now: Instant,
    left: &mut usize,
) -> Result<Pulled, Error> {
    let mut share = FEED_TURN_BYTES_MAX.min(*left);
    // The feed has nothing after what is left.
    let mut is_all = false;
    let turn = loop {
        if !rest.is_empty() {
            match outlet.send(rest)? {
                Sent::Some(count) => {
                    share = share.saturating_sub(count);
                    *left = left.saturating_sub(count);
                    continue;
                }
                Sent::NoWindow => return Ok(Pulled::Turn(Turn::Blocked)),
                Sent::NoSpace => return Ok(Pulled::Turn(Turn::Full)),
            }
        }
        if is_all {
            break Turn::Idle;
        }
        if share == 0 {
            break Turn::Again;
        }
        // The feed is not asked for what could not leave: its place costs nothing, what it gave would.
        if !outlet.has_window() {
            return Ok(Pulled::Turn(Turn::Blocked));
        }
        match feed.next(now) {
            Step::Chunk(chunk) => {
                // An empty one counts too, so that a feed cannot keep its connection.
                share = share.saturating_sub(usize::from(chunk.is_empty()));
                *rest = chunk;
            }
            Step::Only(chunk) => {
                *rest = chunk;
                is_all = true;
            }
            Step::Idle => break Turn::Idle,
            Step::Again => break Turn::Again,
            Step::End => return Ok(Pulled::End),
            Step::Failed(error) => {
                tracing::debug!(%error, "a feed broke off");
                return Ok(Pulled::Failed);
            }
        }
    };
    outlet.close();
    Ok(Pulled::Turn(turn))
}
