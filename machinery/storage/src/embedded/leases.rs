//! Which leases run, until when, and which keys hang on them: a pure structure; the time comes in as an argument.
//! It deletes nothing: the writer does, when it is told that a lease is over.

use crate::store::Error;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// All leases of a store.
#[derive(Default)]
pub struct Leases {
    running: BTreeMap<i64, Lease>,
    deadlines: BTreeSet<(Instant, i64)>,
    /// The highest id ever granted.
    last: i64,
}

struct Lease {
    ttl: Duration,
    deadline: Instant,
    keys: BTreeSet<Bytes>,
}

impl Leases {
    /// The id that the next grant should take.
    pub fn next_id(&self) -> i64 {
        self.last + 1
    }

    /// The highest id ever granted.
    pub fn last_id(&self) -> i64 {
        self.last
    }

    /// Notes that ids up to this one were used.
    pub fn used(&mut self, id: i64) {
        self.last = self.last.max(id);
    }

    /// Starts a lease.
    pub fn grant(&mut self, id: i64, ttl: Duration, now: Instant) {
        self.used(id);
        // A deadline past the clock's end is as good as none: some 30 years.
        let deadline = now.checked_add(ttl).unwrap_or(now + Duration::from_secs(1_000_000_000));
        self.running.insert(id, Lease { ttl, deadline, keys: BTreeSet::new() });
        self.deadlines.insert((deadline, id));
    }

    /// Begins the lease's time anew.
    pub fn renew(&mut self, id: i64, now: Instant) -> Result<(), Error> {
        let lease = self.running.get_mut(&id).ok_or(Error::LeaseNotFound)?;
        self.deadlines.remove(&(lease.deadline, id));
        lease.deadline = now.checked_add(lease.ttl).unwrap_or(lease.deadline);
        self.deadlines.insert((lease.deadline, id));
        Ok(())
    }

    /// Ends a lease; its keys, in order.
    pub fn end(&mut self, id: i64) -> Result<BTreeSet<Bytes>, Error> {
        let lease = self.running.remove(&id).ok_or(Error::LeaseNotFound)?;
        self.deadlines.remove(&(lease.deadline, id));
        Ok(lease.keys)
    }

    /// Whether the lease runs.
    pub fn runs(&self, id: i64) -> bool {
        self.running.contains_key(&id)
    }

    /// Moves a key from one lease to another; 0 is none.
    pub fn move_key(&mut self, key: &Bytes, from: i64, to: i64) {
        if from == to {
            return;
        }
        if let Some(lease) = self.running.get_mut(&from) {
            lease.keys.remove(key);
        }
        if let Some(lease) = self.running.get_mut(&to) {
            lease.keys.insert(key.clone());
        }
    }

    /// When the next lease is over.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A lease that is over.
    pub fn expired(&self, now: Instant) -> Option<i64> {
        self.deadlines.first().filter(|(deadline, _)| *deadline <= now).map(|(_, id)| *id)
    }

    /// All running leases with their seconds to live.
    pub fn all(&self) -> Vec<(i64, u64)> {
        self.running.iter().map(|(id, lease)| (*id, lease.ttl.as_secs())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_lease_expires_first_and_renewal_moves_it() {
        let start = Instant::now();
        let mut leases = Leases::default();
        leases.grant(1, Duration::from_secs(10), start);
        leases.grant(2, Duration::from_secs(20), start);
        assert_eq!(leases.expired(start + Duration::from_secs(9)), None);
        assert_eq!(leases.expired(start + Duration::from_secs(10)), Some(1));
        leases.renew(1, start + Duration::from_secs(15)).expect("it runs");
        assert_eq!(leases.expired(start + Duration::from_secs(24)), Some(2));
        assert!(leases.end(2).expect("it runs").is_empty());
        assert!(matches!(leases.end(2), Err(Error::LeaseNotFound)));
    }

    #[test]
    fn a_key_hangs_on_one_lease_only() {
        let start = Instant::now();
        let mut leases = Leases::default();
        leases.grant(1, Duration::from_secs(10), start);
        leases.grant(2, Duration::from_secs(10), start);
        let key = Bytes::from_static(b"k");
        leases.move_key(&key, 0, 1);
        leases.move_key(&key, 1, 2);
        assert!(leases.end(1).expect("it runs").is_empty());
        assert_eq!(leases.end(2).expect("it runs").len(), 1);
        assert_eq!(leases.next_id(), 3);
    }
}
