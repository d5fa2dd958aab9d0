//! Write buffers that connections borrow while they have something to write. Idle connections hold none.

use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::{CORK_BUFFERS_KEPT_MAX, CORK_BYTES};

/// The buffers that nobody uses now.
#[derive(Debug, Default)]
pub(in crate::server) struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    pub(in crate::server) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// An empty one, which holds [`CORK_BYTES`] without growing.
    pub(super) fn take(&self) -> Vec<u8> {
        let kept = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Vec::with_capacity(CORK_BYTES))
    }

    /// Gives it back.
    pub(super) fn put(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.capacity() == CORK_BYTES && free.len() < CORK_BUFFERS_KEPT_MAX {
            free.push(buffer);
        }
    }
}
