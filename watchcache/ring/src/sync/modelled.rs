//! What loom explores: its atomics and locks, and stand-ins for what it has none of.
//! The stand-ins keep the weakness of the real ones: a reader may see an older pointer, or an empty place, unless something
//! else makes the newer one visible to it. A lock in their place would hide just that.

use std::sync::Arc;
use std::sync::{Mutex as Plain, OnceLock, PoisonError};

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, fence};
pub(crate) use loom::sync::{Mutex, MutexGuard};

use super::Ordering;

/// All values that a pointer ever had, and an atomic that says which one it has.
/// The list itself is no part of the model: it is behind a lock that loom does not see and nobody waits for.
struct Versions<V> {
    all: Plain<Vec<V>>,
    current: AtomicUsize,
}

impl<V: Clone> Versions<V> {
    fn new(value: V) -> Versions<V> {
        Versions {
            all: Plain::new(vec![value]),
            current: AtomicUsize::new(0),
        }
    }

    fn get(&self) -> V {
        let current = self.current.load(Ordering::Acquire);
        self.all.lock().unwrap_or_else(PoisonError::into_inner)[current].clone()
    }

    fn set(&self, value: V) {
        let newest = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(value);
            all.len() - 1
        };
        self.current.swap(newest, Ordering::AcqRel);
    }
}

pub(crate) struct Swap<T>(Versions<Arc<T>>);

impl<T> Swap<T> {
    pub(crate) fn new(value: Arc<T>) -> Swap<T> {
        Swap(Versions::new(value))
    }

    pub(crate) fn with<R>(&self, see: impl FnOnce(&T) -> R) -> R {
        see(&self.0.get())
    }

    pub(crate) fn full(&self) -> Arc<T> {
        self.0.get()
    }

    pub(crate) fn store(&self, value: Arc<T>) {
        self.0.set(value);
    }
}

pub(crate) struct SwapOption<T>(Versions<Option<Arc<T>>>);

impl<T> SwapOption<T> {
    pub(crate) fn new(value: Option<Arc<T>>) -> SwapOption<T> {
        SwapOption(Versions::new(value))
    }

    pub(crate) fn with<R>(&self, see: impl FnOnce(Option<&Arc<T>>) -> R) -> R {
        see(self.0.get().as_ref())
    }

    pub(crate) fn full(&self) -> Option<Arc<T>> {
        self.0.get()
    }

    pub(crate) fn store(&self, value: Option<Arc<T>>) {
        self.0.set(value);
    }
}

pub(crate) struct Once<T> {
    value: OnceLock<T>,
    set: AtomicBool,
}

impl<T> Once<T> {
    pub(crate) fn new() -> Once<T> {
        Once {
            value: OnceLock::new(),
            set: AtomicBool::new(false),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.set.load(Ordering::Acquire) {
            self.value.get()
        } else {
            None
        }
    }

    pub(crate) fn set(&self, value: T) -> bool {
        let first = self.value.set(value).is_ok();
        self.set.store(true, Ordering::Release);
        first
    }
}
