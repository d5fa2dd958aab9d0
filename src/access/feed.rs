//! Keeps authorizers fed with the objects that they decide by: a list of each kind at start, then its changes.
//! The list comes from the store and not from the watch cache: the first request is decided before that is loaded. The changes do
//! too, but for those of large kinds where there is a watch tier: what nodes use is heard from a member of it.

mod changes;
mod watch_tier;

use std::sync::Arc;
use std::time::Duration;

use apiserver::objects::{Objects, PageRequest};
use auth::authorize::configuration::Fed;
use auth::authorize::{node, rbac};
use kinds::{Catalog, Resource};
use schema::Value;
use serve::shutdown::Shutdown;
use storage::Revision;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::Error;

use changes::{Change, Changes, End};
pub use watch_tier::WatchTier;

/// Between tries when the store does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the store is followed after a member could not be.
const MEMBER_PAUSE: Duration = Duration::from_secs(5);
/// How many objects are read at once.
const PAGE: u64 = 1_000;

/// What feeds the authorizers.
#[derive(Clone)]
pub struct Feed {
    objects: Arc<Objects>,
    fed: Fed,
    has_roles: bool,
    has_nodes: bool,
    watch_tier: watch::Receiver<Option<WatchTier>>,
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
            watch_tier: watch::channel(None).1,
        }
    }

    /// With a watch tier, once it is known.
    #[must_use]
    pub fn beside(self, watch_tier: watch::Receiver<Option<WatchTier>>) -> Self {
        Self { watch_tier, ..self }
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
            decoded.extend(objects.filter_map(|entry| changes::decode(&self.objects, resource, entry)));
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

    /// Changes after a revision, for ever; a list again whenever some may be lost.
    async fn follow(&self, kind: Kind, resource: &Arc<Resource>, mut revision: Revision) {
        let mut not_before = Instant::now();
        loop {
            let why = match self
                .follow_once(kind, resource, &mut revision, &mut not_before)
                .await
            {
                End::Elsewhere => continue,
                End::Lost(why) => why,
            };
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

    /// Follows one source to its end; no member before a time.
    async fn follow_once(
        &self,
        kind: Kind,
        resource: &Arc<Resource>,
        revision: &mut Revision,
        not_before: &mut Instant,
    ) -> End {
        let is_large = matches!(kind, Kind::Node(_));
        let watch_tier = self.watch_tier.borrow().clone().filter(|_| is_large);
        if let Some(watch_tier) =
            watch_tier.filter(|tier| Instant::now() >= *not_before && tier.has(resource))
        {
            match watch_tier.follow(resource, *revision).await {
                Ok(changes) => {
                    let end = self.hear(kind, changes, revision).await;
                    // One that broke off may do so again.
                    *not_before = Instant::now() + MEMBER_PAUSE;
                    return end;
                }
                Err(why) => {
                    tracing::debug!(why, ?kind, "no member can be followed; the store is");
                    *not_before = Instant::now() + MEMBER_PAUSE;
                }
            }
        }
        let changes = match Changes::of_store(self.objects.clone(), resource, *revision).await {
            Ok(changes) => changes,
            Err(why) => return End::Lost(why),
        };
        tokio::select! {
            end = self.hear(kind, changes, revision) => end,
            () = self.member_appears(resource, *not_before), if is_large => End::Elsewhere,
        }
    }

    async fn member_appears(&self, resource: &Resource, not_before: Instant) {
        tokio::time::sleep_until(not_before).await;
        let mut told = self.watch_tier.clone();
        let watch_tier = match told.wait_for(Option::is_some).await {
            Ok(watch_tier) => watch_tier.clone(),
            Err(_) => None,
        };
        match watch_tier {
            Some(watch_tier) => watch_tier.appears(resource).await,
            None => std::future::pending().await,
        }
    }

    /// Takes changes until they end; the revision is that of the last one.
    async fn hear(&self, kind: Kind, mut changes: Changes, revision: &mut Revision) -> End {
        loop {
            let batch = match changes.next().await {
                Ok(batch) => batch,
                Err(end) => return end,
            };
            batch.changes.iter().for_each(|change| self.take(kind, change));
            *revision = batch.revision.max(*revision);
            if matches!(kind, Kind::Rbac(_)) && !batch.changes.is_empty() {
                self.fed.changed();
            }
        }
    }

    fn take(&self, kind: Kind, change: &Change) {
        match (kind, &change.object) {
            (Kind::Rbac(kind), Some(object)) => self.fed.rbac.put(kind, object),
            (Kind::Node(kind), Some(object)) => self.fed.node.put(kind, object),
            // An object that cannot be read gives no rights.
            (Kind::Rbac(kind), None) => self.fed.rbac.remove(kind, &change.namespace, &change.name),
            (Kind::Node(kind), None) => self.fed.node.remove(kind, &change.namespace, &change.name),
        }
    }
}
