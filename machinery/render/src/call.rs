//! One request for a resource, as the verbs see it. It is read once; what is collected for the answer's headers is here too.

use std::sync::Arc;

use auth::User;
use http::HeaderMap;
use kinds::{Catalog, Gates, Resource, Subresource};
use schema::{SmolStr, TypeId, Value};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;

/// A request for a resource.
#[derive(Clone)]
pub struct Call {
    /// What it is about.
    pub info: RequestInfo,
    /// Its parameters.
    pub query: Query,
    /// Its headers.
    pub headers: HeaderMap,
    /// Who asks.
    pub user: User,
    /// The resource in the requested version.
    pub resource: Arc<Resource>,
    /// The resource in the version that writes, validation and tables see.
    pub hub: Arc<Resource>,
    /// When it came, RFC 3339 in whole seconds.
    pub now: SmolStr,
    /// Whether shard selectors are heeded: the gate `ShardedListAndWatch`.
    pub heeds_shards: bool,
    warnings: Vec<String>,
    annotations: Vec<(String, String)>,
}

/// What a body or an answer is: a kind in a version.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its group.
    pub group: SmolStr,
    /// Its version.
    pub version: SmolStr,
    /// Its kind.
    pub kind: SmolStr,
    /// Its schema.
    pub type_id: TypeId,
}

impl Shape {
    /// Of a resource's objects.
    pub fn of(resource: &Resource) -> Self {
        Self {
            group: resource.group.clone(),
            version: resource.version.clone(),
            kind: resource.kind.clone(),
            type_id: resource.type_id,
        }
    }

    /// Of a subresource's body.
    pub fn of_subresource(subresource: &Subresource) -> Self {
        Self {
            group: subresource.group.clone(),
            version: subresource.version.clone(),
            kind: subresource.kind.clone(),
            type_id: subresource.type_id,
        }
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> SmolStr {
        kinds::resource::api_version(&self.group, &self.version)
    }

    /// Sets `apiVersion` and `kind`.
    pub fn set_type(&self, object: &mut Value) {
        if let Some(map) = object.as_map_mut() {
            map.insert("apiVersion", self.api_version());
            map.insert("kind", self.kind.clone());
        }
    }
}

impl Call {
    /// A request for `resource`, which is served.
    pub fn new(
        info: RequestInfo,
        query: Query,
        headers: HeaderMap,
        user: User,
        resource: Arc<Resource>,
    ) -> Self {
        let hub = Catalog::builtin().hub(&resource).clone();
        let warnings = resource.deprecation.iter().map(|text| text.to_string()).collect();
        let now = schema::time::Time::now().format();
        Self {
            info,
            query,
            headers,
            user,
            resource,
            hub,
            now,
            heeds_shards: false,
            warnings,
            annotations: Vec::new(),
        }
    }

    /// With what feature gates change of it.
    pub fn gated(self, gates: &Gates) -> Self {
        Self {
            heeds_shards: gates.enabled(Gates::SHARDED_LISTS),
            ..self
        }
    }

    /// The subresource asked for.
    pub fn subresource(&self) -> Option<&Subresource> {
        self.resource.subresource(&self.info.subresource)
    }

    /// The namespace; empty for objects outside namespaces.
    pub fn namespace(&self) -> &str {
        if self.resource.namespaced {
            &self.info.namespace
        } else {
            ""
        }
    }

    /// The object's name; empty for collections.
    pub fn name(&self) -> &str {
        self.info.parts.get(1).map_or("", SmolStr::as_str)
    }

    /// An object's hub form in the version that was asked for.
    pub fn shown(&self, hub: Value) -> Result<Value, Status> {
        shown(&self.resource, hub)
    }

    /// Tells the client; each text once.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// Notes something for the request's audit event: a qualified key and a text.
    pub fn annotate(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.annotations.push((key.into(), text.into()));
    }

    /// What is noted for the audit event.
    pub fn annotations(&self) -> &[(String, String)] {
        &self.annotations
    }

    /// What the client is told.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Whether clients see objects of a resource in the form in which they are held: in their hub form, or, where a definition has one
/// version alone, in that.
pub(crate) fn is_shown_as_held(resource: &Arc<Resource>, hub: &Arc<Resource>) -> bool {
    let is_only = resource.custom.as_ref().is_none_or(|kind| kind.is_only_version());
    Arc::ptr_eq(resource, hub) && is_only
}

/// An object's hub form in the version of a resource.
pub fn shown(resource: &Resource, hub: Value) -> Result<Value, Status> {
    kinds::convert::from_storage(resource, hub).map_err(|error| Status::internal(&error.to_string()))
}
