//! One served resource of one version, and the facts that requests, storage and clients need of it.
//! It decides nothing: tables, strategies and discovery read it.

mod verbs;

use std::sync::Arc;

use schema::TypeId;
use smol_str::SmolStr;

use crate::custom;

pub use verbs::{Verb, Verbs};

/// A resource in one version, built-in or custom.
#[derive(Clone, Debug)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: SmolStr,
    /// API version, e.g. `v1`.
    pub version: SmolStr,
    /// Plural name, as in URLs.
    pub resource: SmolStr,
    /// Singular name.
    pub singular: SmolStr,
    /// Kind of an object.
    pub kind: SmolStr,
    /// Kind of a list; empty where nothing can be listed.
    pub list_kind: SmolStr,
    /// Schema of an object.
    pub type_id: TypeId,
    /// Schema of a list.
    pub list_type_id: Option<TypeId>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Short names, as kubectl takes them.
    pub short_names: Vec<SmolStr>,
    /// Categories, e.g. `all`.
    pub categories: Vec<SmolStr>,
    /// What may be done with the main resource.
    pub verbs: Verbs,
    /// Subresources, by name.
    pub subresources: Vec<Subresource>,
    /// How finished this version of it is.
    pub stage: Stage,
    /// Whether it is served when nothing is configured (a gate may still withhold it).
    pub enabled_by_default: bool,
    /// The feature gate without which it is not registered.
    pub feature_gate: Option<SmolStr>,
    /// The release that introduced it, e.g. `1.21`; absent for resources without a lifecycle.
    pub introduced: Option<SmolStr>,
    /// The release that no longer serves it.
    pub removed: Option<SmolStr>,
    /// What every request for it is warned of.
    pub deprecation: Option<SmolStr>,
    /// Where and how it is stored; `None` for what is only computed.
    pub storage: Option<Storage>,
    /// Field selector labels of requests and the stored form's label for each; `None` stands for name and namespace only.
    pub field_labels: Option<Vec<(SmolStr, SmolStr)>>,
    /// What a write does to metadata and status.
    pub write: WriteFacts,
    /// What is known of its objects where a definition made it; `None` for what is built in.
    pub custom: Option<Arc<dyn custom::Kind>>,
}

/// How a resource is kept in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The part of the key below the prefix, e.g. `services/specs`.
    pub key: SmolStr,
    /// Group that stored objects carry.
    pub group: SmolStr,
    /// Version that stored objects carry.
    pub version: SmolStr,
    /// Kind that stored objects carry.
    pub kind: SmolStr,
    /// Encoding of stored objects.
    pub encoding: Encoding,
}

/// How stored objects are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Behind the `k8s\0` envelope.
    Protobuf,
    /// JSON and a newline.
    Json,
}

/// A part of a resource with a path of its own.
#[derive(Clone, Debug)]
pub struct Subresource {
    /// The path segment, e.g. `status`.
    pub name: SmolStr,
    /// Group of its body.
    pub group: SmolStr,
    /// Version of its body.
    pub version: SmolStr,
    /// Kind of its body.
    pub kind: SmolStr,
    /// Schema of its body.
    pub type_id: TypeId,
    /// What may be done with it.
    pub verbs: Verbs,
}

/// How finished a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Generally available.
    Ga,
    /// Beta; off unless configured.
    Beta,
    /// Alpha; off unless configured.
    Alpha,
}

/// What a write does to metadata and status, whatever the content.
#[derive(Clone, Debug, Default)]
pub struct WriteFacts {
    /// An update of an absent object creates it.
    pub create_on_update: bool,
    /// An update without a resource version is allowed.
    pub unconditional_update: bool,
    /// When `metadata.generation` moves.
    pub generation: Generation,
    /// A create drops or resets the status.
    pub status_cleared_on_create: bool,
    /// An update of the main resource keeps the old status.
    pub status_kept_on_update: bool,
    /// Per endpoint (`main`, or a subresource's name) the paths that server-side apply does not own.
    pub reset_fields: Vec<(SmolStr, Vec<SmolStr>)>,
}

/// When `metadata.generation` moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generation {
    /// A create sets it to 1.
    pub set_on_create: bool,
    /// An update that changes the content adds 1.
    pub bumped_on_change: bool,
}

impl Resource {
    /// `apiVersion` of its objects: `v1`, `apps/v1`.
    pub fn api_version(&self) -> SmolStr {
        api_version(&self.group, &self.version)
    }

    /// The subresource with this name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// `resource.group`, or the bare resource in the core group, as error texts name it.
    pub fn qualified_name(&self) -> SmolStr {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => smol_str::format_smolstr!("{}.{group}", self.resource),
        }
    }
}

impl Storage {
    /// `apiVersion` of stored objects.
    pub fn api_version(&self) -> SmolStr {
        api_version(&self.group, &self.version)
    }
}

impl Subresource {
    /// `apiVersion` of its body.
    pub fn api_version(&self) -> SmolStr {
        api_version(&self.group, &self.version)
    }
}

impl WriteFacts {
    /// The paths that server-side apply does not own through this endpoint (`main`, or a subresource's name).
    pub fn reset_fields(&self, endpoint: &str) -> &[SmolStr] {
        self.reset_fields
            .iter()
            .find(|(name, _)| name == endpoint)
            .map_or(&[], |(_, paths)| paths)
    }
}

/// `group/version`, or the bare version in the core group.
pub fn api_version(group: &str, version: &str) -> SmolStr {
    if group.is_empty() {
        SmolStr::new(version)
    } else {
        smol_str::format_smolstr!("{group}/{version}")
    }
}
