//! Which segments a ring holds: a list that is never changed, only replaced by another.
//! It does not say how far the newest segment is filled and published.

use crate::segment::{Entry, Segment};
use crate::sync::Arc;

pub(crate) struct Directory<T, W> {
    /// The oldest position that is held; the one after the head where none is.
    pub(crate) tail: u64,
    /// The revision of the last event before the tail: of what was dropped, or where the ring began.
    pub(crate) floor_revision: i64,
    /// Where the ring began, or began again after a gap: of what was before, nobody knows in which bucket it was.
    pub(crate) began_revision: i64,
    /// By first position, beside which it stands so that a search stays in one piece of memory.
    segments: Vec<(u64, Arc<Segment<T, W>>)>,
}

/// The newest event that is not held, or where nothing was known yet.
#[derive(Clone, Copy)]
pub(crate) struct Floor {
    pub(crate) position: u64,
    pub(crate) revision: i64,
}

impl<T, W> Directory<T, W> {
    pub(crate) fn empty(tail: u64, floor_revision: i64) -> Directory<T, W> {
        Directory {
            tail,
            floor_revision,
            began_revision: floor_revision,
            segments: Vec::new(),
        }
    }

    /// This one and a segment more.
    pub(crate) fn grown(&self, first: u64, segment: Arc<Segment<T, W>>) -> Directory<T, W> {
        let mut segments = Vec::with_capacity(self.segments.len() + 1);
        segments.extend(self.segments.iter().cloned());
        segments.push((first, segment));
        Directory {
            tail: self.tail,
            floor_revision: self.floor_revision,
            began_revision: self.began_revision,
            segments,
        }
    }

    /// This one without its oldest segments. `end` is the position after the newest event, the tail of what is then empty.
    pub(crate) fn shrunk(&self, dropped: usize, end: u64) -> Directory<T, W> {
        let segments = self.segments[dropped..].to_vec();
        let newest_dropped = self.segments[..dropped]
            .last()
            .and_then(|(_, segment)| segment.entries().next_back());
        Directory {
            tail: segments.first().map_or(end, |(first, _)| *first),
            floor_revision: newest_dropped.map_or(self.floor_revision, |entry| entry.revision),
            began_revision: self.began_revision,
            segments,
        }
    }

    /// What is before all that is held.
    pub(crate) fn floor(&self) -> Floor {
        Floor {
            position: self.tail - 1,
            revision: self.floor_revision,
        }
    }

    /// The segments that the other one no longer has, oldest first.
    pub(crate) fn oldest(&self, count: usize) -> impl Iterator<Item = &Segment<T, W>> {
        self.segments[..count].iter().map(|(_, segment)| &**segment)
    }

    pub(crate) fn newest(&self) -> Option<&(u64, Arc<Segment<T, W>>)> {
        self.segments.last()
    }

    /// What is held at a position. Most readers are at the newest segment, which is looked at first.
    pub(crate) fn get(&self, position: u64) -> Option<&Entry<T, W>> {
        let (first, newest) = self.segments.last()?;
        if *first <= position {
            return newest.get(position);
        }
        self.segments.get(self.segment_of(position)?)?.1.get(position)
    }

    /// Which of the segments, counted from the oldest, has a place for a position; none if it was before all of them.
    pub(crate) fn segment_of(&self, position: u64) -> Option<usize> {
        let after = self.segments.partition_point(|(first, _)| *first <= position);
        after.checked_sub(1)
    }
}
