//! Follows the definitions of custom resources, so that their resources are served as they come, change and go: in discovery and by
//! caches of their own. What a definition says is [`custom`]'s to read; who accepts its names is not known here.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use custom::{Definition, versions};
use kinds::{Catalog, Group, GroupVersion, Resource};
use render::Discovery;
use schema::{SmolStr, Value, json};
use storage::{Revision, Store};

use crate::cache::{Cache, Config, Holds, Part};
use crate::item::Item;
use crate::snapshot::Scope;
use crate::unit::Unit;

const DEFINITIONS: (&str, &str, &str) = ("apiextensions.k8s.io", "v1", "customresourcedefinitions");

/// Keeps what is served abreast of definitions.
pub struct Definitions {
    /// The cache that has the definitions.
    source: Arc<Cache>,
    /// The cache of their objects.
    cache: Arc<Cache>,
    discovery: Discovery,
    known: HashMap<Box<[u8]>, Known>,
}

/// A definition as it was last read.
struct Known {
    revision: Revision,
    /// Of what its objects and their caches depend on.
    digest: u64,
    definition: Option<Arc<Definition>>,
    resources: Vec<Arc<Resource>>,
    /// The one in the version that is stored, and since when it is as it is.
    stored: Option<(Arc<Resource>, Revision)>,
}

impl Definitions {
    /// Over a cache that keeps definitions itself.
    pub fn new(cache: Arc<Cache>, discovery: Discovery) -> Self {
        Self {
            source: cache.clone(),
            cache,
            discovery,
            known: HashMap::new(),
        }
    }

    /// Over a cache that keeps what it is told to: definitions are kept beside it. The second is that cache, which is to be run.
    pub fn beside(
        store: &Arc<dyn Store>,
        config: &Config,
        cache: Arc<Cache>,
        discovery: Discovery,
    ) -> (Self, Arc<Cache>) {
        let own = Config {
            holds: Holds::Only(vec![Part {
                resource: resource().qualified_name(),
                namespace: None,
            }]),
            ..config.clone()
        };
        let source = Arc::new(Cache::of(store, &own, [resource()]));
        let definitions = Self {
            source: source.clone(),
            ..Self::new(cache, discovery)
        };
        (definitions, source)
    }

    /// Serves what definitions say at the start; returns when it is served.
    pub async fn begin(&mut self) {
        self.source.ready().await;
        if let Some(unit) = self.source.unit(resource()) {
            self.look(&unit).await;
        }
    }

    /// Follows them for as long as the process.
    pub async fn follow(mut self) {
        let Some(unit) = self.source.unit(resource()) else {
            return;
        };
        let mut progress = unit.progress();
        loop {
            self.look(&unit).await;
            if progress.changed().await.is_err() {
                return;
            }
        }
    }

    /// Serves what the definitions say now.
    async fn look(&mut self, unit: &Unit) {
        let Some(generation) = unit.generation() else {
            return;
        };
        let shown = generation.shown();
        let mut now = HashMap::new();
        let mut has_changed = false;
        for item in shown.snapshot.range(&Scope::All, None) {
            let known = match self.known.remove(item.key()) {
                Some(known) if known.revision == item.revision() => known,
                before => {
                    let next = Known::read(item, unit);
                    let (next, is_other) = match before {
                        Some(before) => next.after(before),
                        None => (next, true),
                    };
                    has_changed |= is_other;
                    next
                }
            };
            now.insert(item.key().into(), known);
        }
        has_changed |= !self.known.is_empty();
        self.known = now;
        if has_changed {
            self.serve(unit.store()).await;
        }
    }

    async fn serve(&self, store: &Arc<dyn Store>) {
        let served = || self.known.values().filter(|known| known.is_served());
        let stored: Vec<_> = served().filter_map(|known| known.stored.clone()).collect();
        let turn = self.cache.prepare_custom(store, &stored).await;
        let mut resources: Vec<_> = served()
            .flat_map(|known| known.resources.iter().cloned())
            .collect();
        resources.retain(|resource| !is_built_in(resource));
        resources.sort_by(|one, other| (&one.group, &one.resource).cmp(&(&other.group, &other.resource)));
        self.cache.turn_custom(turn);
        self.discovery.show(groups(&resources), resources);
    }
}

impl Known {
    fn read(item: &Item, unit: &Unit) -> Self {
        let object = item.read(|canonical| canonical.tree(unit.hub()));
        let object = object.unwrap_or_default();
        let definition = Definition::read(&object).map(Arc::new);
        let (resources, stored) = definition.as_ref().map(custom::resources).unwrap_or_default();
        Self {
            revision: item.revision(),
            digest: digest(&object),
            definition,
            resources,
            stored: stored.map(|stored| (stored, item.revision())),
        }
    }

    /// It takes the place of what was known before; whether clients see another thing. Caches stay as long as their objects would be
    /// the same: also while the definition goes, for those who watch them go.
    fn after(self, before: Self) -> (Self, bool) {
        if self.digest != before.digest {
            return (self, true);
        }
        let standing = |known: &Self| {
            let definition = known.definition.as_ref();
            definition.map(|known| (known.is_established, known.is_terminating, known.uid.clone()))
        };
        if standing(&self) == standing(&before) {
            let revision = self.revision;
            return (Self { revision, ..before }, false);
        }
        let stored = before.stored;
        (Self { stored, ..self }, true)
    }

    fn is_served(&self) -> bool {
        self.definition
            .as_ref()
            .is_some_and(|definition| definition.is_established)
    }
}

/// Of what a definition's objects and their caches depend on.
fn digest(definition: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in [&["metadata", "uid"][..], &["spec"], &["status", "acceptedNames"]] {
        let part = definition.at(path).map(json::to_string);
        part.hash(&mut hasher);
    }
    hasher.finish()
}

/// Their own resource.
fn resource() -> &'static Arc<Resource> {
    let (group, version, name) = DEFINITIONS;
    Catalog::builtin()
        .resource(group, version, name)
        .expect("definitions are built in")
}

/// Whether its group and version are those of built-in resources, behind which nobody comes.
fn is_built_in(resource: &Resource) -> bool {
    let mut built_in = Catalog::builtin().group_version(&resource.group, &resource.version);
    built_in.next().is_some()
}

/// The groups of resources, by name; their versions, the most preferred first.
fn groups(resources: &[Arc<Resource>]) -> Vec<Group> {
    let mut groups: Vec<(SmolStr, Vec<SmolStr>)> = Vec::new();
    for resource in resources {
        match groups.last_mut().filter(|(name, _)| *name == resource.group) {
            Some((_, versions)) if versions.contains(&resource.version) => {}
            Some((_, versions)) => versions.push(resource.version.clone()),
            None => groups.push((resource.group.clone(), vec![resource.version.clone()])),
        }
    }
    let group = |(name, mut names): (SmolStr, Vec<SmolStr>)| {
        versions::sort(&mut names);
        let versions = names.into_iter().map(|version| GroupVersion {
            version,
            priority: None,
        });
        Group {
            name,
            versions: versions.collect(),
        }
    };
    groups.into_iter().map(group).collect()
}
