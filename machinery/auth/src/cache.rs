//! Answers that are remembered for a while: a bounded map with ends of life. Time comes in as an argument.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const SHARDS: usize = 16;

/// A bounded map whose entries end. A look-up holds the lock of one shard for as long as a clone of the value takes.
#[derive(Debug)]
pub struct Cache<K, V> {
    shards: [Mutex<HashMap<K, Entry<V>>>; SHARDS],
    hasher: RandomState,
    per_shard_max: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    until: Instant,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// With at most about this many entries.
    pub fn new(entries_max: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            per_shard_max: entries_max.div_ceil(SHARDS).max(1),
        }
    }

    /// What is remembered and still good.
    pub fn get(&self, key: &K, now: Instant) -> Option<V> {
        let shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
        shard
            .get(key)
            .filter(|entry| now < entry.until)
            .map(|entry| entry.value.clone())
    }

    /// Remembers something. A full shard forgets what has ended, or else everything.
    pub fn put(&self, key: K, value: V, until: Instant, now: Instant) {
        let mut shard = self.shard(&key).lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= self.per_shard_max && !shard.contains_key(&key) {
            shard.retain(|_, entry| now < entry.until);
            if shard.len() >= self.per_shard_max {
                shard.clear();
            }
        }
        shard.insert(key, Entry { value, until });
    }

    fn shard(&self, key: &K) -> &Mutex<HashMap<K, Entry<V>>> {
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn entries_end_and_are_bounded() {
        let cache = Cache::new(160);
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        cache.put("a", 1, later, now);
        assert_eq!(cache.get(&"a", now), Some(1));
        assert_eq!(cache.get(&"a", later), None);
        let many = Cache::new(160);
        (0..10_000).for_each(|at| many.put(at, at, later, now));
        let left = (0..10_000).filter(|at| many.get(at, now).is_some()).count();
        assert!((1..=160).contains(&left), "{left}");
    }
}
