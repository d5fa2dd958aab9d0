//! What a kubelet may do with pods: make mirror pods of itself, and tell how those on it fare.

use object::meta;
use schema::Value;

use crate::admission::pod_references;
use crate::validation::pods::MIRROR;

/// Whether the pod is on the node.
pub fn is_on(node: &str, pod: &Value) -> bool {
    pod.str_at(&["spec", "nodeName"]) == Some(node)
}

/// A new pod, as far as it can be judged by itself. Returns the uid that its owner, the node, must have.
pub fn check_new<'a>(node: &str, pod: &'a Value) -> Result<&'a str, String> {
    if meta::of(pod).annotation(MIRROR).is_none() {
        return Err(format!(
            "pod does not have \"{MIRROR}\" annotation, node \"{node}\" can only create mirror pods"
        ));
    }
    if !is_on(node, pod) {
        return Err(format!(
            "node \"{node}\" can only create pods with spec.nodeName set to itself"
        ));
    }
    check_owner(node, pod)
}

fn check_owner<'a>(node: &str, pod: &'a Value) -> Result<&'a str, String> {
    let only = |what: &str| {
        Err(format!(
            "node \"{node}\" can only create pods with {what} set to itself"
        ))
    };
    let owner = match pod.list_at(&["metadata", "ownerReferences"]) {
        [] => return only("an owner reference"),
        [owner] => owner,
        _ => return only("a single owner reference"),
    };
    let is_node = owner.str_at(&["apiVersion"]) == Some("v1")
        && owner.str_at(&["kind"]) == Some("Node")
        && owner.str_at(&["name"]) == Some(node);
    if !is_node {
        return only("an owner reference");
    }
    if owner.bool_at(&["controller"]) != Some(true) {
        return only("a controller owner reference");
    }
    if owner.bool_at(&["blockOwnerDeletion"]) == Some(true) {
        return Err(format!(
            "node \"{node}\" must not set blockOwnerDeletion on an owner reference"
        ));
    }
    Ok(owner.str_at(&["uid"]).unwrap_or_default())
}

/// The rest of a new pod's rules, asked once its owner is known to be this very node.
pub fn check_references(node: &str, pod: &Value) -> Result<(), String> {
    match pod_references::first(pod) {
        Some(what) => Err(format!(
            "node \"{node}\" can not create pods that reference {what}"
        )),
        None => Ok(()),
    }
}

/// A status update.
pub fn check_status(node: &str, pod: &Value, old: &Value) -> Result<(), String> {
    if !is_on(node, old) {
        return Err(format!(
            "node \"{node}\" can only update pod status for pods with spec.nodeName set to itself"
        ));
    }
    if !same_map(meta::of(pod).labels(), meta::of(old).labels()) {
        return Err(format!("node \"{node}\" cannot update labels through pod status"));
    }
    if claims(pod) != claims(old) {
        return Err(format!("node \"{node}\" cannot update resource claim statues"));
    }
    let extended = ["status", "extendedResourceClaimStatus"];
    if pod.at(&extended) != old.at(&extended) {
        return Err(format!(
            "node \"{node}\" cannot update extended resource claim status"
        ));
    }
    Ok(())
}

fn same_map(a: Option<&schema::Map>, b: Option<&schema::Map>) -> bool {
    let empty = schema::Map::new();
    a.unwrap_or(&empty) == b.unwrap_or(&empty)
}

/// Which claims were made for a pod: a kubelet that names others gets at them.
fn claims(pod: &Value) -> Vec<(Option<&str>, Option<&str>)> {
    let statuses = pod.list_at(&["status", "resourceClaimStatuses"]).iter();
    statuses
        .map(|status| (status.str_at(&["name"]), status.str_at(&["resourceClaimName"])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn mirror(owners: Value) -> Value {
        let mut pod = tree!({
            "metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}},
            "spec": {"nodeName": "n"},
        });
        if let Some(metadata) = pod.get_mut("metadata").and_then(Value::as_map_mut) {
            metadata.insert("ownerReferences", owners);
        }
        pod
    }

    #[test]
    fn mirror_pods_are_owned_by_their_node() {
        let good = tree!([{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u", "controller": true}]);
        assert_eq!(check_new("n", &mirror(good)), Ok("u"));
        let owner = |name: &str, controller: bool, block: bool| {
            tree!({
                "apiVersion": "v1", "kind": "Node", "name": name, "uid": "u",
                "controller": controller, "blockOwnerDeletion": block,
            })
        };
        let cases = [
            (tree!([]), "an owner reference set to itself"),
            (
                Value::List(vec![owner("n", true, false); 2]),
                "a single owner reference set to itself",
            ),
            (
                Value::List(vec![owner("m", true, false)]),
                "an owner reference set to itself",
            ),
            (
                Value::List(vec![owner("n", false, false)]),
                "a controller owner reference set to itself",
            ),
            (
                Value::List(vec![owner("n", true, true)]),
                "must not set blockOwnerDeletion on an owner reference",
            ),
        ];
        for (owners, why) in cases {
            let refused = check_new("n", &mirror(owners)).unwrap_err();
            assert!(refused.ends_with(why), "{refused}");
        }
    }

    #[test]
    fn other_pods_and_pods_of_other_nodes_are_not_made() {
        let plain = tree!({"metadata": {}, "spec": {"nodeName": "n"}});
        assert!(
            check_new("n", &plain)
                .unwrap_err()
                .contains("can only create mirror pods")
        );
        assert!(
            check_new("m", &mirror(tree!([])))
                .unwrap_err()
                .contains("spec.nodeName")
        );
    }

    #[test]
    fn a_status_update_leaves_labels_and_claims() {
        let old = tree!({"metadata": {"labels": {"a": "b"}}, "spec": {"nodeName": "n"}});
        let cases = [
            (tree!({"metadata": {}}), "labels through pod status"),
            (
                tree!({"metadata": {"labels": {"a": "b"}}, "status": {"resourceClaimStatuses": [{"name": "c"}]}}),
                "resource claim statues",
            ),
            (
                tree!({"metadata": {"labels": {"a": "b"}}, "status": {"extendedResourceClaimStatus": {}}}),
                "extended resource claim status",
            ),
        ];
        for (pod, why) in cases {
            let refused = check_status("n", &pod, &old).unwrap_err();
            assert!(refused.ends_with(why), "{refused}");
        }
        assert_eq!(check_status("n", &old.clone(), &old), Ok(()));
        assert!(check_status("m", &old.clone(), &old).is_err());
    }
}
