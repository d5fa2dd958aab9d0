//! Finds buckets by their value, makes those that are new and lets go of those that nobody needs.
//! What is in a bucket is not its affair. A bucket stands as long as an event in the ring has its value or a cursor is open on it.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};

use crate::bucket::{Bucket, BucketKey};
use crate::directory::Floor;
use crate::limits::INDEX_SHARDS;
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering, lock};

pub(crate) struct Index<W> {
    hasher: RandomState,
    shards: Box<[Mutex<Buckets<W>>]>,
    /// Buckets that lost their last cursor and had no event left then. The writer looks at them when it trims.
    deserted: Mutex<Vec<Arc<Bucket<W>>>>,
    count: AtomicUsize,
}

impl<W> Index<W> {
    pub(crate) fn new() -> Index<W> {
        Index {
            hasher: RandomState::new(),
            shards: (0..INDEX_SHARDS).map(|_| Mutex::new(Buckets::new())).collect(),
            deserted: Mutex::new(Vec::new()),
            count: AtomicUsize::new(0),
        }
    }

    /// How many buckets there are.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The bucket of a value, for the writer, which remembers it.
    pub(crate) fn bucket(&self, key: BucketKey<'_>, floor: impl FnOnce() -> Floor) -> Arc<Bucket<W>> {
        self.find_or_make(&mut lock(self.shard(&key)), key, floor)
    }

    /// The bucket of a value for one more cursor.
    pub(crate) fn open(&self, key: BucketKey<'_>, floor: impl FnOnce() -> Floor) -> Arc<Bucket<W>> {
        let mut shard = lock(self.shard(&key));
        let bucket = self.find_or_make(&mut shard, key, floor);
        bucket.cursors.fetch_add(1, Ordering::Relaxed);
        bucket
    }

    /// Ends what [`Index::open`] began. The tail is read under the lock: either the writer, which looks at what it dropped after it
    /// moved the tail, finds no cursor, or the new tail is seen here.
    pub(crate) fn close(&self, bucket: &Arc<Bucket<W>>, tail: impl FnOnce() -> u64) {
        let _shard = lock(self.shard(&bucket.key()));
        let was_last = bucket.cursors.fetch_sub(1, Ordering::Relaxed) == 1;
        if was_last && bucket.last() < tail() {
            lock(&self.deserted).push(bucket.clone());
        }
    }

    /// Lets go of a bucket unless it has a cursor, or an event from `tail` on. For the writer, after it has moved the tail.
    pub(crate) fn collect(&self, bucket: &Arc<Bucket<W>>, tail: u64) -> bool {
        if bucket.last() >= tail {
            return false;
        }
        let mut shard = lock(self.shard(&bucket.key()));
        let unused = bucket.cursors.load(Ordering::Relaxed) == 0 && shard.holds(bucket);
        if unused {
            shard.remove(bucket);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        unused
    }

    /// What closed cursors left behind; nothing if one is closing just now.
    pub(crate) fn take_deserted(&self) -> Vec<Arc<Bucket<W>>> {
        self.deserted
            .try_lock()
            .map(|mut list| std::mem::take(&mut *list))
            .unwrap_or_default()
    }

    /// All buckets, one shard locked at a time.
    pub(crate) fn each(&self, mut meet: impl FnMut(&Arc<Bucket<W>>)) {
        for shard in &self.shards {
            lock(shard).0.iter().for_each(|named| meet(&named.0));
        }
    }

    /// A value that is not here has no event in the ring: so all up to the floor may have had it, and nothing after.
    fn find_or_make(
        &self,
        shard: &mut Buckets<W>,
        key: BucketKey<'_>,
        floor: impl FnOnce() -> Floor,
    ) -> Arc<Bucket<W>> {
        if let Some(bucket) = shard.get(key) {
            return bucket.clone();
        }
        let bucket = Arc::new(Bucket::new(key, floor()));
        shard.insert(bucket.clone());
        self.count.fetch_add(1, Ordering::Relaxed);
        bucket
    }

    fn shard(&self, key: &BucketKey<'_>) -> &Mutex<Buckets<W>> {
        &self.shards[self.hasher.hash_one(key) as usize % self.shards.len()]
    }
}

/// Buckets by their keys, which stand in the buckets alone.
pub(crate) struct Buckets<W>(HashSet<Named<W>>);

impl<W> Buckets<W> {
    pub(crate) fn new() -> Buckets<W> {
        Buckets(HashSet::new())
    }

    pub(crate) fn get(&self, key: BucketKey<'_>) -> Option<&Arc<Bucket<W>>> {
        self.0.get(&key as &dyn Keyed).map(|named| &named.0)
    }

    pub(crate) fn insert(&mut self, bucket: Arc<Bucket<W>>) {
        self.0.insert(Named(bucket));
    }

    /// Whether it is this bucket that is known by its key, not one made later.
    pub(crate) fn holds(&self, bucket: &Arc<Bucket<W>>) -> bool {
        self.get(bucket.key())
            .is_some_and(|known| Arc::ptr_eq(known, bucket))
    }

    pub(crate) fn remove(&mut self, bucket: &Bucket<W>) {
        self.0.remove(&bucket.key() as &dyn Keyed);
    }
}

struct Named<W>(Arc<Bucket<W>>);

/// What stands for a key in a look-up: the key itself or a bucket that has it.
trait Keyed {
    fn key(&self) -> BucketKey<'_>;
}

impl Keyed for BucketKey<'_> {
    fn key(&self) -> BucketKey<'_> {
        *self
    }
}

impl<W> Keyed for Named<W> {
    fn key(&self) -> BucketKey<'_> {
        self.0.key()
    }
}

impl Hash for dyn Keyed + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for dyn Keyed + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for dyn Keyed + '_ {}

impl<W> Hash for Named<W> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<W> PartialEq for Named<W> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<W> Eq for Named<W> {}

impl<'a, W: 'a> Borrow<dyn Keyed + 'a> for Named<W> {
    fn borrow(&self) -> &(dyn Keyed + 'a) {
        self
    }
}
