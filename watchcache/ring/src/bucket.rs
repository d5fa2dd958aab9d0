//! A bucket: the events that have one value in one dimension, and the watchers parked on it.
//! It holds no list of them: each event says which one came before it and which one after, in each of its buckets.

use crate::directory::Floor;
use crate::seats::Seats;
use crate::sync::{Arc, AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// What a bucket is found by. What the dimensions are (namespace, name, `spec.nodeName`) is the caller's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BucketKey<'a> {
    /// Which property of the object it is.
    pub dimension: u16,
    /// What the object has there.
    pub value: &'a str,
}

pub(crate) struct Bucket<W> {
    dimension: u16,
    value: Box<str>,
    /// The position of the bucket's newest event. In a bucket that has none yet it is the last position at which it may have
    /// had one: the one before the tail at the time when the bucket was made.
    last: AtomicU64,
    /// The revision of the newest event that the bucket had and the ring dropped. In a bucket that lost none yet it is the last
    /// revision at which it may have: the ring's floor at the time when the bucket was made.
    lost: AtomicI64,
    /// Cursors that are open on it. Changed under the lock of the bucket's shard only.
    pub(crate) cursors: AtomicUsize,
    pub(crate) seats: Seats<W>,
}

impl<W> Bucket<W> {
    pub(crate) fn new(key: BucketKey<'_>, floor: Floor) -> Bucket<W> {
        Bucket {
            dimension: key.dimension,
            value: key.value.into(),
            last: AtomicU64::new(floor.position),
            lost: AtomicI64::new(floor.revision),
            cursors: AtomicUsize::new(0),
            seats: Seats::new(),
        }
    }

    pub(crate) fn key(&self) -> BucketKey<'_> {
        BucketKey {
            dimension: self.dimension,
            value: &self.value,
        }
    }

    /// Who sees a position here sees its slot filled.
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    pub(crate) fn set_last(&self, position: u64) {
        self.last.store(position, Ordering::Release);
    }

    /// Who sees a directory sees here what it does not have any more.
    pub(crate) fn lost(&self) -> i64 {
        self.lost.load(Ordering::Acquire)
    }

    pub(crate) fn set_lost(&self, revision: i64) {
        self.lost.store(revision, Ordering::Release);
    }
}

/// An event's place in one of its buckets.
pub(crate) struct Link<W> {
    pub(crate) bucket: Arc<Bucket<W>>,
    /// The bucket's event before this one, or the last position at which there may have been one.
    pub(crate) previous: u64,
    /// The bucket's event after this one; 0 as long as there is none.
    following: AtomicU64,
}

impl<W> Link<W> {
    pub(crate) fn new(bucket: Arc<Bucket<W>>) -> Link<W> {
        Link {
            previous: bucket.last(),
            bucket,
            following: AtomicU64::new(0),
        }
    }

    pub(crate) fn following(&self) -> Option<u64> {
        Some(self.following.load(Ordering::Acquire)).filter(|position| *position > 0)
    }

    pub(crate) fn set_following(&self, position: u64) {
        self.following.store(position, Ordering::Release);
    }
}
