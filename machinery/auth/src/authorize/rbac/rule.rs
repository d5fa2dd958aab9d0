//! One policy rule, as it is written in roles.

use schema::Value;
use smol_str::SmolStr;

/// A rule of a role (rbac.authorization.k8s.io/v1 PolicyRule).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What may be done; `*` is all.
    pub verbs: Vec<SmolStr>,
    /// API groups; `*` is all.
    pub groups: Vec<SmolStr>,
    /// Resources, `resource/subresource`, `*/subresource`, or `*`.
    pub resources: Vec<SmolStr>,
    /// Only objects of these names; empty is all.
    pub names: Vec<SmolStr>,
    /// Paths, or beginnings of paths that end in `*`.
    pub urls: Vec<SmolStr>,
}

impl Rule {
    /// Reads one; fields that are absent are empty.
    pub fn of(value: &Value) -> Self {
        let texts = |field: &str| {
            value
                .list_at(&[field])
                .iter()
                .filter_map(Value::as_str)
                .map(SmolStr::new)
                .collect()
        };
        Self {
            verbs: texts("verbs"),
            groups: texts("apiGroups"),
            resources: texts("resources"),
            names: texts("resourceNames"),
            urls: texts("nonResourceURLs"),
        }
    }

    /// The rules of a role.
    pub fn all_of(role: &Value) -> Vec<Self> {
        role.list_at(&["rules"]).iter().map(Self::of).collect()
    }
}
