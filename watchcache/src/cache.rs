//! The caches of all resources that a process serves: made from one list, fed by one task each. How requests reach them is
//! [`crate::service`]'s.

mod custom;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use kinds::decorate::IpFamily;
use kinds::keys::{KeySpan, Keys};
use kinds::{Catalog, Resource};
use schema::SmolStr;
use storage::Store;
use tokio::task::JoinHandle;

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
    /// Whether shard selectors are heeded: the gate `ShardedListAndWatch`.
    pub heeds_shards: bool,
    /// What the histories of all resources may hold together.
    pub history_bytes: usize,
    /// What each resource may keep of it whatever the others need.
    pub history_floor_bytes: usize,
    /// What is kept from the start on.
    pub holds: Holds,
}

/// Which resources a process keeps from the start on. What it does not keep it reads from the store where that costs little: single
/// objects, and lists page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// All.
    All,
    /// These and no others.
    Only(Vec<Part>),
    /// What it is told to, by [`Cache::hold`].
    AsTold,
}

/// A resource, or a namespace of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `resource.group`, or the bare resource of the core group.
    pub resource: SmolStr,
    /// Where only one namespace is kept.
    pub namespace: Option<SmolStr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            primary_family: IpFamily::V4,
            heeds_shards: false,
            history_bytes: HISTORY_BYTES_DEFAULT,
            history_floor_bytes: HISTORY_FLOOR_BYTES,
            holds: Holds::All,
        }
    }
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

type Running = HashMap<usize, Vec<JoinHandle<()>>>;

/// Units by the part of the key that a resource's objects share.
type Units = HashMap<SmolStr, Arc<Unit>>;

/// The caches, by the part of the key that a resource's objects share.
pub struct Cache {
    units: Units,
    /// Those of custom resources, which come and go.
    custom: Arc<ArcSwap<Units>>,
    store: Arc<dyn Store>,
    config: Config,
    parts: Mutex<Parts>,
    /// Single namespaces of resources that are not kept as a whole.
    namespaces: HashMap<(SmolStr, SmolStr), Arc<Unit>>,
    /// What keeps each unit that is held by itself abreast, by its address: units of one name take each other's place.
    running: Mutex<Running>,
}

impl Cache {
    /// Of every built-in resource that is stored, over one store. Nothing is read before it is started.
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
        let (mut units, mut namespaces) = (HashMap::new(), HashMap::new());
        for resource in resources {
            let Some(storage) = &resource.storage else {
                continue;
            };
            let span = config.keys.all(storage);
            let (part, freshness) = parts.of(store, span.start.as_bytes());
            if let Some(namespace) = config.holds.namespace_of(resource) {
                let inner = config.keys.namespace(storage, namespace);
                let unit = unit(resource, (&span, inner), part.clone(), freshness.clone(), config);
                namespaces.insert((storage.key.clone(), namespace.clone()), Arc::new(unit));
            }
            units.entry(storage.key.clone()).or_insert_with(|| {
                let all = config.keys.all(storage);
                Arc::new(unit(resource, (&span, all), part, freshness, config))
            });
        }
        Self {
            units,
            custom: Arc::default(),
            store: store.clone(),
            config: config.clone(),
            parts: Mutex::new(parts),
            namespaces,
            running: Mutex::default(),
        }
    }

    /// What keeps the caches that are held from the start on abreast of the store, honest and within their budget. None of them ends
    /// by itself.
    pub fn tasks(&self) -> Vec<Task> {
        let held = self.units.values().filter(|unit| self.config.holds.has(unit));
        let held: Vec<Arc<Unit>> = held.chain(self.namespaces.values()).cloned().collect();
        let mut tasks: Vec<Task> = held.into_iter().flat_map(keeping).collect();
        let built_in = self.units.values().chain(self.namespaces.values());
        let (built_in, custom): (Vec<_>, _) = (built_in.cloned().collect(), self.custom.clone());
        let all = move || built_in.iter().chain(custom.load().values()).cloned().collect();
        let history = budget::History {
            bytes: self.config.history_bytes,
            floor_bytes: self.config.history_floor_bytes,
        };
        tasks.push(Box::pin(budget::keep(all, history)));
        tasks
    }

    /// Runs the [`Cache::tasks`] for as long as the runtime.
    pub fn run(&self) {
        self.tasks().into_iter().for_each(|task| drop(tokio::spawn(task)));
    }

    /// The same; returns when all that is held is served.
    pub async fn start(&self) {
        self.run();
        self.ready().await;
    }

    /// Returns when all that is held is served.
    pub async fn ready(&self) {
        for unit in self.held() {
            let mut phases = unit.phases();
            // The unit, which is held, has the sender.
            let _ = phases.wait_for(|_| unit.generation().is_some()).await;
        }
    }

    /// Begins to keep a unit, of those that are kept as told.
    pub fn hold(&self, unit: &Arc<Unit>) {
        let mut running = self.running();
        running.entry(address(unit)).or_insert_with(|| {
            tracing::debug!(resource = %unit.name(), "is kept from now on");
            keeping(unit.clone()).into_iter().map(tokio::spawn).collect()
        });
    }

    /// Ceases to keep a unit. Watches that are still open hear 410: they are asked to leave before, see [`Unit::ask_to_leave`].
    pub async fn release(&self, unit: &Arc<Unit>) {
        let tasks = self.running().remove(&address(unit));
        if let Some(tasks) = tasks {
            end(unit, tasks).await;
        }
    }

    /// The cache that a resource's objects are in, whatever the version.
    pub fn unit(&self, resource: &Resource) -> Option<Arc<Unit>> {
        let key = &resource.storage.as_ref()?.key;
        match resource.custom {
            Some(_) => self.custom.load().get(key).cloned(),
            None => self.units.get(key).cloned(),
        }
    }

    /// The same for what a request is about: a namespace may be kept where the whole is not.
    pub(crate) fn unit_of(&self, resource: &Resource, namespace: &str) -> Option<Arc<Unit>> {
        let key = &resource.storage.as_ref()?.key;
        let whole = self.unit(resource)?;
        if whole.is_held() || self.namespaces.is_empty() {
            return Some(whole);
        }
        let of_namespace = self.namespaces.get(&(key.clone(), namespace.into()));
        Some(of_namespace.cloned().unwrap_or(whole))
    }

    /// All of them, those of custom resources as they are now.
    pub fn units(&self) -> Vec<Arc<Unit>> {
        let custom = self.custom.load();
        self.units.values().chain(custom.values()).cloned().collect()
    }

    /// Those of built-in resources.
    pub fn built_in(&self) -> impl Iterator<Item = &Arc<Unit>> {
        self.units.values()
    }

    /// Those that are kept whatever is defined.
    fn held(&self) -> impl Iterator<Item = &Arc<Unit>> {
        let all = self.units.values().chain(self.namespaces.values());
        all.filter(|unit| unit.is_held())
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why not everything that is kept is served yet, by resource; empty when it is.
    pub fn unready(&self) -> Vec<(String, Phase)> {
        let mut unready: Vec<_> = self
            .held()
            .filter(|unit| unit.generation().is_none())
            .map(|unit| (unit.name(), unit.phase()))
            .collect();
        unready.sort_by(|one, other| one.0.cmp(&other.0));
        unready
    }
}

