//! What came for one watch and its client has not taken yet: one run of bytes, however many frames it came in. It is at most as long as the
//! stream's window, and has no memory when it is empty.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::limits::STREAM_WINDOW_BYTES;

/// The bytes of a watch between its member's connection and its client's.
#[derive(Default)]
pub(in crate::upstream) struct Lane(Mutex<State>);

/// Is told when a lane that was empty has something.
pub(in crate::upstream) trait Wakes: Send + Sync {
    /// Something came.
    fn wake(&self);
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// What came and the member was not let send again yet.
    unreleased: usize,
    reader: Option<Arc<dyn Wakes>>,
}

impl Lane {
    /// Who reads it from now on. What is there already is not told.
    pub(in crate::upstream) fn read_by(&self, reader: Arc<dyn Wakes>) {
        self.lock().reader = Some(reader);
    }

    /// All that there is; none if that is nothing.
    pub(in crate::upstream) fn take(&self) -> Option<Bytes> {
        let mut state = self.lock();
        let bytes = std::mem::take(&mut state.bytes);
        drop(state);
        (!bytes.is_empty()).then(|| bytes.into())
    }

    /// A frame of so many bytes begins. False if the member sends more than it may.
    pub(super) fn begin(&self, length: usize) -> bool {
        self.lock().begin(length)
    }

    /// Bytes of the frame that was begun.
    pub(super) fn put(&self, bytes: &[u8]) {
        let reader = self.lock().put(bytes);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// All of a frame; as [`Self::begin`].
    pub(super) fn put_whole(&self, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        if !state.begin(bytes.len()) {
            return false;
        }
        let reader = state.put(bytes);
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        true
    }

    /// The member may send so much again.
    pub(super) fn release(&self, count: usize) {
        let mut state = self.lock();
        state.unreleased = state.unreleased.saturating_sub(count);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, length: usize) -> bool {
        self.unreleased += length;
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(length);
        }
        self.unreleased <= STREAM_WINDOW_BYTES as usize
    }

    /// Who is to be told: whoever has not taken what was there before was.
    fn put(&mut self, bytes: &[u8]) -> Option<Arc<dyn Wakes>> {
        let was_empty = self.bytes.is_empty();
        self.bytes.extend_from_slice(bytes);
        (was_empty && !bytes.is_empty())
            .then(|| self.reader.clone())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Told(AtomicUsize);

    impl Wakes for Told {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_reads_is_told_once_for_all_that_came() {
        let (lane, told) = (Lane::default(), Arc::new(Told::default()));
        lane.read_by(told.clone());
        for text in ["one ", "", "two"] {
            assert!(lane.begin(text.len()));
            lane.put(text.as_bytes());
        }
        assert_eq!(told.0.load(Ordering::Relaxed), 1);
        assert_eq!(lane.take().as_deref(), Some(&b"one two"[..]));
        assert_eq!(lane.take(), None);
        lane.put(b"three");
        assert_eq!(told.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_member_that_sends_more_than_it_may_is_found_out() {
        let lane = Lane::default();
        assert!(lane.begin(STREAM_WINDOW_BYTES as usize));
        lane.release(1);
        assert!(lane.begin(1));
        assert!(!lane.begin(1));
    }
}
