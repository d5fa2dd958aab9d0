//! The task of a connection. In each turn it lets all feeds that are ready queue their frames, then h2 work, then the socket
//! take what gathered: in this order one event for many feeds is one write.
//!
//! All that can wake it (feeds, streams, h2, the socket, the timer, the drain) marks a slot of one ready set. The task's own
//! waker is registered only when it goes to sleep, so that what it does to itself in a turn costs no wake.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};

use super::Error;
use super::cork::{Cork, Socket};
use super::feeds::Feeds;
use super::handoff::Handoff;
use super::keepalive::Keepalive;
use super::request::Incoming;
use crate::feed::{Listening, ReadySet};
use crate::limits::{CONNECTION_ROUNDS_MAX, Connections, REQUESTS_PER_STREAM_MAX};
use crate::server::connection::Connection;
use crate::shutdown::Shutdown;

/// One connection, driven by polls.
pub(super) struct Task<S> {
    h2: h2::server::Connection<Cork<S>, Bytes>,
    socket: Socket<S>,
    connection: Arc<Connection>,
    handoff: Arc<Handoff>,
    ready: Arc<ReadySet>,
    /// Marks that h2 has something to do.
    waker: Waker,
    /// Whether it has.
    is_moved: bool,
    feeds: Feeds,
    keepalive: Keepalive,
    limits: Connections,
    phase: Phase,
    shutdown: Shutdown,
    _listening: Listening,
    timer: Pin<Box<Sleep>>,
}

/// What the connection does at a time.
enum Phase {
    /// It takes requests. Whether it stands idle is looked at then.
    Open { look_at: Instant },
    /// It was told to close, and is given up then if it has nothing under way.
    Closing { look_at: Instant },
}

