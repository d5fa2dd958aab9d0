//! Keeps up custom resource definitions: their names and conditions, their APIServices, and their end, which is that of their objects.
//! Which names a definition gets is decided in [`definition_names`], what is told of its schemas in [`definition_shape`]; serving custom resources is not done here.

use std::collections::BTreeSet;

use bytes::Bytes;
use object::meta;
use object::time::Time;
use schema::Value;
use storage::Range;

use super::{Hooks, text, typed};
use crate::bootstrap::api_services;
use crate::bootstrap::conditions::{self, Condition};
use crate::bootstrap::{definition_names, definition_shape};
use crate::strategy::api_objects::DEFINITION_CLEANUP;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DEFINITION_KEYS: &str = "apiextensions.k8s.io/customresourcedefinitions";

impl Hooks {
    /// Follows definitions until the server stops.
    pub(super) async fn keep_definitions(&self) {
        let prefixes = vec![DEFINITION_KEYS.to_owned()];
        self.follow(&self.definitions, "custom resource definitions", prefixes, || {
            self.settle_definitions()
        })
        .await;
    }

    /// The keys that what is left to do depends on: also those of objects that hold up the end of their definition.
    async fn settle_definitions(&self) -> Result<Vec<String>, String> {
        let list = self.loopback.get(DEFINITIONS).await.map_err(text)?;
        let mut all: Vec<Value> = list
            .list_at(&["items"])
            .iter()
            .map(|item| typed(item, "apiextensions.k8s.io/v1", "CustomResourceDefinition"))
            .collect();
        // The older has the better claim.
        all.sort_by(|one, other| definition_names::claim(one).cmp(&definition_names::claim(other)));
        let mut done = Ok(());
        for at in 0..all.len() {
            // One that cannot be written holds up no other.
            match self.settle_definition(&all[at], &all).await {
                Ok(settled) => all[at] = settled,
                Err(error) => done = Err(error),
            }
        }
        let registered = self.register_definitions(&all).await;
        done.and(registered)?;
        let ending = all.iter().filter(|item| meta::of(item).is_deleting());
        let keys = [DEFINITION_KEYS.to_owned()].into_iter().chain(ending.map(keys));
        Ok(keys.collect())
    }

    async fn settle_definition(&self, definition: &Value, all: &[Value]) -> Result<Value, String> {
        if meta::of(definition).is_deleting() {
            self.finish_definition(definition).await?;
            return Ok(definition.clone());
        }
        let now = Time::now().format();
        let mut next = definition_names::settled(definition, all, &now);
        definition_shape::mark(&mut next, &now);
        if next == *definition {
            return Ok(next);
        }
        let path = format!("{DEFINITIONS}/{}/status", meta::of(&next).name());
        self.loopback.update(&path, &next).await.map_err(text)
    }

    /// A definition that is being deleted goes when none of its objects is left.
    async fn finish_definition(&self, definition: &Value) -> Result<(), String> {
        if !meta::of(definition).has_finalizer(DEFINITION_CLEANUP) {
            return Ok(());
        }
        let path = format!("{DEFINITIONS}/{}", meta::of(definition).name());
        let mut next = definition.clone();
        let namespaces = self.namespaces_of_objects(definition).await?;
        if !namespaces.is_empty() {
            let condition = Condition {
                kind: "Terminating",
                status: "True",
                reason: "InstanceDeletionInProgress",
                message: "CustomResource deletion is in progress".to_owned(),
            };
            conditions::set(&mut next, &condition, &Time::now().format());
            if next != *definition {
                next = self
                    .loopback
                    .update(&format!("{path}/status"), &next)
                    .await
                    .map_err(text)?;
            }
            self.delete_objects(definition, &namespaces).await?;
            if !self.namespaces_of_objects(definition).await?.is_empty() {
                // Finalizers hold some of them.
                return Ok(());
            }
        }
        meta::edit(&mut next).remove_finalizer(DEFINITION_CLEANUP);
        match self.loopback.update(&path, &next).await {
            // Somebody else was first.
            Err(status) if !status.is_not_found() => Err(text(status)),
            _ => Ok(()),
        }
    }

