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
    /// What came alone and is others' too; only where `bytes` is empty.
    shared: Bytes,
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
        let shared = std::mem::take(&mut state.shared);
        if !shared.is_empty() {
            return Some(shared);
        }
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

    /// All of a frame that others have too; as [`Self::begin`].
    pub(super) fn put_shared(&self, bytes: &Bytes) -> bool {
        let mut state = self.lock();
        if !state.count(bytes.len()) {
            return false;
        }
        let reader = match state.is_empty() {
            true => {
                state.shared = bytes.clone();
                state.reader.clone()
            }
            false => state.put(bytes),
        };
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
    fn is_empty(&self) -> bool {
        self.shared.is_empty() && self.bytes.is_empty()
    }

    fn begin(&mut self, length: usize) -> bool {
        if self.is_empty() {
            self.bytes.reserve_exact(length);
        }
        self.count(length)
    }

    fn count(&mut self, length: usize) -> bool {
        self.unreleased += length;
        self.unreleased <= STREAM_WINDOW_BYTES as usize
    }

    /// Who is to be told: whoever has not taken what was there before was.
    fn put(&mut self, bytes: &[u8]) -> Option<Arc<dyn Wakes>> {
        let was_empty = self.is_empty();
        let shared = std::mem::take(&mut self.shared);
        self.bytes.extend_from_slice(&shared);
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
    fn shared_bytes_keep_their_place_among_others() {
        let (lane, told) = (Lane::default(), Arc::new(Told::default()));
        lane.read_by(told.clone());
        let shared = Bytes::from_static(b"shared ");
        assert!(lane.put_shared(&shared));
        // Alone they are not copied.
        assert_eq!(lane.take().map(|bytes| bytes.as_ptr()), Some(shared.as_ptr()));
        lane.put(b"one ");
        assert!(lane.put_shared(&shared) && lane.put_shared(&shared));
        assert_eq!(lane.take().as_deref(), Some(&b"one shared shared "[..]));
        assert!(lane.put_shared(&shared));
        lane.put(b"two");
        assert_eq!(lane.take().as_deref(), Some(&b"shared two"[..]));
        assert_eq!(lane.take(), None);
        assert_eq!(told.0.load(Ordering::Relaxed), 3);
        let most = Bytes::from(vec![0; STREAM_WINDOW_BYTES as usize]);
        assert!(!lane.put_shared(&most));
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
