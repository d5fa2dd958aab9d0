//! The caches of all resources that a process serves: made from one list, fed by one task each. How requests reach them is
//! [`crate::service`]'s.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kinds::decorate::IpFamily;
use kinds::keys::{KeySpan, Keys};
use kinds::{Catalog, Resource};
use schema::SmolStr;
use storage::Store;

use crate::budget;
use crate::digest;
use crate::freshness::Freshness;
use crate::item::Maker;
use crate::limits::{DIGEST_INTERVAL, HISTORY_BYTES_DEFAULT, HISTORY_FLOOR_BYTES};
use crate::load::Span;
use crate::tail::Tail;
use crate::unit::{Phase, Unit};

/// What caches are made from.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where objects stand in the store.
    pub keys: Keys,
    /// For what reads add to services.
    pub primary_family: IpFamily,
    /// What the histories of all resources may hold together.
    pub history_bytes: usize,
    /// What each resource may keep of it whatever the others need.
    pub history_floor_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            primary_family: IpFamily::V4,
            history_bytes: HISTORY_BYTES_DEFAULT,
            history_floor_bytes: HISTORY_FLOOR_BYTES,
        }
    }
}

/// The caches, by the part of the key that a resource's objects share.
pub struct Cache {
    units: HashMap<SmolStr, Arc<Unit>>,
    history: budget::History,
}

impl Cache {
    /// Of every built-in resource that is stored, over one store. Nothing is read before its [`Cache::tasks`] run.
    pub fn new(store: &Arc<dyn Store>, config: &Config) -> Self {
        Self::of(store, config, Catalog::builtin().iter())
    }

    /// Of these resources, whose versions share one cache each.
    pub fn of<'r>(
        store: &Arc<dyn Store>,
        config: &Config,
        resources: impl IntoIterator<Item = &'r Arc<Resource>>,
    ) -> Self {
        let mut parts = Parts::default();
        let mut units = HashMap::new();
        for resource in resources {
            let Some(storage) = &resource.storage else {
                continue;
            };
            let span = config.keys.all(storage);
            units.entry(storage.key.clone()).or_insert_with(|| {
                let (part, freshness) = parts.of(store, span.start.as_bytes());
                Arc::new(unit(resource, span, part, freshness, config))
            });
        }
        Self {
            units,
            history: budget::History {
                bytes: config.history_bytes,
                floor_bytes: config.history_floor_bytes,
            },
        }
    }

    /// What keeps the caches abreast of the store, honest and within their budget. None of them ends by itself.
    pub fn tasks(&self) -> Vec<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let random = RandomState::new();
        let mut tasks: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
        for (key, unit) in &self.units {
            tasks.push(Box::pin(Tail::new(unit.clone()).run()));
            let offset = random.hash_one(key) % DIGEST_INTERVAL.as_millis() as u64;
            let offset = Duration::from_millis(offset);
            tasks.push(Box::pin(digest::keep_comparing(unit.clone(), offset)));
        }
        let units = self.units.values().cloned().collect();
        tasks.push(Box::pin(budget::keep(units, self.history)));
        tasks
    }

    /// Runs the [`Cache::tasks`] for as long as the runtime; returns when all resources are served.
    pub async fn start(&self) {
        self.tasks().into_iter().for_each(|task| drop(tokio::spawn(task)));
        self.ready().await;
    }

    /// Returns when all resources are served.
    pub async fn ready(&self) {
        for unit in self.units() {
            let mut phases = unit.phases();
            // The unit, which is held, has the sender.
            let _ = phases.wait_for(|_| unit.generation().is_some()).await;
        }
    }

    /// The cache that a resource's objects are in, whatever the version.
    pub fn unit(&self, resource: &Resource) -> Option<&Arc<Unit>> {
        self.units.get(&resource.storage.as_ref()?.key)
    }

    /// All of them.
    pub fn units(&self) -> impl Iterator<Item = &Arc<Unit>> {
        self.units.values()
    }

    /// Why not everything is served yet, by resource; empty when it is.
    pub fn unready(&self) -> Vec<(String, Phase)> {
        let mut unready: Vec<_> = self
            .units()
            .filter(|unit| unit.generation().is_none())
            .map(|unit| (unit.name(), unit.phase()))
            .collect();
        unready.sort_by(|one, other| one.0.cmp(&other.0));
        unready
    }
}

/// The stores behind one: each is asked for its own revision.
#[derive(Default)]
struct Parts {
    known: Vec<(Arc<dyn Store>, Arc<Freshness>)>,
}

impl Parts {
    /// The store that has the keys around `key`.
    fn of(&mut self, store: &Arc<dyn Store>, key: &[u8]) -> (Arc<dyn Store>, Arc<Freshness>) {
        let part = storage::part_of(store, key);
        if let Some(found) = self.known.iter().find(|(known, _)| Arc::ptr_eq(known, &part)) {
            return found.clone();
        }
        let freshness = Arc::new(Freshness::new(part.clone()));
        self.known.push((part.clone(), freshness.clone()));
        (part, freshness)
    }
}

/// The cache of a resource, in its hub version whichever this is.
fn unit(
    resource: &Arc<Resource>,
    span: KeySpan,
    store: Arc<dyn Store>,
    freshness: Arc<Freshness>,
    config: &Config,
) -> Unit {
    let hub = Catalog::builtin().hub(resource).clone();
    let start = Bytes::from(span.start);
    let maker = Maker::new(hub, start.clone(), config.primary_family);
    let span = Span {
        start,
        end: Bytes::from(span.end),
    };
    let unit = Unit::new(maker, span, store, freshness);
    unit.allot(config.history_bytes);
    unit
}