    /// The namespaces in which there are objects of a definition; an empty one for what is in none.
    async fn namespaces_of_objects(&self, definition: &Value) -> Result<BTreeSet<String>, String> {
        let prefix = format!("{}/{}/", self.settings.key_prefix, keys(definition));
        let is_namespaced = definition.str_at(&["spec", "scope"]) == Some("Namespaced");
        let end = storage::store::prefix_end(prefix.as_bytes());
        let (mut start, mut found) = (Bytes::from(prefix.clone()), BTreeSet::new());
        loop {
            let page = self.store.range(Range {
                start,
                end: end.clone(),
                limit: 1,
                keys_only: true,
                ..Range::default()
            });
            let page = page.await.map_err(|error| error.to_string())?;
            let Some(first) = page.entries.first() else {
                return Ok(found);
            };
            let below = String::from_utf8_lossy(&first.key[prefix.len().min(first.key.len())..]).into_owned();
            let namespace = below
                .split_once('/')
                .filter(|_| is_namespaced)
                .map_or("", |(namespace, _)| namespace);
            found.insert(namespace.to_owned());
            if !is_namespaced || namespace.is_empty() {
                return Ok(found);
            }
            // Past all of this namespace.
            start = storage::store::prefix_end(format!("{prefix}{namespace}/").as_bytes());
        }
    }

    /// Deletes all objects of a definition, as a client would.
    async fn delete_objects(&self, definition: &Value, namespaces: &BTreeSet<String>) -> Result<(), String> {
        let served = definition.list_at(&["spec", "versions"]).iter();
        let mut served = served.filter(|version| version.bool_at(&["served"]) == Some(true));
        let Some(version) = served.next().and_then(|version| version.str_at(&["name"])) else {
            let prefix = format!("{}/{}/", self.settings.key_prefix, keys(definition));
            return self.delete_unserved(&prefix).await;
        };
        let text_at = |path: &[&str]| definition.str_at(path).unwrap_or_default();
        let (group, plural) = (text_at(&["spec", "group"]), text_at(&["spec", "names", "plural"]));
        for namespace in namespaces {
            let within = match namespace.as_str() {
                "" => String::new(),
                namespace => format!("/namespaces/{namespace}"),
            };
            let path = format!("/apis/{group}/{version}{within}/{plural}");
            self.loopback.delete(&path).await.map_err(text)?;
        }
        Ok(())
    }

    /// Each group and version that definitions are served in has an APIService, and no other that this server manages.
    async fn register_definitions(&self, all: &[Value]) -> Result<(), String> {
        let wanted = api_services::of_definitions(all);
        let list = self.loopback.get(api_services::COLLECTION).await.map_err(text)?;
        let mut done = Ok(());
        for service in list.list_at(&["items"]) {
            let name = meta::of(service).name();
            let is_wanted = wanted.iter().any(|one| meta::of(&one.object).name() == name);
            if api_services::is_of_definitions(service) && !is_wanted {
                let deleted = self
                    .loopback
                    .delete(&format!("{}/{name}", api_services::COLLECTION))
                    .await;
                done = deleted.map(drop).map_err(text).and(done);
            }
        }
        let known = |name: &str| {
            list.list_at(&["items"])
                .iter()
                .any(|one| meta::of(one).name() == name)
        };
        for one in wanted.iter().filter(|one| !known(meta::of(&one.object).name())) {
            let made = self.loopback.ensure(&one.collection, &one.object).await;
            done = made.map(drop).map_err(text).and(done);
        }
        done
    }
}

/// Below which key the objects of a definition are.
fn keys(definition: &Value) -> String {
    let text_at = |path: &[&str]| definition.str_at(path).unwrap_or_default();
    format!(
        "{}/{}",
        text_at(&["spec", "group"]),
        text_at(&["spec", "names", "plural"])
    )
}
