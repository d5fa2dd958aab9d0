//! A definition as the kind that resources carry, and its resources.

use std::any::Any;
use std::sync::Arc;

use jiff::Timestamp;
use kinds::Resource;
use kinds::convert::Error;
use kinds::custom::Kind;
use kinds::table::Describe;
use schema::{SmolStr, TypeId, Types, Value};

use crate::definition::{Definition, Version};

/// A version of a definition.
#[derive(Clone, Debug)]
pub struct Known {
    definition: Arc<Definition>,
    at: usize,
}

/// The resources of a definition: those that are served, and the one that is stored.
pub fn resources(definition: &Arc<Definition>) -> (Vec<Arc<Resource>>, Option<Arc<Resource>>) {
    let all = definition.versions.iter().enumerate();
    let bound: Vec<_> = all
        .map(|(at, version)| (version, Definition::bound(definition, at)))
        .collect();
    let served = bound.iter().filter(|(version, _)| version.is_served);
    let stored = bound.iter().find(|(version, _)| version.is_stored);
    (
        served.map(|(_, resource)| resource.clone()).collect(),
        stored.map(|(_, resource)| resource.clone()),
    )
}

impl Known {
    pub(crate) fn new(definition: Arc<Definition>, at: usize) -> Self {
        Self { definition, at }
    }

    /// Of a resource that a definition made.
    pub fn of(resource: &Resource) -> Option<&Self> {
        let kind: &dyn Any = resource.custom.as_ref()?.as_any();
        kind.downcast_ref()
    }

    /// The definition.
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.definition.versions[self.at]
    }

    /// Whether objects may have to be converted by a webhook, which is not called.
    pub fn needs_webhook(&self) -> bool {
        self.definition.converts_by_webhook && self.definition.versions.len() > 1
    }

    fn of_object(&self, object: &Value) -> Result<&Version, Error> {
        let text = |key: &str| object.str_at(&[key]).unwrap_or_default();
        let found = self.definition.of_api_version(text("apiVersion"));
        found
            .filter(|_| text("kind") == self.definition.kind)
            .ok_or_else(|| Error::Unregistered {
                api_version: text("apiVersion").to_owned(),
                kind: text("kind").to_owned(),
            })
    }

    fn prune(&self, version: &Version, object: &mut Value) {
        if !self.definition.preserves_unknown {
            version.schema.prune(object);
        }
    }
}

impl Kind for Known {
    fn types(&self) -> (&Types, TypeId) {
        let (types, id) = &self.version().types;
        (types, *id)
    }

    fn is_only_version(&self) -> bool {
        self.definition.versions.len() == 1
    }

    fn has_version(&self, api_version: &str) -> bool {
        self.definition.of_api_version(api_version).is_some()
    }

    fn stored(&self, mut object: Value) -> Result<Value, Error> {
        let version = self.of_object(&object)?;
        crate::types::typed_metadata(&mut object);
        self.prune(version, &mut object);
        version.schema.fill(&mut object);
        version.schema.drop_nulls(&mut object);
        Ok(object)
    }

    fn converted(&self, mut object: Value, api_version: &str) -> Result<Value, Error> {
        if object.str_at(&["apiVersion"]) == Some(api_version) {
            return Ok(object);
        }
        let version = self.definition.of_api_version(api_version);
        let version = version.ok_or_else(|| Error::Unregistered {
            api_version: api_version.to_owned(),
            kind: self.definition.kind.to_string(),
        })?;
        if self.definition.converts_by_webhook {
            let kind = &self.definition.kind;
            return Err(Error::Malformed(format!(
                "conversion webhook for {api_version}, Kind={kind} failed: this server calls no conversion webhooks"
            )));
        }
        if let Some(map) = object.as_map_mut() {
            map.insert("apiVersion", SmolStr::new(api_version));
        }
        self.prune(version, &mut object);
        Ok(object)
    }

    fn column_definitions(&self, describe: Describe<'_>) -> Vec<Value> {
        self.version().columns.definitions(describe)
    }

    fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        self.version().columns.cells(object, now)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
