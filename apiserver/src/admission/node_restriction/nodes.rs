//! What a kubelet may say of its own node: nothing that would draw pods to it which others meant for other nodes.

use std::collections::BTreeSet;

use object::meta;
use schema::{Map, SmolStr, Value};

/// Labels that kubelets set.
const LABELS: [&str; 11] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];
/// In these, and below them, kubelets set what they like.
const OPEN_DOMAINS: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const KUBERNETES_DOMAINS: [&str; 2] = ["kubernetes.io", "k8s.io"];
/// Reserved for what kubelets may not set.
const CLOSED_DOMAIN: &str = "node-restriction.kubernetes.io";

/// A node that registers itself.
pub fn check_new(name: &str, node: &Value) -> Result<(), String> {
    if node.at(&["spec", "configSource"]).is_some() {
        return Err(format!(
            "node \"{name}\" is not allowed to create pods with a non-nil configSource"
        ));
    }
    match forbidden_labels(meta::of(node).labels(), None).as_str() {
        "" => Ok(()),
        labels => Err(format!(
            "node \"{name}\" is not allowed to set the following labels: {labels}"
        )),
    }
}

/// A node that changes itself, or its status.
pub fn check_update(name: &str, node: &Value, old: &Value) -> Result<(), String> {
    let config = node.at(&["spec", "configSource"]);
    if config.is_some() && config != old.at(&["spec", "configSource"]) {
        return Err(format!(
            "node \"{name}\" is not allowed to update configSource to a new non-nil configSource"
        ));
    }
    if node.list_at(&["spec", "taints"]) != old.list_at(&["spec", "taints"]) {
        return Err(format!("node \"{name}\" is not allowed to modify taints"));
    }
    let owners = ["metadata", "ownerReferences"];
    if node.list_at(&owners) != old.list_at(&owners) {
        return Err(format!(
            "node \"{name}\" is not allowed to modify ownerReferences"
        ));
    }
    match forbidden_labels(meta::of(node).labels(), meta::of(old).labels()).as_str() {
        "" => Ok(()),
        labels => Err(format!("is not allowed to modify labels: {labels}")),
    }
}

/// The changed labels that a kubelet may not change, in order and with commas.
fn forbidden_labels(new: Option<&Map>, old: Option<&Map>) -> String {
    fn keys(map: Option<&Map>) -> impl Iterator<Item = &str> {
        map.into_iter().flat_map(Map::keys).map(SmolStr::as_str)
    }
    let value = |map: Option<&Map>, key: &str| map.and_then(|map| map.get(key)).cloned();
    let changed: BTreeSet<&str> = keys(new)
        .chain(keys(old))
        .filter(|key| value(new, key) != value(old, key) && is_forbidden(key))
        .collect();
    changed.into_iter().collect::<Vec<_>>().join(", ")
}

fn is_forbidden(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let is_in =
        |other: &str| domain == other || domain.strip_suffix(other).is_some_and(|rest| rest.ends_with('.'));
    let is_kubernetes = KUBERNETES_DOMAINS.iter().any(|other| is_in(other));
    let is_kubelets = LABELS.contains(&key) || OPEN_DOMAINS.iter().any(|other| is_in(other));
    is_in(CLOSED_DOMAIN) || (is_kubernetes && !is_kubelets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn labels_of_kubernetes_are_closed_but_for_those_of_kubelets() {
        for key in [
            "kubernetes.io/hostname",
            "topology.kubernetes.io/zone",
            "node.kubernetes.io/anything",
            "sub.kubelet.kubernetes.io/x",
            "example.com/role",
            "plain",
            "notkubernetes.io/x",
        ] {
            assert!(!is_forbidden(key), "{key}");
        }
        for key in [
            "kubernetes.io/role",
            "node-role.kubernetes.io/master",
            "x.k8s.io/y",
            "node-restriction.kubernetes.io/a",
            "a.node-restriction.kubernetes.io/b",
        ] {
            assert!(is_forbidden(key), "{key}");
        }
    }

    #[test]
    fn new_nodes_bring_no_closed_labels_and_no_config_source() {
        let node = tree!({"metadata": {"labels": {"b.k8s.io/x": "1", "a.k8s.io/x": "1", "plain": "1"}}});
        assert_eq!(
            check_new("n", &node),
            Err("node \"n\" is not allowed to set the following labels: a.k8s.io/x, b.k8s.io/x".to_owned())
        );
        let node = tree!({"spec": {"configSource": {"configMap": {}}}});
        assert!(check_new("n", &node).unwrap_err().contains("configSource"));
        assert_eq!(check_new("n", &tree!({"metadata": {"name": "n"}})), Ok(()));
    }

    #[test]
    fn updates_leave_taints_owners_and_closed_labels() {
        let old = tree!({"metadata": {"labels": {"a.k8s.io/x": "1"}}, "spec": {"taints": [{"key": "t"}]}});
        assert_eq!(check_update("n", &old.clone(), &old), Ok(()));
        let cases = [
            (
                tree!({"metadata": {"labels": {"a.k8s.io/x": "1"}}}),
                "modify taints",
            ),
            (
                tree!({"metadata": {"labels": {"a.k8s.io/x": "2"}}, "spec": {"taints": [{"key": "t"}]}}),
                "modify labels: a.k8s.io/x",
            ),
            (
                tree!({"metadata": {}, "spec": {"taints": [{"key": "t"}]}}),
                "modify labels: a.k8s.io/x",
            ),
            (
                tree!({
                    "metadata": {"labels": {"a.k8s.io/x": "1"}, "ownerReferences": [{"uid": "1"}]},
                    "spec": {"taints": [{"key": "t"}]},
                }),
                "modify ownerReferences",
            ),
        ];
        for (node, why) in cases {
            let refused = check_update("n", &node, &old).unwrap_err();
            assert!(refused.ends_with(why), "{refused}");
        }
    }
}
