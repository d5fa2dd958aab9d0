//! Publishes the same frame to all feeds, each of which is a position.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serve::feed::{Feed, Signal, Step};
use shardplane_serve as serve;
use tokio::time::Instant;

/// What is watched.
pub struct Publisher {
    frame: Bytes,
    last: AtomicU64,
    readers: Mutex<Vec<Signal>>,
    count: AtomicUsize,
    pulled: AtomicU64,
}

/// One feed.
pub struct Cursor {
    publisher: Arc<Publisher>,
    next: u64,
}

impl Publisher {
    pub fn new(frame: Bytes) -> Self {
        Self {
            frame,
            last: AtomicU64::new(0),
            readers: Mutex::default(),
            count: AtomicUsize::new(0),
            pulled: AtomicU64::new(0),
        }
    }

    pub fn cursor(self: &Arc<Self>) -> Cursor {
        self.count.fetch_add(1, Ordering::Relaxed);
        Cursor {
            publisher: Arc::clone(self),
            next: self.last.load(Ordering::Acquire),
        }
    }

    /// One event for all: marks them, then wakes each connection once.
    pub fn publish(&self) {
        self.last.fetch_add(1, Ordering::Release);
        let readers = self.readers.lock().expect("no panic");
        let mut to_wake: Vec<_> = readers.iter().collect();
        to_wake.retain(|signal| signal.mark());
        to_wake.into_iter().for_each(Signal::wake);
    }

    pub fn pulled(&self) -> u64 {
        self.pulled.load(Ordering::Relaxed)
    }

    pub async fn until_read_by(&self, count: usize) {
        while self.count.load(Ordering::Relaxed) != count
            || self.readers.lock().expect("no panic").len() < count
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns when so many frames were pulled.
    pub async fn until_pulled(&self, frames: u64) {
        while self.pulled() < frames {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Feed for Cursor {
    fn adopt(&mut self, signal: Signal) {
        self.publisher.readers.lock().expect("no panic").push(signal);
    }

    fn next(&mut self, _: Instant) -> Step {
        if self.next >= self.publisher.last.load(Ordering::Acquire) {
            return Step::Idle;
        }
        self.next += 1;
        self.publisher.pulled.fetch_add(1, Ordering::Relaxed);
        Step::Chunk(self.publisher.frame.clone())
    }

    fn wake_at(&self) -> Option<Instant> {
        None
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.publisher.count.fetch_sub(1, Ordering::Relaxed);
    }
}
