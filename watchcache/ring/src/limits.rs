//! The limits of a ring: how long events stay and how it is cut into segments.
//! How many bytes a ring may hold is not here: that is shared among rings by [`crate::budget`] and changes all the time.

/// Events older than this are dropped, however much room there is.
pub const AGE_MAX_MS: u64 = 15 * 60 * 1000;
/// Slots of the smallest segment, and so of an idle ring.
pub const SEGMENT_SLOTS_MIN: usize = 16;
/// Slots of the largest segment.
pub const SEGMENT_SLOTS_MAX: usize = 4096;
/// A segment is not closed for its bytes before it holds this many.
pub const SEGMENT_BYTES_MIN: usize = 64 * 1024;
/// A segment is a share of the ring: one part of so many, in events, in bytes and in age. What is dropped at once is a
/// segment, so this is also how exactly a budget is kept; and the list of segments, copied for each new one, stays this short.
pub const SEGMENTS: usize = 32;
/// Parts of the index that are locked apart from each other.
/// One under loom, which must be able to repeat a run: which shard a value is in is random.
pub const INDEX_SHARDS: usize = if cfg!(loom) { 1 } else { 16 };

/// What of these a ring's owner may choose.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// See [`AGE_MAX_MS`].
    pub age_max_ms: u64,
    /// See [`SEGMENT_SLOTS_MIN`].
    pub segment_slots_min: usize,
    /// See [`SEGMENT_SLOTS_MAX`].
    pub segment_slots_max: usize,
    /// See [`SEGMENT_BYTES_MIN`].
    pub segment_bytes_min: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            age_max_ms: AGE_MAX_MS,
            segment_slots_min: SEGMENT_SLOTS_MIN,
            segment_slots_max: SEGMENT_SLOTS_MAX,
            segment_bytes_min: SEGMENT_BYTES_MIN,
        }
    }
}

impl Limits {
    /// The slots of the next segment of a ring that holds so many events.
    pub(crate) fn segment_slots(&self, held_events: usize) -> usize {
        let least = self.segment_slots_min.max(1);
        (held_events / SEGMENTS).clamp(least, self.segment_slots_max.max(least))
    }

    /// The bytes at which a segment is closed in a ring that may hold so many.
    pub(crate) fn segment_bytes(&self, allotment_bytes: usize) -> usize {
        (allotment_bytes / SEGMENTS).max(self.segment_bytes_min)
    }

    /// The age at which a segment is closed, so that age drops it in time.
    pub(crate) fn segment_age_ms(&self) -> u64 {
        self.age_max_ms / SEGMENTS as u64
    }
}
