//! EventRateLimit: how many events there may be in a second: in all, of a namespace, of a user, of a source about an object. Time
//! comes in as an argument.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use object::field::{Error, Path, Printed, aggregate};
use schema::Value;

use crate::limits::EVENT_RATE_KEYS_MAX;

const API_VERSION: &str = "eventratelimit.admission.k8s.io/v1alpha1";
const TYPES: [(&str, LimitType); 4] = [
    ("Server", LimitType::Server),
    ("Namespace", LimitType::Namespace),
    ("User", LimitType::User),
    ("SourceAndObject", LimitType::SourceAndObject),
];
/// How many keys are told apart unless the configuration says.
const KEYS_DEFAULT: usize = 4_096;

/// What events are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitType {
    /// All.
    Server,
    /// Those of a namespace.
    Namespace,
    /// Those that a user writes.
    User,
    /// Those of one source about one object.
    SourceAndObject,
}

/// A limit with its buckets. Of too many keys, the one that was longest without an event is forgotten.
#[derive(Debug)]
pub struct Limit {
    /// What is counted.
    pub limit_type: LimitType,
    name: &'static str,
    per_second: f64,
    burst: f64,
    keys_max: usize,
    buckets: Mutex<Buckets>,
}

/// Buckets by a hash of their key, so that what clients write does not say how much memory a key takes. The hash has a random
/// state: nobody can choose keys that share a bucket with another's.
#[derive(Debug, Default)]
struct Buckets {
    state: RandomState,
    by_key: HashMap<u64, Bucket>,
    by_age: BTreeSet<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limit {
    /// Limits from the configuration of the plugin.
    pub fn read(configuration: Option<&Value>) -> Result<Vec<Self>, String> {
        let file = configuration.unwrap_or(&Value::Null);
        if file.str_at(&["apiVersion"]) != Some(API_VERSION)
            || file.str_at(&["kind"]) != Some("Configuration")
        {
            return Err(format!("it is no Configuration of {API_VERSION}"));
        }
        let mut errors = Vec::new();
        let limits = file.list_at(&["limits"]);
        if limits.is_empty() {
            let path = Path::root("limits");
            errors.push(Error::invalid(&path, Printed::null(), "must not be empty"));
        }
        let limits: Vec<_> = limits
            .iter()
            .enumerate()
            .filter_map(|(index, limit)| one(&Path::root("limits").index(index), limit, &mut errors))
            .collect();
        match aggregate(&errors) {
            Some(why) => Err(why),
            None => Ok(limits),
        }
    }

    /// Counts an event; the error says that there are too many.
    pub fn take(&self, key: &str, now: Instant) -> Result<(), String> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = buckets.state.hash_one(key);
        let full = Bucket {
            left: self.burst,
            at: now,
        };
        let mut bucket = buckets.take_out(hash).unwrap_or(full);
        if buckets.by_key.len() >= self.keys_max {
            buckets.forget_oldest();
        }
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * self.per_second).min(self.burst);
        // Of two events at once, the later may come first.
        bucket.at = bucket.at.max(now);
        let passes = bucket.left >= 1.0;
        bucket.left -= f64::from(u8::from(passes));
        buckets.put_back(hash, bucket);
        match passes {
            true => Ok(()),
            false => Err(format!(
                "Too many requests: limit reached on type {} for key {key}",
                self.name
            )),
        }
    }
}

impl Buckets {
    fn take_out(&mut self, hash: u64) -> Option<Bucket> {
        let bucket = self.by_key.remove(&hash)?;
        self.by_age.remove(&(bucket.at, hash));
        Some(bucket)
    }

    fn put_back(&mut self, hash: u64, bucket: Bucket) {
        self.by_key.insert(hash, bucket);
        self.by_age.insert((bucket.at, hash));
    }

    fn forget_oldest(&mut self) {
        if let Some((_, hash)) = self.by_age.pop_first() {
            self.by_key.remove(&hash);
        }
    }
}

fn one(path: &Path, limit: &Value, errors: &mut Vec<Error>) -> Option<Limit> {
    let kind = limit.str_at(&["type"]).unwrap_or_default();
    let known = TYPES.iter().find(|(name, _)| *name == kind);
    if known.is_none() {
        let names = TYPES.map(|(name, _)| name);
        errors.push(Error::not_supported(&path.child("type"), kind, &names));
    }
    let number = |field: &str| limit.int_at(&[field]).unwrap_or_default();
    for field in ["burst", "qps"] {
        if number(field) <= 0 {
            errors.push(Error::invalid(
                &path.child(field),
                number(field),
                "must be positive",
            ));
        }
    }
    if number("cacheSize") < 0 {
        let path = path.child("cacheSize");
        errors.push(Error::invalid(&path, number("cacheSize"), "must not be negative"));
    }
    let (name, limit_type) = known?;
    let keys = usize::try_from(number("cacheSize")).ok().filter(|keys| *keys > 0);
    Some(Limit {
        limit_type: *limit_type,
        name,
        per_second: number("qps") as f64,
        burst: number("burst") as f64,
        keys_max: keys.unwrap_or(KEYS_DEFAULT).min(EVENT_RATE_KEYS_MAX),
        buckets: Mutex::default(),
    })
}

