//! What runs: the standard library's atomics and locks, and arc-swap's pointers.
//! The shapes are those that `modelled` can have too, so values are reached through closures.

use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, fence};
pub(crate) use std::sync::{Mutex, MutexGuard};

/// A shared value that is replaced as a whole.
pub(crate) struct Swap<T>(arc_swap::ArcSwap<T>);

impl<T> Swap<T> {
    pub(crate) fn new(value: Arc<T>) -> Swap<T> {
        Swap(arc_swap::ArcSwap::new(value))
    }

    pub(crate) fn with<R>(&self, see: impl FnOnce(&T) -> R) -> R {
        see(&self.0.load())
    }

    pub(crate) fn full(&self) -> Arc<T> {
        self.0.load_full()
    }

    pub(crate) fn store(&self, value: Arc<T>) {
        self.0.store(value);
    }
}

/// The same, where there may be none.
pub(crate) struct SwapOption<T>(arc_swap::ArcSwapOption<T>);

impl<T> SwapOption<T> {
    pub(crate) fn new(value: Option<Arc<T>>) -> SwapOption<T> {
        SwapOption(arc_swap::ArcSwapOption::new(value))
    }

    pub(crate) fn with<R>(&self, see: impl FnOnce(Option<&Arc<T>>) -> R) -> R {
        see(self.0.load().as_ref())
    }

    pub(crate) fn full(&self) -> Option<Arc<T>> {
        self.0.load_full()
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        self.0.store(value);
    }
}

/// A place that is written once.
pub(crate) struct Once<T>(std::sync::OnceLock<T>);

impl<T> Once<T> {
    pub(crate) fn new() -> Once<T> {
        Once(std::sync::OnceLock::new())
    }

    /// Whoever sees the value sees all that its writer did before.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// False if it was written before.
    pub(crate) fn set(&self, value: T) -> bool {
        self.0.set(value).is_ok()
    }
}
