//! What can be done at a path, as OpenAPI tells it, before it is written in version 2 or 3.
//! It does not know how a resource comes by its paths: [`super::paths`] does.

use super::parameter::Parameter;

/// A path and what can be done there.
#[derive(Clone, Debug)]
pub struct PathItem {
    /// With `{name}` and `{namespace}` in place of values.
    pub path: String,
    /// Parameters of all operations here.
    pub parameters: Vec<&'static Parameter>,
    /// One for each method.
    pub operations: Vec<Operation>,
}

/// One method at a path.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Method in lower case.
    pub method: &'static str,
    /// Unique in the document, e.g. `listCoreV1NamespacedPod`.
    pub id: String,
    /// What it does, in a few words.
    pub description: String,
    /// `x-kubernetes-action`; none for discovery.
    pub action: Option<&'static str>,
    /// `x-kubernetes-group-version-kind`.
    pub kind: Option<GroupVersionKind>,
    /// The group and version that it belongs to, e.g. `apps_v1`.
    pub tag: String,
    /// Query parameters.
    pub parameters: Vec<&'static Parameter>,
    /// The request's body.
    pub body: Option<Body>,
    /// The answer's schema by status code.
    pub responses: Vec<(u16, Schema)>,
    /// The media types of an answer.
    pub produces: &'static [&'static str],
}

/// A request body.
#[derive(Clone, Debug)]
pub struct Body {
    /// OpenAPI name of its type.
    pub schema: String,
    /// Whether it must be there.
    pub required: bool,
    /// The media types taken.
    pub consumes: &'static [&'static str],
}

/// What an answer holds.
#[derive(Clone, Debug)]
pub enum Schema {
    /// A type by its OpenAPI name.
    Type(String),
    /// Plain text.
    Text,
}

/// Group, version and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVersionKind {
    /// Empty for the core group.
    pub group: String,
    /// E.g. `v1`.
    pub version: String,
    /// E.g. `Pod`.
    pub kind: String,
}

/// Media types of objects.
pub const OBJECT_MEDIA: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
];
/// Media types of lists and watches.
pub const STREAM_MEDIA: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];
/// Media types of patches.
pub const PATCH_MEDIA: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];
/// Any media type.
pub const ANY_MEDIA: &[&str] = &["*/*"];
/// JSON alone.
pub const JSON_MEDIA: &[&str] = &["application/json"];
