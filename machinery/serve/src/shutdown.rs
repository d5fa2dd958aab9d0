//! The server's end in its phases: a signal that every long-lived part waits for.
//! It decides nothing; the binary says when, the server and its parts act on it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::feed::Signal;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All is served.
    Running,
    /// The server is to stop: it says so in `/readyz` and leaves the endpoints, and still serves all.
    Requested,
    /// No new connections; watches end, requests that are under way finish.
    Draining,
}

/// Tells that the server is to stop. Clones share one signal.
#[derive(Clone, Debug)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    phase: watch::Sender<Phase>,
    draining_since: OnceLock<Instant>,
    listeners: Mutex<Listeners>,
}

/// Who is signalled when connections are to close: thousands of feeds, without a future for each.
#[derive(Debug, Default)]
struct Listeners {
    signals: Vec<Option<Signal>>,
    free: Vec<usize>,
}

/// A place among those that are told; left when dropped.
#[derive(Debug)]
pub struct Listening {
    shutdown: Shutdown,
    place: usize,
}

impl Shutdown {
    /// A signal that is not given yet.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                phase: watch::Sender::new(Phase::Running),
                draining_since: OnceLock::new(),
                listeners: Mutex::default(),
            }),
        }
    }

    /// Asks the server to stop.
    pub fn request(&self) {
        self.advance(Phase::Requested);
    }

    /// Begins to close connections.
    pub fn drain(&self) {
        self.shared.draining_since.get_or_init(Instant::now);
        self.advance(Phase::Draining);
        self.tell();
    }

    /// Whether the server was asked to stop.
    pub fn is_requested(&self) -> bool {
        *self.shared.phase.borrow() >= Phase::Requested
    }

    /// When connections were told to close, if they were.
    pub fn draining_since(&self) -> Option<Instant> {
        self.shared.draining_since.get().copied()
    }

    /// Returns when the server is asked to stop.
    pub async fn requested(&self) {
        self.reached(Phase::Requested).await;
    }

    /// Returns when connections are to close.
    pub async fn draining(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Signals when connections are to close, as long as the answer lives. Who asks looks at [`Self::draining_since`]
    /// afterwards: it may be too late for the signal.
    pub fn listen(&self, signal: Signal) -> Listening {
        let mut listeners = self.listeners();
        let place = match listeners.free.pop() {
            Some(place) => {
                listeners.signals[place] = Some(signal);
                place
            }
            None => {
                listeners.signals.push(Some(signal));
                listeners.signals.len() - 1
            }
        };
        drop(listeners);
        Listening {
            shutdown: self.clone(),
            place,
        }
    }

    fn tell(&self) {
        let listeners = self.listeners();
        // All are marked before the first is woken: one wake for each connection.
        let mut to_wake: Vec<&Signal> = listeners.signals.iter().flatten().collect();
        to_wake.retain(|signal| signal.mark());
        to_wake.into_iter().for_each(Signal::wake);
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.shared
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, to: Phase) {
        self.shared.phase.send_if_modified(|phase| {
            let is_later = *phase < to;
            *phase = to.max(*phase);
            is_later
        });
    }

    async fn reached(&self, wanted: Phase) {
        let mut phase = self.shared.phase.subscribe();
        // The sender lives as long as self, so this cannot fail.
        let _ = phase.wait_for(|phase| *phase >= wanted).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut listeners = self.shutdown.listeners();
        listeners.signals[self.place] = None;
        listeners.free.push(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::ReadySet;

    #[tokio::test]
    async fn phases_only_go_forward() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_requested());
        shutdown.drain();
        shutdown.request();
        shutdown.requested().await;
        shutdown.draining().await;
        assert!(shutdown.is_requested());
    }

    #[test]
    fn who_listens_is_signalled_until_it_leaves() {
        let shutdown = Shutdown::new();
        let set = ReadySet::new(3);
        let [first, second] = [0, 1].map(|slot| shutdown.listen(set.signal(slot)));
        drop(first);
        let third = shutdown.listen(set.signal(2));
        shutdown.drain();
        let mut signalled = Vec::new();
        set.drain(|slot| signalled.push(slot));
        assert_eq!(signalled, [1, 2]);
        drop((second, third));
        assert_eq!(shutdown.listeners().free.len(), 2);
    }
}
