//! What the connections of a thread share, because one is read at a time: memory that is warm when the next one is read. What is read is
//! not its affair.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Log, Recent};
use crate::limits;

/// What is shared.
pub(super) struct Scratch {
    /// What is read into.
    pub input: Vec<u8>,
    /// The events that came last.
    pub recent: Recent,
    /// The record.
    pub log: Log,
}

/// It lies here while nobody needs it, which is whenever a task waits.
#[derive(Clone)]
pub(super) struct Desk(Arc<Mutex<Scratch>>);

impl Desk {
    /// An empty one.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Scratch {
            input: vec![0; limits::READ_BUFFER_BYTES],
            recent: Recent::default(),
            log: Log::default(),
        })))
    }

    /// Takes it up; not across an await.
    pub fn scratch(&self) -> MutexGuard<'_, Scratch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
