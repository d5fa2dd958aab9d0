//! Operation ids and tags: how OpenAPI names what can be done. Clients generate method names from them.

use kinds::Resource;

/// `rbac.authorization.k8s.io` is `RbacAuthorization`, the core group is `Core`: what is left of a group without the
/// domains that all Kubernetes groups share.
pub fn group_title(group: &str) -> String {
    if group.is_empty() {
        return "Core".to_owned();
    }
    group
        .strip_suffix(".k8s.io")
        .unwrap_or(group)
        .split('.')
        .map(title)
        .collect()
}

/// First letter in upper case.
pub fn title(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// `rbacAuthorization_v1`: the tag of a group and version.
pub fn tag(group: &str, version: &str) -> String {
    let title = group_title(group);
    let mut chars = title.chars();
    let lower: String = chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default();
    format!("{lower}_{version}")
}

/// The OpenAPI name of a custom kind, or of its list: `com.example.v1.Widget` of `example.com/v1`.
pub fn of_custom(resource: &Resource, kind: &str) -> String {
    let mut parts: Vec<&str> = resource.group.split('.').rev().collect();
    parts.extend([resource.version.as_str(), kind]);
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_titled_without_the_common_domain() {
        assert_eq!(group_title(""), "Core");
        assert_eq!(group_title("apps"), "Apps");
        assert_eq!(group_title("rbac.authorization.k8s.io"), "RbacAuthorization");
        assert_eq!(
            group_title("flowcontrol.apiserver.k8s.io"),
            "FlowcontrolApiserver"
        );
        assert_eq!(tag("apps", "v1"), "apps_v1");
        assert_eq!(tag("", "v1"), "core_v1");
    }
}
