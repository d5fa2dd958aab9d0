//! What plugins read: single objects from the store, as they are now; lists from the watch cache where this process keeps the resource
//! and shows its own changes to it, as the reference reads them from its informers. A list may so be a moment behind other servers.
//! A version of an object that was read before is not decoded again.

use std::sync::Arc;

use async_trait::async_trait;
use render::canonical::Canonical;
use schema::Value;
use serve::status::Status;
use watchcache::Cache;

use super::Reader;
use super::trees::{Trees, Version};
use crate::objects::{self, Objects};

/// Objects, and a cache of some of them.
pub struct Cached {
    objects: Arc<Objects>,
    cache: Arc<Cache>,
    trees: Trees,
}

impl Cached {
    /// A cache over the same store.
    pub fn new(objects: Arc<Objects>, cache: Arc<Cache>) -> Self {
        Self {
            objects,
            cache,
            trees: Trees::default(),
        }
    }
}

#[async_trait]
impl Reader for Cached {
    async fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, Status> {
        let Some(hub) = objects::hub(group, resource) else {
            return Ok(None);
        };
        let found = self.objects.entry(hub, namespace, name).await?;
        let read = found.map(|entry| {
            let version = Version {
                hub,
                key: &entry.key,
                revision: entry.mod_revision,
                size: entry.value.len(),
            };
            let decode = || Ok(self.objects.decode(hub, &entry)?.object);
            self.trees.of(&version, decode)
        });
        read.transpose()
    }

    async fn list(&self, group: &str, resource: &str, namespace: &str) -> Result<Vec<Arc<Value>>, Status> {
        let Some(hub) = objects::hub(group, resource) else {
            return Ok(Vec::new());
        };
        let tree = |item: Canonical<'_>| {
            let version = Version {
                hub,
                key: item.key,
                revision: item.revision,
                size: item.body.len(),
            };
            self.trees.of(&version, || item.tree(hub))
        };
        let since = self.objects.last_written(hub);
        match self.cache.objects(hub, namespace, since, tree) {
            Some(found) => found,
            None => Reader::list(&*self.objects, group, resource, namespace).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Outcome;
    use kinds::decorate::IpFamily;
    use kinds::{Catalog, Keys};
    use schema::tree;
    use std::time::Duration;
    use storage::{Embedded, Store};

    /// Whether it is from the cache or from the store: what was written is there.
    #[tokio::test]
    async fn lists_show_the_servers_own_changes_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path()).expect("an empty store"));
        let cache = Arc::new(Cache::new(&store, &watchcache::Config::default()));
        let objects = Objects::new(store, Keys::default(), IpFamily::V4, Duration::from_secs(60));
        let objects = Arc::new(objects);
        let reader = Cached::new(objects.clone(), cache.clone());
        let resource = Catalog::builtin()
            .resource("", "v1", "limitranges")
            .expect("built in");
        for started in [false, true] {
            if started {
                cache.start().await;
            }
            for at in 0..20 {
                let name = format!("{started}-{at}");
                let object = tree!({"metadata": {"name": (name.clone()), "namespace": "a"}});
                let made = objects.create(resource, "a", &name, &object).await;
                assert!(matches!(made, Ok(Outcome::Written(_))));
                let listed = reader.list("", "limitranges", "a").await.expect("readable");
                assert!(
                    listed
                        .iter()
                        .any(|one| one.str_at(&["metadata", "name"]) == Some(&name)),
                    "{name}"
                );
            }
        }
        assert!(
            reader
                .list("", "limitranges", "b")
                .await
                .expect("readable")
                .is_empty()
        );
        // In the end it is the cache that answers.
        let since = objects.last_written(resource);
        let shown = || cache.objects(resource, "a", since, |_| Ok(()));
        while shown().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            reader.list("", "limitranges", "").await.expect("readable").len(),
            40
        );
    }
}