impl Holds {
    /// Whether a unit is kept as a whole from the start on.
    fn has(&self, unit: &Unit) -> bool {
        match self {
            Self::All => true,
            Self::Only(parts) => parts
                .iter()
                .any(|part| part.namespace.is_none() && part.resource == unit.hub().qualified_name()),
            Self::AsTold => false,
        }
    }

    /// The one namespace that is kept of a resource, if it is.
    fn namespace_of(&self, resource: &Resource) -> Option<&SmolStr> {
        let Self::Only(parts) = self else { return None };
        let of_resource = parts
            .iter()
            .filter(|part| part.resource == resource.qualified_name());
        of_resource.filter_map(|part| part.namespace.as_ref()).next()
    }
}

fn address(unit: &Arc<Unit>) -> usize {
    Arc::as_ptr(unit).addr()
}

/// Ends what keeps a unit.
async fn end(unit: &Unit, tasks: Vec<JoinHandle<()>>) {
    tracing::debug!(resource = %unit.name(), "is not kept any more");
    unit.cease_to_hold();
    tasks.iter().for_each(JoinHandle::abort);
    for task in tasks {
        // That it was aborted is what was wanted.
        let _ = task.await;
    }
    unit.clear();
}

/// What keeps a unit abreast and honest.
fn keeping(unit: Arc<Unit>) -> [Task; 2] {
    unit.begin_to_hold();
    let offset = RandomState::new().hash_one(unit.name()) % DIGEST_INTERVAL.as_millis() as u64;
    let offset = Duration::from_millis(offset);
    [
        Box::pin(Tail::new(unit.clone()).run()),
        Box::pin(digest::keep_comparing(unit, offset)),
    ]
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

/// The cache of a resource, in its hub version whichever this is: of all its keys, or of those within.
fn unit(
    resource: &Arc<Resource>,
    (all, within): (&KeySpan, KeySpan),
    store: Arc<dyn Store>,
    freshness: Arc<Freshness>,
    config: &Config,
) -> Unit {
    let hub = Catalog::builtin().hub(resource).clone();
    let maker = Maker::new(hub, Bytes::from(all.start.clone()), config.primary_family);
    let maker = maker.sharded(config.heeds_shards);
    let span = Span {
        start: Bytes::from(within.start),
        end: Bytes::from(within.end),
    };
    let unit = Unit::new(maker, span, store, freshness);
    unit.allot(config.history_bytes);
    unit
}
