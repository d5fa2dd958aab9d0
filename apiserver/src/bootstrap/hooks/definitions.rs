//! Keeps up custom resource definitions: their names and conditions, and their end when nothing of them is left.
//! Which names a definition gets is decided in [`definition_names`]; serving custom resources is not done here.

use bytes::Bytes;
use object::meta;
use object::time::Time;
use schema::Value;
use storage::Range;

use super::{Hooks, text, typed};
use crate::bootstrap::conditions::{self, Condition};
use crate::bootstrap::definition_names;
use crate::strategy::api_objects::DEFINITION_CLEANUP;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DEFINITION_KEYS: &str = "apiextensions.k8s.io/customresourcedefinitions";

impl Hooks {
    /// Follows definitions until the server stops.
    pub(super) async fn keep_definitions(&self) {
        let prefixes = vec![DEFINITION_KEYS.to_owned()];
        self.follow(
            &self.definitions,
            "custom resource definitions",
            prefixes.clone(),
            || async { self.settle_definitions().await.map(|()| prefixes.clone()) },
        )
        .await;
    }

    async fn settle_definitions(&self) -> Result<(), String> {
        let list = self.loopback.get(DEFINITIONS).await.map_err(text)?;
        let mut all: Vec<Value> = list
            .list_at(&["items"])
            .iter()
            .map(|item| typed(item, "apiextensions.k8s.io/v1", "CustomResourceDefinition"))
            .collect();
        // The older has the better claim.
        all.sort_by_cached_key(|item| meta::of(item).creation_timestamp().map(str::to_owned));
        let mut done = Ok(());
        for at in 0..all.len() {
            // One that cannot be written holds up no other.
            match self.settle_definition(&all[at], &all).await {
                Ok(settled) => all[at] = settled,
                Err(error) => done = Err(error),
            }
        }
        done
    }

    async fn settle_definition(&self, definition: &Value, all: &[Value]) -> Result<Value, String> {
        if meta::of(definition).is_deleting() {
            self.finish_definition(definition).await?;
            return Ok(definition.clone());
        }
        let next = definition_names::settled(definition, all, &Time::now().format());
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
        if self.has_objects(definition).await? {
            let condition = Condition {
                kind: "Terminating",
                status: "True",
                reason: "InstanceDeletionInProgress",
                message: "CustomResource deletion is in progress".to_owned(),
            };
            conditions::set(&mut next, &condition, &Time::now().format());
            if next != *definition {
                self.loopback
                    .update(&format!("{path}/status"), &next)
                    .await
                    .map_err(text)?;
            }
            return Ok(());
        }
        meta::edit(&mut next).remove_finalizer(DEFINITION_CLEANUP);
        match self.loopback.update(&path, &next).await {
            // Somebody else was first.
            Err(status) if !status.is_not_found() => Err(text(status)),
            _ => Ok(()),
        }
    }

    async fn has_objects(&self, definition: &Value) -> Result<bool, String> {
        let name = |path: &[&str]| definition.str_at(path).unwrap_or_default().to_owned();
        let (group, plural) = (name(&["spec", "group"]), name(&["spec", "names", "plural"]));
        let start = Bytes::from(format!("{}/{group}/{plural}/", self.settings.key_prefix));
        let end = storage::store::prefix_end(&start);
        let found = self
            .store
            .range(Range {
                start,
                end,
                limit: 1,
                ..Range::default()
            })
            .await
            .map_err(|error| error.to_string())?;
        Ok(!found.entries.is_empty())
    }
}
