//! A run of slots, each written once, and what a slot holds.
//! It does not know which of its slots are published: that is the head's affair.

use crate::bucket::{Bucket, Link};
use crate::sync::{Arc, Once};

/// An event and what the ring knows of it.
pub(crate) struct Entry<T, W> {
    pub(crate) event: Arc<T>,
    pub(crate) revision: i64,
    pub(crate) published_ms: u64,
    pub(crate) links: Box<[Link<W>]>,
}

impl<T, W> Entry<T, W> {
    /// The event's place in one of its buckets. An event has a handful of buckets, so this looks at each.
    pub(crate) fn link(&self, bucket: &Arc<Bucket<W>>) -> Option<&Link<W>> {
        self.links.iter().find(|link| Arc::ptr_eq(&link.bucket, bucket))
    }
}

pub(crate) struct Segment<T, W> {
    first: u64,
    slots: Box<[Once<Entry<T, W>>]>,
}

impl<T, W> Segment<T, W> {
    pub(crate) fn new(first: u64, slots: usize) -> Segment<T, W> {
        Segment {
            first,
            slots: (0..slots).map(|_| Once::new()).collect(),
        }
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn get(&self, position: u64) -> Option<&Entry<T, W>> {
        let slot = usize::try_from(position.checked_sub(self.first)?).ok()?;
        self.slots.get(slot)?.get()
    }

    /// Fills a slot; the writer gives each position once, to the segment that has a slot for it.
    pub(crate) fn fill(&self, position: u64, entry: Entry<T, W>) {
        let slot = usize::try_from(position - self.first).expect("a slot of this segment");
        let first = self.slots[slot].set(entry);
        debug_assert!(first, "a slot is written once");
    }

    /// What the slots hold that were filled, oldest first.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry<T, W>> {
        self.slots.iter().filter_map(Once::get)
    }
}
