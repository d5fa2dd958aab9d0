//! Asks a quiet client whether it is there, and notes when it does not answer. A connection without requests is left alone:
//! the idle timeout ends it.

use std::task::{Context, Poll};

use h2::{Ping, PingPong};
use tokio::time::Instant;

use super::Error;
use crate::limits::Connections;

/// The pings of one connection.
pub(super) struct Keepalive {
    pings: Option<PingPong>,
    limits: Connections,
    state: State,
}

enum State {
    /// It is asked at this time, unless something came from it before.
    Quiet { ask_at: Instant },
    /// It was asked and has to answer by then.
    Asked { until: Instant },
}

impl Keepalive {
    pub(super) fn new(pings: Option<PingPong>, limits: &Connections, now: Instant) -> Self {
        Self {
            pings,
            limits: *limits,
            state: State::Quiet {
                ask_at: now + limits.keepalive_interval,
            },
        }
    }

    /// Something came from the client.
    pub(super) fn heard(&mut self, now: Instant) {
        if let State::Quiet { ask_at } = &mut self.state {
            *ask_at = now + self.limits.keepalive_interval;
        }
    }

    /// Asks or judges if it is time to. True if there is something to send.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: Instant, is_idle: bool) -> Result<bool, Error> {
        let Some(pings) = &mut self.pings else {
            return Ok(false);
        };
        let next = now + self.limits.keepalive_interval;
        match self.state {
            State::Quiet { ask_at } if ask_at > now => Ok(false),
            State::Quiet { .. } if is_idle => {
                self.state = State::Quiet { ask_at: next };
                Ok(false)
            }
            State::Quiet { .. } => {
                pings.send_ping(Ping::opaque())?;
                let until = now + self.limits.keepalive_timeout;
                self.state = State::Asked { until };
                // Registers for the answer.
                let _ = pings.poll_pong(cx)?;
                Ok(true)
            }
            State::Asked { until } => match pings.poll_pong(cx)? {
                Poll::Ready(_) => {
                    self.state = State::Quiet { ask_at: next };
                    Ok(false)
                }
                Poll::Pending if until <= now => Err(Error::Silent),
                Poll::Pending => Ok(false),
            },
        }
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        match self.state {
            State::Quiet { ask_at } => ask_at,
            State::Asked { until } => until,
        }
    }
}
