//! Which slots of a connection have something to do, and how its task is woken: lock-free, nothing allocated once it is made.
//! What a slot stands for is its owner's to say.
//!
//! Why no wake is lost. A marker sets its slot's bit, then exchanges `dirty` for true; if that was false it owes a wake. The
//! owner exchanges `dirty` for false, then takes the bits. All exchanges of `dirty` are ordered one after the other:
//! - A marker's exchange before the owner's: the owner reads what it or a later exchange released (a chain of exchanges is one
//!   release sequence), so it sees the bit.
//! - After the owner's: it, or another marker between the two, found false and wakes the owner, who then drains again.
//!
//! The owner sleeps by registering its waker and then looking at `dirty`. Either a wake that is owed finds the waker, or it came
//! before the registration, which then sees all that went before it: [`AtomicWaker`] promises one of the two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

const BITS: u32 = u64::BITS;

/// A bit for each slot of a connection, and the waker of its task.
#[derive(Debug)]
pub struct ReadySet {
    words: Box<[AtomicU64]>,
    dirty: AtomicBool,
    waker: AtomicWaker,
}

/// One slot of a [`ReadySet`]: what a feed is given to tell that there is something to pull.
///
/// It outlives the feed that it was given to without harm: its slot's next user is asked once too often.
#[derive(Clone, Debug)]
pub struct Signal {
    set: Arc<ReadySet>,
    slot: u32,
}

impl ReadySet {
    /// With slots from 0 up to this number.
    pub fn new(slots: u32) -> Arc<Self> {
        Arc::new(Self {
            words: (0..slots.div_ceil(BITS)).map(|_| AtomicU64::new(0)).collect(),
            dirty: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        })
    }

    /// The signal of one slot, which must be one of the set's.
    pub fn signal(self: &Arc<Self>, slot: u32) -> Signal {
        assert!(
            ((slot / BITS) as usize) < self.words.len(),
            "the slot is one of the set's"
        );
        Signal {
            set: Arc::clone(self),
            slot,
        }
    }

    /// The owner's task, woken from now on. What was marked before is not told: look at [`Self::is_dirty`] afterwards.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Whether something was marked since the last drain.
    pub fn is_dirty(&self) -> bool {
        self.dirty.load(Ordering::Acquire)
    }

    /// Takes all marks and visits their slots, in order.
    pub fn drain(&self, mut visit: impl FnMut(u32)) {
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return;
        }
        for (index, word) in (0..).zip(&self.words) {
            // Most words are empty, and to look costs less than to exchange. A bit that this misses was set by a marker whose
            // exchange of `dirty` comes after ours.
            if word.load(Ordering::Acquire) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::AcqRel);
            while bits != 0 {
                visit(index * BITS + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

impl Signal {
    /// Marks the slot. True if nothing was marked since its connection last drained: then somebody must [`Self::wake`] it.
    ///
    /// Who publishes to many watches marks all of them first and wakes afterwards, so that each connection is woken once.
    #[must_use = "who marks first must wake"]
    pub fn mark(&self) -> bool {
        let word = &self.set.words[(self.slot / BITS) as usize];
        word.fetch_or(1 << (self.slot % BITS), Ordering::AcqRel);
        !self.set.dirty.swap(true, Ordering::AcqRel)
    }

    /// Wakes the connection's task.
    pub fn wake(&self) {
        self.set.waker.wake();
    }

    /// Marks, and wakes if that is needed.
    pub fn notify(&self) {
        if self.mark() {
            self.wake();
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn one_wake_serves_many_marks() {
        let set = ReadySet::new(200);
        assert!(set.signal(130).mark());
        assert!(!set.signal(3).mark());
        assert!(!set.signal(3).mark());
        let mut seen = Vec::new();
        set.drain(|slot| seen.push(slot));
        assert_eq!(seen, [3, 130]);
        assert!(!set.is_dirty());
        assert!(set.signal(0).mark());
    }

    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// Each marker waits until its mark was seen before it marks again, so one lost wake stops the test.
    #[test]
    fn no_wake_is_lost_between_threads() {
        const MARKERS: u32 = 4;
        const ROUNDS: u32 = 1_000;
        let set = ReadySet::new(MARKERS * BITS);
        let seen: Arc<Vec<AtomicU32>> = Arc::new((0..MARKERS).map(|_| AtomicU32::new(0)).collect());
        let markers: Vec<_> = (0..MARKERS)
            .map(|marker| {
                let (signal, seen) = (set.signal(marker * BITS + marker), Arc::clone(&seen));
                std::thread::spawn(move || {
                    for round in 0..ROUNDS {
                        if round % 3 == 0 {
                            // Late, as a publisher does it.
                            let is_first = signal.mark();
                            std::thread::yield_now();
                            if is_first {
                                signal.wake();
                            }
                        } else {
                            signal.notify();
                        }
                        while seen[marker as usize].load(Ordering::Acquire) <= round {
                            std::thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut total = 0;
        while total < MARKERS * ROUNDS {
            set.register(&waker);
            if !set.is_dirty() {
                // Only a lost wake lets this time pass.
                let begun = std::time::Instant::now();
                std::thread::park_timeout(std::time::Duration::from_secs(20));
                assert!(
                    begun.elapsed().as_secs() < 20,
                    "a wake was lost after {total} marks"
                );
            }
            set.drain(|slot| {
                seen[(slot / BITS) as usize].fetch_add(1, Ordering::Release);
                total += 1;
            });
        }
        for marker in markers {
            marker.join().expect("no panic");
        }
    }
}
