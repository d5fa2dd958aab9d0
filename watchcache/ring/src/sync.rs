//! The atomics, locks and swapped pointers of this crate, in one place so that loom can take theirs.
//! It holds no rule of the ring: what is ordered before what is said where it is used.

#[cfg(loom)]
mod modelled;
#[cfg(not(loom))]
mod real;

#[cfg(loom)]
pub(crate) use modelled::*;
#[cfg(not(loom))]
pub(crate) use real::*;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::PoisonError;
pub(crate) use std::sync::atomic::Ordering;

/// Locks. What a lock guards here is whole after each statement, so a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
