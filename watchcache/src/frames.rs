//! The encodings of one event: each is made once, by the first watcher that wants it, and shared by all others.
//! Which forms there are is not known here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use render::watch::Kind;

use crate::limits::FRAMES_BYTES_MAX;

/// A form in which watchers of one resource read events; numbers are given by [`crate::forms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormId(pub u32);

/// One encoding of an event: its form, and what it says of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameKey {
    /// In which form.
    pub form: FormId,
    /// As an event of this type.
    pub kind: Kind,
}

/// What encodings of all events may hold together.
#[derive(Debug)]
pub struct FrameBudget {
    held: AtomicUsize,
    bytes_max: usize,
}

/// The budget of the process.
pub fn budget() -> &'static FrameBudget {
    static BUDGET: FrameBudget = FrameBudget::new(FRAMES_BYTES_MAX);
    &BUDGET
}

impl FrameBudget {
    /// At most so many bytes.
    pub const fn new(bytes_max: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            bytes_max,
        }
    }

    /// What is held now.
    pub fn held_bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether it is time to let go of some.
    pub fn is_half_full(&self) -> bool {
        self.held_bytes() > self.bytes_max / 2
    }

    /// Takes room if there is some. Two that come at once may both take the last of it: the limit is one of order.
    fn take(&self, bytes: usize) -> bool {
        let has_room = self.held_bytes().saturating_add(bytes) <= self.bytes_max;
        if has_room {
            self.held.fetch_add(bytes, Ordering::Relaxed);
        }
        has_room
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The encodings of one event. Nobody waits for another's, but for the one that he wants himself and that is being made.
#[derive(Debug, Default)]
pub struct Frames {
    first: ArcSwapOption<Node>,
}

/// A list that only grows: one node a form, and there are few.
#[derive(Debug)]
struct Node {
    key: FrameKey,
    /// Empty inside when it is not kept.
    frame: OnceLock<Option<Held>>,
    next: OnceLock<Box<Node>>,
}

/// An encoding and the budget that it counts in.
#[derive(Debug)]
struct Held {
    frame: Bytes,
    budget: &'static FrameBudget,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back(self.frame.len());
    }
}

impl Frames {
    /// The encoding for `key`, made by `make` if it is not there. What came when the budget was used up, and errors, are not
    /// kept: they are made again for each who asks.
    pub fn get<E>(
        &self,
        key: FrameKey,
        budget: &'static FrameBudget,
        make: impl Fn() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let mut first = self.first.load();
        while first.is_none() {
            self.first
                .compare_and_swap(&None::<Arc<Node>>, Some(Arc::new(Node::new(key))));
            first = self.first.load();
        }
        let Some(first) = &*first else { return make() };
        let mut unheld = None;
        let held = first.of(key).frame.get_or_init(|| match make() {
            Ok(frame) if budget.take(frame.len()) => Some(Held { frame, budget }),
            other => {
                unheld = Some(other);
                None
            }
        });
        match held {
            Some(held) => Ok(held.frame.clone()),
            None => unheld.unwrap_or_else(make),
        }
    }

    /// Lets go of all: who is late has its own made.
    pub fn clear(&self) {
        self.first.store(None);
    }

    /// How many encodings were made and are kept.
    pub fn held(&self) -> usize {
        let first = self.first.load();
        std::iter::successors(first.as_deref(), |node| node.next.get().map(Box::as_ref))
            .filter(|node| matches!(node.frame.get(), Some(Some(_))))
            .count()
    }
}

impl Node {
    fn new(key: FrameKey) -> Self {
        Self {
            key,
            frame: OnceLock::new(),
            next: OnceLock::new(),
        }
    }

    /// The node for `key`, here or behind, new if there is none.
    fn of(&self, key: FrameKey) -> &Self {
        let mut node = self;
        while node.key != key {
            node = node.next.get_or_init(|| Box::new(Self::new(key)));
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    static BUDGET: FrameBudget = FrameBudget::new(5);

    fn key(form: u32) -> FrameKey {
        FrameKey {
            form: FormId(form),
            kind: Kind::Added,
        }
    }

    #[test]
    fn each_form_is_made_once_within_the_budget_and_given_back() {
        let made = Cell::new(0);
        let frames = Frames::default();
        let get = |form, text: &'static str| {
            let made = &made;
            frames.get(key(form), &BUDGET, move || {
                made.set(made.get() + 1);
                Ok::<_, ()>(Bytes::from_static(text.as_bytes()))
            })
        };
        for _ in 0..3 {
            assert_eq!(get(1, "abc"), Ok(Bytes::from_static(b"abc")));
        }
        assert_eq!((made.get(), BUDGET.held_bytes()), (1, 3));
        // No room for this one: it is made for each.
        for _ in 0..3 {
            assert_eq!(get(2, "defg"), Ok(Bytes::from_static(b"defg")));
        }
        assert_eq!((made.get(), frames.held()), (4, 1));
        assert_eq!(frames.get(key(3), &BUDGET, || Err(7)), Err(7));
        frames.clear();
        assert_eq!((frames.held(), BUDGET.held_bytes()), (0, 0));
        assert_eq!(get(1, "abc"), Ok(Bytes::from_static(b"abc")));
        assert_eq!((made.get(), frames.held()), (5, 1));
        drop(frames);
        assert_eq!(BUDGET.held_bytes(), 0);
    }
}
