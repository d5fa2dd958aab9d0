//! The server's end: a signal that every long-lived part waits for.

use tokio::sync::watch;

/// Tells that the server is to stop. Clones share one signal.
#[derive(Clone, Debug)]
pub struct Shutdown {
    signal: watch::Sender<bool>,
}

impl Shutdown {
    /// A signal that is not given yet.
    pub fn new() -> Self {
        Self {
            signal: watch::Sender::new(false),
        }
    }

    /// Gives it.
    pub fn request(&self) {
        self.signal.send_replace(true);
    }

    /// Whether it was given.
    pub fn is_requested(&self) -> bool {
        *self.signal.borrow()
    }

    /// Returns when it is given.
    pub async fn requested(&self) {
        let mut signal = self.signal.subscribe();
        // The sender lives as long as self, so this cannot fail.
        let _ = signal.wait_for(|requested| *requested).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
