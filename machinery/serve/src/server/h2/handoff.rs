//! Where requests leave the feeds that they were answered with, for the connection's task to drive them.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use h2::server::SendResponse;

use crate::feed::{Owned, Signal};
use crate::server::idle::UnderWay;

/// A feed, and the stream that it goes to. The answer's head is sent by who takes it over: frames past h2 must not come before it.
pub(super) struct Arrival {
    pub(super) respond: SendResponse<Bytes>,
    pub(super) head: http::Response<()>,
    pub(super) feed: Owned,
    pub(super) under_way: UnderWay,
}

/// The feeds that the task has not taken over yet.
pub(super) struct Handoff {
    /// `None` once the connection is gone.
    arrivals: Mutex<Option<Vec<Arrival>>>,
    signal: Signal,
}

impl Handoff {
    /// The signal tells the task that something is there.
    pub(super) fn new(signal: Signal) -> Self {
        Self {
            arrivals: Mutex::new(Some(Vec::new())),
            signal,
        }
    }

    /// Leaves a feed; if the connection is gone, it is dropped.
    pub(super) fn leave(&self, arrival: Arrival) {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        match arrivals.as_mut() {
            Some(arrivals) => arrivals.push(arrival),
            None => {
                // What a feed does when it is dropped needs no lock of ours.
                drop(arrivals);
                drop(arrival);
                return;
            }
        }
        drop(arrivals);
        self.signal.notify();
    }

    /// Takes all.
    pub(super) fn take(&self) -> Vec<Arrival> {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = arrivals.take();
        drop(arrivals);
        drop(rest);
    }
}
