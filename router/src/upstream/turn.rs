//! A turn of a member's connection: while it reads, the clients' connections that it has something for are marked and not woken; at the
//! end each is woken once, and finds the frames of all its streams. It is of a thread, since a turn does not leave its own.

use std::cell::RefCell;

use serve::feed::Signal;

thread_local! {
    /// Who is to be woken at the end; none between turns.
    static TO_WAKE: RefCell<Option<Vec<Signal>>> = const { RefCell::new(None) };
}

/// Marks its feed at once; wakes the feed's connection when the turn is over, or now if there is none.
pub(super) struct Mark(Signal);

/// Takes a turn.
pub(super) fn take<T>(poll: impl FnOnce() -> T) -> T {
    // A turn within a turn is a part of it.
    if TO_WAKE.with_borrow(Option::is_some) {
        return poll();
    }
    TO_WAKE.set(Some(Vec::new()));
    let _end = End;
    poll()
}

/// Ends the turn, also where it panics.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        let to_wake = TO_WAKE.take();
        to_wake.iter().flatten().for_each(Signal::wake);
    }
}

impl Mark {
    pub(super) fn new(signal: Signal) -> Self {
        Self(signal)
    }

    /// There is something for the feed.
    pub(super) fn mark(&self) {
        if !self.0.mark() {
            return;
        }
        let is_put_off = TO_WAKE.with_borrow_mut(|to_wake| {
            let to_wake = to_wake.as_mut();
            to_wake.map(|to_wake| to_wake.push(self.0.clone())).is_some()
        });
        if !is_put_off {
            self.0.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serve::feed::ReadySet;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Marks of two slots of a connection, and how often the connection was woken.
    fn connection() -> ([Mark; 2], Arc<ReadySet>, Arc<Woken>) {
        let (set, woken) = (ReadySet::new(2), Arc::new(Woken::default()));
        set.register(&Waker::from(woken.clone()));
        let marks = [0, 1].map(|slot| Mark::new(set.signal(slot)));
        (marks, set, woken)
    }

    #[test]
    fn a_connection_is_woken_once_and_when_the_turn_is_over() {
        let ([first, second], set, woken) = connection();
        take(|| {
            first.mark();
            take(|| second.mark());
            assert!(set.is_dirty());
            assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        });
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        let mut marked = Vec::new();
        set.drain(|slot| marked.push(slot));
        assert_eq!(marked, [0, 1]);
    }

    #[test]
    fn between_turns_it_is_woken_at_once() {
        let ([first, _], _, woken) = connection();
        first.mark();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_turn_that_panics_wakes_too() {
        let ([first, _], _, woken) = connection();
        let turn = std::panic::AssertUnwindSafe(|| {
            take(|| {
                first.mark();
                panic!("in a turn");
            })
        });
        assert!(std::panic::catch_unwind(turn).is_err());
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }
}
