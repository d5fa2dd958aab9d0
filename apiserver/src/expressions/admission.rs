//! Expressions of admission: match conditions of webhooks, and all that is in admission policies.

use std::sync::LazyLock;

use cel::{Environment, Type};

/// The type of the one variable that a policy's variables are fields of.
const VARIABLES: &str = "kubernetes.variables";

/// What an expression may use besides the request and its objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The policy's parameters.
    pub params: bool,
    /// Questions about the requester's rights.
    pub authorizer: bool,
    /// What mutations are made of.
    pub patches: bool,
}

/// The environment of an expression, without the policy's variables.
pub fn environment(uses: Uses) -> Environment {
    let mut environment = COMMON.clone();
    if uses.params {
        environment = environment.with("params", Type::Dyn);
    }
    if uses.authorizer {
        environment = environment
            .with("authorizer", Type::Opaque("kubernetes.authorization.Authorizer"))
            .with(
                "authorizer.requestResource",
                Type::Opaque("kubernetes.authorization.ResourceCheck"),
            );
    }
    if uses.patches {
        environment = environment.with_patches();
    }
    environment
}

/// The environment of a policy's expressions: its variables are those of `variables`, and none are declared yet.
pub fn of_policy(uses: Uses) -> Environment {
    environment(uses).with_record("variables", VARIABLES)
}

/// Declares a variable of the policy.
pub fn declare(environment: &mut Environment, name: &str, of: Type) {
    environment.declare(VARIABLES, name, of);
}

static COMMON: LazyLock<Environment> = LazyLock::new(|| {
    Environment::new()
        .with("object", Type::Dyn)
        .with("oldObject", Type::Dyn)
        .with("namespaceObject", namespace())
        .with("request", request())
});

/// The request as expressions see it: its objects are variables of their own.
fn request() -> Type {
    let kind = Type::with_fields(
        "kubernetes.GroupVersionKind",
        [
            ("group", Type::String),
            ("version", Type::String),
            ("kind", Type::String),
        ],
    );
    let resource = Type::with_fields(
        "kubernetes.GroupVersionResource",
        [
            ("group", Type::String),
            ("version", Type::String),
            ("resource", Type::String),
        ],
    );
    Type::with_fields(
        "kubernetes.AdmissionRequest",
        [
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", Type::String),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", Type::String),
            ("name", Type::String),
            ("namespace", Type::String),
            ("operation", Type::String),
            ("userInfo", auth::user_type()),
            ("dryRun", Type::Bool),
            ("options", Type::Dyn),
        ],
    )
}

/// A namespace; of its metadata, what the reference shows.
fn namespace() -> Type {
    let map = || Type::map(Type::String, Type::String);
    let condition = Type::with_fields(
        "kubernetes.NamespaceCondition",
        [
            ("status", Type::String),
            ("type", Type::String),
            ("lastTransitionTime", Type::Timestamp),
            ("message", Type::String),
            ("reason", Type::String),
        ],
    );
    let metadata = Type::with_fields(
        "kubernetes.NamespaceMetadata",
        [
            ("name", Type::String),
            ("generateName", Type::String),
            ("namespace", Type::String),
            ("labels", map()),
            ("annotations", map()),
            ("UID", Type::String),
            ("creationTimestamp", Type::Timestamp),
            ("deletionGracePeriodSeconds", Type::Int),
            ("deletionTimestamp", Type::Timestamp),
            ("generation", Type::Int),
            ("resourceVersion", Type::String),
            ("finalizers", Type::texts()),
        ],
    );
    Type::with_fields(
        "kubernetes.Namespace",
        [
            ("metadata", metadata),
            (
                "spec",
                Type::with_fields("kubernetes.NamespaceSpec", [("finalizers", Type::texts())]),
            ),
            (
                "status",
                Type::with_fields(
                    "kubernetes.NamespaceStatus",
                    [("conditions", Type::list(condition)), ("phase", Type::String)],
                ),
            ),
        ],
    )
}
