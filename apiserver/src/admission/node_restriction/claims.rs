//! What a kubelet may change of a claim's status: how far a resize has come.

use schema::Value;

/// Of the status; the rest of a claim stays as it is.
const MAY_CHANGE: [&str; 4] = [
    "capacity",
    "conditions",
    "allocatedResources",
    "allocatedResourceStatuses",
];

/// A status update.
pub fn check_status(node: &str, claim: &Value, old: &Value) -> Result<(), String> {
    if without_progress(claim) == without_progress(old) {
        return Ok(());
    }
    Err(format!(
        "node \"{node}\" is not allowed to update fields other than status.quantity and status.conditions"
    ))
}

fn without_progress(claim: &Value) -> Value {
    let mut claim = claim.clone();
    if let Some(status) = claim.get_mut("status").and_then(Value::as_map_mut) {
        status.retain(|field, _| !MAY_CHANGE.contains(&field));
    }
    // An update that names no version means any; who manages fields follows from the change.
    if let Some(metadata) = claim.get_mut("metadata").and_then(Value::as_map_mut) {
        metadata.retain(|field, _| !matches!(field, "resourceVersion" | "managedFields"));
    }
    if let Some(map) = claim.as_map_mut() {
        map.retain(|_, value| !value.as_map().is_some_and(schema::Map::is_empty));
    }
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn only_the_progress_of_a_resize_may_change() {
        let old = tree!({"metadata": {"name": "c", "resourceVersion": "1"}, "spec": {"volumeName": "v"}});
        let grown = tree!({
            "metadata": {"name": "c"},
            "spec": {"volumeName": "v"},
            "status": {"capacity": {"storage": "2Gi"}, "conditions": [{"type": "Resizing"}]},
        });
        assert_eq!(check_status("n", &grown, &old), Ok(()));
        for other in [
            tree!({"metadata": {"name": "c", "labels": {"a": "b"}}, "spec": {"volumeName": "v"}}),
            tree!({"metadata": {"name": "c"}, "spec": {"volumeName": "w"}}),
            tree!({"metadata": {"name": "c"}, "spec": {"volumeName": "v"}, "status": {"phase": "Bound"}}),
        ] {
            let refused = check_status("n", &other, &old).unwrap_err();
            assert!(refused.starts_with("node \"n\" is not allowed to update fields other than"));
        }
    }
}
