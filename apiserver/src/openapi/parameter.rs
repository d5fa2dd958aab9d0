//! The parameters that API requests take, by name and place. It does not say which request takes which.

/// A parameter in the path or the query.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// `path` or `query`.
    pub place: &'static str,
    /// `string`, `integer` or `boolean`.
    pub kind: &'static str,
    /// What it does, in a few words.
    pub description: &'static str,
}

const fn path(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: "path",
        kind: "string",
        description,
    }
}

const fn query(name: &'static str, kind: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: "query",
        kind,
        description,
    }
}

/// `{name}`.
pub static NAME: Parameter = path("name", "name of the object");
/// `{namespace}`.
pub static NAMESPACE: Parameter = path("namespace", "namespace of the object");
/// `{path}`.
pub static PATH: Parameter = path("path", "path below the proxied resource");
/// `pretty`.
pub static PRETTY: Parameter = query("pretty", "string", "indent JSON answers when true");
static DRY_RUN: Parameter = query("dryRun", "string", "All: do everything but store the result");
static FIELD_MANAGER: Parameter = query("fieldManager", "string", "who is making the change");
static FIELD_VALIDATION: Parameter = query(
    "fieldValidation",
    "string",
    "Ignore, Warn or Strict: what to do about unknown and duplicate fields",
);
static FORCE: Parameter = query(
    "force",
    "boolean",
    "take over fields of other managers; apply patches only",
);

static ALLOW_BOOKMARKS: Parameter = query(
    "allowWatchBookmarks",
    "boolean",
    "send bookmark events in a watch",
);
static CONTINUE: Parameter = query("continue", "string", "where to go on, from the page before");
static FIELD_SELECTOR: Parameter = query("fieldSelector", "string", "only objects whose fields match");
static LABEL_SELECTOR: Parameter = query("labelSelector", "string", "only objects whose labels match");
static LIMIT: Parameter = query("limit", "integer", "the most objects in one page");
static RESOURCE_VERSION: Parameter = query(
    "resourceVersion",
    "string",
    "the version to read at or watch from",
);
static RESOURCE_VERSION_MATCH: Parameter = query(
    "resourceVersionMatch",
    "string",
    "Exact or NotOlderThan: how resourceVersion is meant",
);
static SEND_INITIAL_EVENTS: Parameter = query(
    "sendInitialEvents",
    "boolean",
    "begin a watch with the state as events, then a bookmark",
);
static SHARD_SELECTOR: Parameter = query("shardSelector", "string", "only objects of these shards");
static TIMEOUT_SECONDS: Parameter = query("timeoutSeconds", "integer", "how long a list or watch may take");
static WATCH: Parameter = query("watch", "boolean", "stream changes instead of a list");

static GRACE_PERIOD_SECONDS: Parameter = query(
    "gracePeriodSeconds",
    "integer",
    "seconds before deletion; 0 is now",
);
static IGNORE_STORE_READ_ERROR: Parameter = query(
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "boolean",
    "delete an object that cannot be decoded, without its finalizers",
);
static ORPHAN_DEPENDENTS: Parameter =
    query("orphanDependents", "boolean", "deprecated: use propagationPolicy");
static PROPAGATION_POLICY: Parameter = query(
    "propagationPolicy",
    "string",
    "Orphan, Background or Foreground: what becomes of dependents",
);

/// Of a create and an update.
pub static WRITE: &[&Parameter] = &[&DRY_RUN, &FIELD_MANAGER, &FIELD_VALIDATION];
/// Of a patch.
pub static PATCH: &[&Parameter] = &[&DRY_RUN, &FIELD_MANAGER, &FIELD_VALIDATION, &FORCE];
/// Of a list.
pub static LIST: &[&Parameter] = &[
    &ALLOW_BOOKMARKS,
    &CONTINUE,
    &FIELD_SELECTOR,
    &LABEL_SELECTOR,
    &LIMIT,
    &RESOURCE_VERSION,
    &RESOURCE_VERSION_MATCH,
    &SEND_INITIAL_EVENTS,
    &SHARD_SELECTOR,
    &TIMEOUT_SECONDS,
    &WATCH,
];
/// Of a delete.
pub static DELETE: &[&Parameter] = &[
    &DRY_RUN,
    &GRACE_PERIOD_SECONDS,
    &IGNORE_STORE_READ_ERROR,
    &ORPHAN_DEPENDENTS,
    &PROPAGATION_POLICY,
];
/// Of a deletecollection.
pub static DELETE_COLLECTION: &[&Parameter] = &[
    &CONTINUE,
    &DRY_RUN,
    &FIELD_SELECTOR,
    &GRACE_PERIOD_SECONDS,
    &IGNORE_STORE_READ_ERROR,
    &LABEL_SELECTOR,
    &LIMIT,
    &ORPHAN_DEPENDENTS,
    &PROPAGATION_POLICY,
    &RESOURCE_VERSION,
    &RESOURCE_VERSION_MATCH,
    &SEND_INITIAL_EVENTS,
    &SHARD_SELECTOR,
    &TIMEOUT_SECONDS,
];
/// Of the create of a subresource that is an action (eviction, binding, token).
pub static ACTION: &[&Parameter] = WRITE;
