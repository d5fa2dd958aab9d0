//! Keeps authorizers fed with the objects that they decide by: a list of each kind at start, then its changes.
//! It reads the store and not the watch cache: the first request is decided before the cache is loaded.

use std::sync::Arc;
use std::time::Duration;

use apiserver::objects::{Objects, PageRequest};
use auth::authorize::configuration::Fed;
use auth::authorize::{node, rbac};
use futures_util::StreamExt;
use kinds::{Catalog, Resource};
use schema::Value;
use serve::shutdown::Shutdown;
use storage::{Event, EventKind, Revision, WatchBatch, WatchRequest};

use crate::error::Error;

/// Between tries when the store does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How many objects are read at once.
const PAGE: u64 = 1_000;

/// What feeds the authorizers.
#[derive(Clone)]
pub struct Feed {
    objects: Arc<Objects>,
    fed: Fed,
    has_roles: bool,
    has_nodes: bool,
}

/// A kind that is followed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Rbac(rbac::Kind),
    Node(node::Kind),
}

impl Kind {
    fn all() -> impl Iterator<Item = Self> {
        let nodes = node::Kind::ALL.into_iter().map(Kind::Node);
        rbac::Kind::ALL.into_iter().map(Kind::Rbac).chain(nodes)
    }

    /// The resource in its hub version; `None` where this release has none.
    fn resource(self) -> Option<&'static Arc<Resource>> {
        let (group, resource) = match self {
            Kind::Rbac(kind) => ("rbac.authorization.k8s.io", kind.resource()),
            Kind::Node(kind) => kind.resource(),
        };
        let catalog = Catalog::builtin();
        catalog
            .versions(group, resource)
            .next()
            .map(|found| catalog.hub(found))
    }
}

impl Feed {
    /// From these objects into these authorizers; roles and what nodes use only where they are wanted.
    pub fn new(objects: Arc<Objects>, fed: Fed, has_roles: bool, has_nodes: bool) -> Self {
        Self {
            objects,
            fed,
            has_roles,
            has_nodes,
        }
    }

    fn follows(&self, kind: Kind) -> bool {
        match kind {
            Kind::Rbac(_) => self.has_roles,
            Kind::Node(_) => self.has_nodes,
        }
    }

    /// Lists every kind that is wanted, so that the first request is decided by what is there, then follows changes until the server stops.
    pub async fn start(self, shutdown: &Shutdown) -> Result<(), Error> {
        for kind in Kind::all().filter(|kind| self.follows(*kind)) {
            let Some(resource) = kind.resource() else { continue };
            let revision = self.fill(kind, resource).await.map_err(Error::Access)?;
            let (feed, shutdown) = (self.clone(), shutdown.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = shutdown.requested() => {}
                    () = feed.follow(kind, resource, revision) => {}
                }
            });
        }
        Ok(())
    }

    /// Puts what is stored in place of what is known; the revision of that list.
    async fn fill(&self, kind: Kind, resource: &Resource) -> Result<Revision, String> {
        let mut request = PageRequest {
            limit: PAGE,
            ..PageRequest::default()
        };
        let mut decoded: Vec<Value> = Vec::new();
        let revision = loop {
            let page = self.objects.page(resource, "", &request).await;
            let page = page.map_err(|status| status.message)?;
            let objects = page.entries.iter();
            decoded.extend(objects.filter_map(|entry| self.decode(resource, entry)));
            match page.entries.last() {
                Some(last) if page.more => request.after = Some(last.key.clone()),
                _ => break page.revision,
            }
            request.at = Some(page.revision);
        };
        match kind {
            Kind::Rbac(kind) => {
                self.fed.rbac.replace(kind, &decoded);
                self.fed.changed();
            }
            Kind::Node(kind) => self.fed.node.replace(kind, &decoded),
        }
        Ok(revision)
    }

    /// Changes after a revision, for ever; a list again whenever they break off.
    async fn follow(&self, kind: Kind, resource: &Resource, mut revision: Revision) {
        loop {
            let why = self.follow_once(kind, resource, revision).await;
            tracing::debug!(why, ?kind, "objects that decide on access are listed again");
            revision = loop {
                tokio::time::sleep(PAUSE).await;
                match self.fill(kind, resource).await {
                    Ok(revision) => break revision,
                    Err(why) => tracing::warn!(why, ?kind, "objects that decide on access cannot be read"),
                }
            };
        }
    }

    async fn follow_once(&self, kind: Kind, resource: &Resource, after: Revision) -> String {
        let (start, end) = self.objects.span(resource, "");
        let from = Some(Revision(after.0 + 1));
        let request = WatchRequest {
            start,
            end,
            from,
            previous: false,
        };
        let mut changes = match self.objects.store().watch(request).await {
            Ok(changes) => changes,
            Err(error) => return error.to_string(),
        };
        loop {
            match changes.next().await {
                Some(Ok(WatchBatch::Events(events))) => {
                    events.iter().for_each(|event| self.change(kind, resource, event));
                    if matches!(kind, Kind::Rbac(_)) {
                        self.fed.changed();
                    }
                }
                Some(Ok(WatchBatch::Progress(_))) => {}
                Some(Err(error)) => return error.to_string(),
                None => return "the watch ended".to_owned(),
            }
        }
    }

    fn change(&self, kind: Kind, resource: &Resource, event: &Event) {
        let object = match event.kind {
            EventKind::Put => self.decode(resource, &event.entry),
            EventKind::Delete => None,
        };
        // An object that cannot be read gives no rights.
        let place = self.objects.keys().parse(resource, &event.entry.key);
        match (kind, object, place) {
            (Kind::Rbac(kind), Some(object), _) => self.fed.rbac.put(kind, &object),
            (Kind::Node(kind), Some(object), _) => self.fed.node.put(kind, &object),
            (Kind::Rbac(kind), None, Some(place)) => self.fed.rbac.remove(kind, place.namespace, place.name),
            (Kind::Node(kind), None, Some(place)) => self.fed.node.remove(kind, place.namespace, place.name),
            (_, None, None) => {}
        }
    }

    fn decode(&self, resource: &Resource, entry: &storage::Entry) -> Option<Value> {
        match self.objects.decode(resource, entry) {
            Ok(stored) => Some(stored.object),
            Err(status) => {
                tracing::warn!(
                    why = status.message,
                    "an object that decides on access cannot be read"
                );
                None
            }
        }
    }
}
