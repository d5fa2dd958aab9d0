//! Discovery: which groups, versions and resources are served, in the legacy and the aggregated form (KEP-3352).
//! The documents are made when what is served changes, not at each request.

mod documents;

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::request::Parts;
use kinds::{Catalog, Resource, RuntimeConfig};
use schema::SmolStr;
use serve::http::{Response, page_not_found, status_response};
use serve::request_info::RequestInfo;
use serve::status::Status;

/// What a tier tells of itself below the roots of the API. All clones tell the same.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// Which built-in resources are served.
    pub runtime: RuntimeConfig,
    /// `host:port` under which clients reach this server.
    pub address: String,
    shown: Arc<ArcSwap<Shown>>,
}

/// What is served at one time: a set that is replaced and never changed.
#[derive(Debug)]
pub struct Shown {
    /// All resources that are known.
    pub catalog: Catalog,
    /// Those of them that are served, in the form that discovery tells.
    pub served: Arc<Served>,
}

impl Discovery {
    /// Of the built-in resources.
    pub fn new(runtime: RuntimeConfig, address: String) -> Self {
        let shown = Shown::of(Catalog::builtin().with(Vec::new(), Vec::new()), &runtime);
        Self {
            shown: Arc::new(ArcSwap::from_pointee(shown)),
            runtime,
            address,
        }
    }

    /// What is served now.
    pub fn shown(&self) -> Arc<Shown> {
        self.shown.load_full()
    }

    /// From now on these custom resources are served, and no others. `groups` are theirs, in discovery order.
    pub fn show(&self, groups: Vec<kinds::Group>, resources: Vec<Arc<Resource>>) {
        let catalog = Catalog::builtin().with(groups, resources);
        self.shown.store(Arc::new(Shown::of(catalog, &self.runtime)));
    }

    /// A served resource.
    pub fn resource(&self, group: &str, version: &str, resource: &str) -> Option<Arc<Resource>> {
        let shown = self.shown.load();
        let found = shown.catalog.resource(group, version, resource)?;
        self.runtime.enabled(found).then(|| found.clone())
    }

    /// Answers a request that is for no resource.
    pub fn answer(&self, parts: &Parts, info: &RequestInfo) -> Response {
        documents::answer(self, parts, info)
    }

    /// Answers a request for a resource that is not served. A path of a group that is served in some version is told apart from
    /// one that nobody knows.
    pub fn unknown(&self, info: &RequestInfo) -> Response {
        // Behind the built-in groups are custom ones, and nobody who knows them in part.
        match Catalog::builtin()
            .group(&info.group)
            .and(self.shown.load().served.group(&info.group))
        {
            Some(_) => status_response(&Status::unknown_resource()),
            None => page_not_found(),
        }
    }
}

impl Shown {
    fn of(catalog: Catalog, runtime: &RuntimeConfig) -> Self {
        Self {
            served: Arc::new(Served::new(&catalog, runtime)),
            catalog,
        }
    }
}

/// What is served, in the order in which discovery tells it.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The core group's versions come first, under the empty name.
    pub groups: Vec<Group>,
}

/// An API group with its served versions, the preferred one first.
#[derive(Clone, Debug)]
pub struct Group {
    /// Empty for the core group.
    pub name: SmolStr,
    /// At least one.
    pub versions: Vec<Version>,
}

/// A served version of a group.
#[derive(Clone, Debug)]
pub struct Version {
    /// E.g. `v1`.
    pub name: SmolStr,
    /// `groupPriorityMinimum` and `versionPriority` of its APIService, where it has one.
    pub priority: Option<(i32, i32)>,
    /// By name.
    pub resources: Vec<Arc<Resource>>,
}

impl Served {
    /// What of a catalog is served under this configuration. Groups and versions without a served resource are left out.
    pub fn new(catalog: &Catalog, runtime: &RuntimeConfig) -> Self {
        let version = |group: &str, version: &kinds::GroupVersion| {
            let resources: Vec<_> = runtime
                .served(catalog, group, &version.version)
                .cloned()
                .collect();
            let found = Version {
                name: version.version.clone(),
                priority: version.priority,
                resources,
            };
            (!found.resources.is_empty()).then_some(found)
        };
        let groups = catalog.groups().iter().map(|group| Group {
            name: group.name.clone(),
            versions: group
                .versions
                .iter()
                .filter_map(|found| version(&group.name, found))
                .collect(),
        });
        Self {
            groups: groups.filter(|group| !group.versions.is_empty()).collect(),
        }
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The version of a group.
    pub fn version(&self, group: &str, version: &str) -> Option<&Version> {
        self.group(group)?
            .versions
            .iter()
            .find(|have| have.name == version)
    }

    /// All groups but the core one.
    pub fn named_groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| !group.name.is_empty())
    }
}
