//! Defaults of role bindings.

use schema::{Map, SmolStr};

use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.rbac.v1.",
    rules: &[
        ("ClusterRoleBinding", binding),
        ("RoleBinding", binding),
        ("Subject", subject),
    ],
    nil: &[],
    empty: &[],
}];

const GROUP: SmolStr = SmolStr::new_static("rbac.authorization.k8s.io");

fn binding(binding: &mut Map, _: Now<'_>) {
    let role = binding.map_at("roleRef");
    if fill::is_empty(role, "apiGroup") {
        role.insert("apiGroup", GROUP);
    }
}

/// Service accounts are of the core group, whose name is empty.
fn subject(subject: &mut Map, _: Now<'_>) {
    if fill::is_empty(subject, "apiGroup") && matches!(fill::text(subject, "kind"), "User" | "Group") {
        subject.insert("apiGroup", GROUP);
    }
}