/// By what events of one source about one object are told apart. Both forms of an event are read.
pub fn source_and_object(event: &Value) -> String {
    let first = |paths: [&[&str]; 2]| {
        let mut texts = paths.iter().filter_map(|path| event.str_at(path));
        texts.next().unwrap_or_default().to_owned()
    };
    let object = |field: &str| first([&["involvedObject", field], &["regarding", field]]);
    [
        first([&["source", "component"], &["deprecatedSource", "component"]]),
        first([&["source", "host"], &["deprecatedSource", "host"]]),
        object("kind"),
        object("namespace"),
        object("name"),
        object("uid"),
        object("apiVersion"),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;
    use std::time::Duration;

    fn limits(limit: Value) -> Result<Vec<Limit>, String> {
        Limit::read(Some(&tree!({
            "apiVersion": API_VERSION, "kind": "Configuration", "limits": [limit],
        })))
    }

    #[test]
    fn a_burst_passes_and_then_so_many_a_second() {
        let limits = limits(tree!({"type": "Namespace", "qps": 2i64, "burst": 3i64})).unwrap();
        let now = Instant::now();
        let passing = |at: Instant| (0..10).filter(|_| limits[0].take("a", at).is_ok()).count();
        assert_eq!(passing(now), 3);
        assert_eq!(passing(now + Duration::from_secs(1)), 2);
        assert_eq!(passing(now + Duration::from_secs(60)), 3);
        assert_eq!(limits[0].take("b", now), Ok(()));
        let refused = limits[0].take("a", now + Duration::from_secs(60)).unwrap_err();
        assert_eq!(
            refused,
            "Too many requests: limit reached on type Namespace for key a"
        );
    }

    #[test]
    fn keys_are_bounded_and_the_longest_quiet_one_is_forgotten() {
        let one = tree!({"type": "User", "qps": 1i64, "burst": 1i64, "cacheSize": 2i64});
        let limit = &limits(one).unwrap()[0];
        let now = Instant::now();
        for (second, key) in ["a", "b", "c"].into_iter().enumerate() {
            let at = now + Duration::from_millis(second as u64);
            assert_eq!(limit.take(key, at), Ok(()));
        }
        let later = now + Duration::from_millis(10);
        assert!(limit.take("c", later).is_err());
        assert_eq!(limit.take("a", later), Ok(()));
        // "b" was the next to be forgotten.
        assert!(limit.take("c", later).is_err());
        let buckets = limit.buckets.lock().unwrap();
        assert_eq!((buckets.by_key.len(), buckets.by_age.len()), (2, 2));
    }

    #[test]
    fn full_buckets_find_the_oldest_at_once_whatever_the_keys() {
        const KEYS: usize = 4_096;
        let one = tree!({"type": "User", "qps": 1i64, "burst": 1i64, "cacheSize": (KEYS as i64)});
        let limit = &limits(one).unwrap()[0];
        let now = Instant::now();
        let at = |event: usize| now + Duration::from_millis(event as u64);
        for event in 0..4 * KEYS {
            assert_eq!(limit.take(&format!("{event}"), at(event)), Ok(()));
        }
        let last = 4 * KEYS - 1;
        // The newest are kept in the order of their events.
        assert!(limit.take(&format!("{last}"), at(last)).is_err());
        let buckets = limit.buckets.lock().unwrap();
        assert_eq!((buckets.by_key.len(), buckets.by_age.len()), (KEYS, KEYS));
        let oldest = buckets.by_age.first().map(|(when, _)| *when);
        assert_eq!(oldest, Some(at(last + 1 - KEYS)));
    }

    #[test]
    fn wrong_limits_are_named() {
        let wrong = limits(tree!({"type": "Cluster", "qps": 0i64, "cacheSize": (-1i64)})).unwrap_err();
        for part in [
            "limits[0].type: Unsupported value: \"Cluster\"",
            "limits[0].burst: Invalid value: 0: must be positive",
            "limits[0].qps: Invalid value: 0: must be positive",
            "limits[0].cacheSize: Invalid value: -1: must not be negative",
        ] {
            assert!(wrong.contains(part), "{wrong}");
        }
        assert!(Limit::read(None).is_err());
    }

    #[test]
    fn both_forms_of_an_event_have_one_key() {
        let core = tree!({"source": {"component": "c"}, "involvedObject": {"kind": "Pod", "name": "p"}});
        let new = tree!({"deprecatedSource": {"component": "c"}, "regarding": {"kind": "Pod", "name": "p"}});
        assert_eq!(source_and_object(&core), "cPodp");
        assert_eq!(source_and_object(&core), source_and_object(&new));
    }
}
