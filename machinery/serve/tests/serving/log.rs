//! A log with many readers, each a feed that is a cursor in it: what a watch is to the server. All its readers are about the same.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serve::feed::{Feed, Multicast, Place, Signal, Step, Told, Topic};
use tokio::sync::watch;
use tokio::time::Instant;

/// The log.
#[derive(Default)]
pub struct Log {
    chunks: Mutex<Vec<Bytes>>,
    /// Who waits, by the number of its reader.
    readers: Mutex<HashMap<usize, Signal>>,
    numbers: AtomicUsize,
    /// How many readers there are.
    count: watch::Sender<usize>,
    /// How many chunks were pulled by all.
    pulled: AtomicUsize,
    /// What a reader says when the server drains.
    farewell: Option<&'static str>,
    /// After which time a reader says something by itself.
    alarm: Option<Duration>,
    /// Each reader is to be asked by itself.
    is_apart: bool,
}

/// A cursor.
pub struct Cursor {
    log: Arc<Log>,
    number: usize,
    next: usize,
    alarm_at: Option<Instant>,
    is_leaving: bool,
}

impl Log {
    pub fn with_farewell(text: &'static str) -> Arc<Self> {
        Arc::new(Self {
            farewell: Some(text),
            ..Self::default()
        })
    }

    pub fn with_alarm(after: Duration) -> Arc<Self> {
        Arc::new(Self {
            alarm: Some(after),
            ..Self::default()
        })
    }

    pub fn apart() -> Arc<Self> {
        Arc::new(Self {
            is_apart: true,
            ..Self::default()
        })
    }

    /// Adds chunks, marks all readers, wakes each connection once.
    pub fn publish<B: Into<Bytes>>(&self, chunks: impl IntoIterator<Item = B>) {
        let chunks = chunks.into_iter().map(Into::into);
        self.chunks.lock().expect("no panic").extend(chunks);
        let readers = self.readers.lock().expect("no panic");
        let mut to_wake: Vec<_> = readers.values().collect();
        to_wake.retain(|signal| signal.mark());
        to_wake.into_iter().for_each(Signal::wake);
    }

    /// A feed from the log's beginning.
    pub fn cursor(self: &Arc<Self>) -> Cursor {
        self.count.send_modify(|count| *count += 1);
        Cursor {
            log: Arc::clone(self),
            number: self.number(),
            next: 0,
            alarm_at: self.alarm.map(|after| Instant::now() + after),
            is_leaving: false,
        }
    }

    /// Returns when there are so many readers.
    pub async fn until_read_by(&self, count: usize) {
        let mut counts = self.count.subscribe();
        let reached = counts.wait_for(|now| *now == count);
        let reached = tokio::time::timeout(super::PATIENCE, reached).await;
        let _ = reached
            .unwrap_or_else(|_| panic!("{} readers instead of {count}", *self.count.borrow()))
            .expect("the log lives");
    }

    fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn has_more_than(&self, count: usize) -> bool {
        self.chunks.lock().expect("no panic").len() > count
    }

    fn wait(&self, number: usize, signal: Signal) {
        self.readers.lock().expect("no panic").insert(number, signal);
    }

    fn wait_no_more(&self, number: usize) {
        self.readers.lock().expect("no panic").remove(&number);
    }

    /// How often readers, or those who speak for many, pulled a chunk.
    pub fn pulled(&self) -> usize {
        self.pulled.load(Ordering::Relaxed)
    }
}

impl Feed for Cursor {
    fn adopt(&mut self, signal: Signal) {
        self.log.wait(self.number, signal);
    }

    fn next(&mut self, now: Instant) -> Step {
        if self.is_leaving {
            return match self.log.farewell {
                Some(text) if self.next != usize::MAX => {
                    self.next = usize::MAX;
                    Step::Chunk(text.into())
                }
                _ => Step::End,
            };
        }
        if self.alarm_at.is_some_and(|at| at <= now) {
            self.alarm_at = None;
            return Step::Chunk("alarm".into());
        }
        let chunks = self.log.chunks.lock().expect("no panic");
        let Some(chunk) = chunks.get(self.next) else {
            return Step::Idle;
        };
        self.next += 1;
        self.log.pulled.fetch_add(1, Ordering::Relaxed);
        match chunk.as_ref() {
            b"end" => Step::End,
            b"fail" => Step::Failed("on purpose".into()),
            b"panic" => panic!("on purpose"),
            _ => Step::Chunk(chunk.clone()),
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.alarm_at
    }

    fn finish(&mut self) {
        self.is_leaving = true;
    }

    fn topic(&self) -> Option<Topic> {
        (!self.log.is_apart && !self.is_leaving).then(|| Topic([Arc::as_ptr(&self.log).addr(); 3]))
    }

    fn multicast(&self) -> Option<Box<dyn Multicast>> {
        Some(Box::new(Speaker {
            log: Arc::clone(&self.log),
            number: self.log.number(),
            next: self.next,
        }))
    }

    fn join(&mut self) -> bool {
        let is_through = !self.log.has_more_than(self.next);
        if is_through {
            self.log.wait_no_more(self.number);
        }
        is_through
    }

    fn leave(&mut self, place: Place, signal: Signal) {
        self.next = usize::try_from(place.position).expect("small");
        self.log.wait(self.number, signal);
    }
}

/// Speaks for readers of one connection.
struct Speaker {
    log: Arc<Log>,
    number: usize,
    next: usize,
}

impl Multicast for Speaker {
    fn adopt(&mut self, signal: Signal) {
        self.log.wait(self.number, signal);
    }

    fn next(&mut self, _: Instant) -> Told {
        let chunk = self.log.chunks.lock().expect("no panic").get(self.next).cloned();
        let Some(chunk) = chunk else { return Told::Idle };
        if chunk.as_ref() == b"panic" {
            panic!("on purpose");
        }
        if matches!(chunk.as_ref(), b"end" | b"fail") {
            return Told::Part;
        }
        self.next += 1;
        self.log.pulled.fetch_add(1, Ordering::Relaxed);
        Told::Chunk(chunk)
    }

    fn is_behind(&self) -> bool {
        self.log.has_more_than(self.next)
    }

    fn place(&self) -> Place {
        Place {
            position: self.next as u64,
            revision: 0,
        }
    }

    fn sent(&mut self, _: usize) {}
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.log.wait_no_more(self.number);
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.log.wait_no_more(self.number);
        self.log.count.send_modify(|count| *count -= 1);
    }
}