/// What a round led to.
enum Round {
    More,
    Sleep,
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Task<S> {
    pub(super) fn new(
        limits: &Connections,
        shutdown: &Shutdown,
        mut h2: h2::server::Connection<Cork<S>, Bytes>,
        socket: Socket<S>,
        connection: Arc<Connection>,
    ) -> Self {
        let marks = Feeds::marks(limits.streams_max);
        let ready = ReadySet::new(marks + 2);
        let handoff = Arc::new(Handoff::new(ready.signal(marks + 1)));
        let now = Instant::now();
        let keepalive = Keepalive::new(h2.ping_pong(), limits, now);
        Self {
            h2,
            socket,
            connection,
            handoff,
            waker: Waker::from(Arc::new(ready.signal(marks))),
            is_moved: true,
            feeds: Feeds::new(Arc::clone(&ready), limits.streams_max),
            keepalive,
            limits: *limits,
            phase: Phase::Open {
                look_at: now + limits.idle_timeout,
            },
            shutdown: shutdown.clone(),
            _listening: shutdown.listen(ready.signal(marks + 1)),
            ready,
            timer: Box::pin(tokio::time::sleep_until(now)),
        }
    }

    /// Ready at the connection's end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        for _ in 0..CONNECTION_ROUNDS_MAX {
            match self.round(Instant::now())? {
                Round::Closed => return Poll::Ready(Ok(())),
                Round::More => {}
                Round::Sleep => {
                    self.ready.register(cx.waker());
                    if !self.ready.is_dirty() {
                        return Poll::Pending;
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn round(&mut self, now: Instant) -> Result<Round, Error> {
        self.collect();
        self.feeds.ring(now);
        if self.look_at_time(now)? {
            return Ok(Round::Closed);
        }
        if !self.socket.is_behind() {
            let mut cx = Context::from_waker(&self.waker);
            self.is_moved |= self.feeds.serve(now, self.socket.lanes(), &mut cx)?;
        }
        // What the feeds did to their streams is not a reason for another round.
        self.collect();
        if std::mem::take(&mut self.is_moved) && self.advance(now)?.is_ready() {
            return Ok(Round::Closed);
        }
        if self.socket.take_has_opened() {
            self.feeds.opened();
        }
        let drained = self.socket.poll_drain(&mut Context::from_waker(&self.waker))?;
        if drained.is_ready() && self.socket.take_has_refused() {
            self.is_moved = true;
        }
        self.arm(now);
        let has_work = drained.is_ready() && (self.is_moved || self.feeds.is_ready());
        Ok(if has_work { Round::More } else { Round::Sleep })
    }

    /// Takes note of all that was marked.
    fn collect(&mut self) {
        let marks = Feeds::marks(self.limits.streams_max);
        let (feeds, is_moved) = (&mut self.feeds, &mut self.is_moved);
        let mut lanes = self.socket.lanes();
        let mut has_arrivals = false;
        self.ready.drain(|mark| match mark {
            _ if mark < marks => feeds.marked(mark, &mut lanes),
            _ if mark == marks => *is_moved = true,
            _ => has_arrivals = true,
        });
        if has_arrivals {
            for arrival in self.handoff.take() {
                self.feeds.adopt(arrival, &mut lanes);
            }
        }
    }

    /// Lets h2 read and write, and starts the requests that came.
    fn advance(&mut self, now: Instant) -> Result<Poll<()>, Error> {
        let waker = self.waker.clone();
        let mut cx = Context::from_waker(&waker);
        let closed = loop {
            match self.h2.poll_accept(&mut cx) {
                Poll::Ready(Some(accepted)) => {
                    let (request, respond) = accepted?;
                    self.start(request, respond);
                    self.may_send_away(now);
                }
                Poll::Ready(None) => break Poll::Ready(()),
                Poll::Pending => break Poll::Pending,
            }
        };
        if self.socket.take_has_read() {
            self.keepalive.heard(now);
        }
        Ok(closed)
    }

    /// Now and then a client that stays is asked to come anew: a load balancer may send it to somebody else. What is under way goes
    /// on to its end.
    fn may_send_away(&mut self, now: Instant) {
        let chance = self.limits.goaway_chance;
        let is_open = matches!(self.phase, Phase::Open { .. });
        if chance > 0.0 && is_open && rand::random::<f64>() < chance {
            self.close(now);
        }
    }

    fn start(&self, request: http::Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) {
        let activity = &self.connection.activity;
        if activity.count() >= REQUESTS_PER_STREAM_MAX * self.limits.streams_max as usize {
            respond.send_reset(Reason::REFUSED_STREAM);
            return;
        }
        let incoming = Incoming {
            request,
            respond,
            under_way: activity.begin(),
            connection: Arc::clone(&self.connection),
            handoff: Arc::clone(&self.handoff),
        };
        tokio::spawn(incoming.serve());
    }

    /// Pings, closes, gives up; true if the connection is over.
    fn look_at_time(&mut self, now: Instant) -> Result<bool, Error> {
        let activity = &self.connection.activity;
        let mut cx = Context::from_waker(&self.waker);
        self.is_moved |= self.keepalive.poll(&mut cx, now, activity.is_idle())?;
        match self.phase {
            Phase::Open { .. } if self.shutdown.draining_since().is_some() => self.close(now),
            Phase::Open { look_at } if look_at <= now => match activity.rest(self.limits.idle_timeout) {
                rest if rest.is_zero() => self.close(now),
                rest => self.phase = Phase::Open { look_at: now + rest },
            },
            // A client that does not close its side is not waited for; one that reads an answer is.
            Phase::Closing { look_at } if look_at <= now => {
                if activity.is_idle() {
                    return Ok(true);
                }
                let look_at = now + self.limits.close_timeout;
                self.phase = Phase::Closing { look_at };
            }
            _ => {}
        }
        Ok(false)
    }

    fn close(&mut self, now: Instant) {
        self.h2.graceful_shutdown();
        self.is_moved = true;
        let look_at = now + self.limits.close_timeout;
        self.phase = Phase::Closing { look_at };
    }

    /// Sets the timer to what comes first. A later time than it has needs no change: it rings and is set anew.
    fn arm(&mut self, now: Instant) {
        let (Phase::Open { look_at } | Phase::Closing { look_at }) = self.phase;
        let mut next = look_at.min(self.keepalive.next());
        if let Some(at) = self.feeds.next() {
            next = next.min(at);
        }
        let deadline = self.timer.deadline();
        if next < deadline || deadline <= now {
            self.timer.as_mut().reset(next);
        }
        // Ready only if the time came just now: then the mark of its waker is not needed, another round is.
        if self
            .timer
            .as_mut()
            .poll(&mut Context::from_waker(&self.waker))
            .is_ready()
        {
            self.waker.wake_by_ref();
        }
    }
}

impl<S> Drop for Task<S> {
    fn drop(&mut self) {
        self.handoff.close();
    }
}
