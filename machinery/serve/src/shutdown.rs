//! The server's end in its phases: a signal that every long-lived part waits for.
//! It decides nothing; the binary says when, the server and its parts act on it.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::feed::{Listeners, Listening, Signal};

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
    /// Who is signalled when connections are to close.
    listeners: Listeners,
}

impl Shutdown {
    /// A signal that is not given yet.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                phase: watch::Sender::new(Phase::Running),
                draining_since: OnceLock::new(),
                listeners: Listeners::default(),
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
        self.shared.listeners.tell();
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
        self.shared.listeners.listen(signal)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
