//! What writes through a pod's subresources leave as it was.

use object::meta;
use schema::{SmolStr, Value};

/// Fields of a container that a resize may change.
const RESIZABLE: [&str; 2] = ["resources", "resizePolicy"];
/// Metadata that a write through a narrow subresource brings along.
const CARRIED: [&str; 2] = ["resourceVersion", "managedFields"];

/// A status write keeps spec, owners and deletion, and the QoS class unless it says one.
pub fn keep_for_status(pod: &mut Value, old: &Value) {
    set(pod, "spec", old.get("spec").cloned());
    let metadata = old.get("metadata");
    let mut edit = meta::edit(pod);
    for field in ["ownerReferences", "deletionTimestamp"] {
        edit.set(field, metadata.and_then(|metadata| metadata.get(field)).cloned());
    }
    let class = old.at(&["status", "qosClass"]).cloned();
    let given = pod.at(&["status", "qosClass"]).is_some();
    if let (false, Some(class), Some(map)) = (given, class, pod.as_map_mut()) {
        map.map_at("status").insert("qosClass", class);
    }
}

/// A write of ephemeral containers keeps all else.
pub fn keep_all_but_ephemeral_containers(pod: &mut Value, old: &Value) {
    let containers = pod.at(&["spec", "ephemeralContainers"]).cloned();
    keep_all(pod, old);
    if let Some(spec) = pod.get_mut("spec") {
        set(spec, "ephemeralContainers", containers);
    }
}

/// A resize keeps all but resources. Containers that are new, gone or elsewhere are left for validation to refuse.
pub fn keep_all_but_resources(pod: &mut Value, old: &Value) {
    let asked = pod.clone();
    keep_all(pod, old);
    let Some(spec) = pod.get_mut("spec") else { return };
    set(spec, "resources", asked.at(&["spec", "resources"]).cloned());
    for list in ["containers", "initContainers"] {
        let wanted = asked.list_at(&["spec", list]);
        if names(wanted) != names(old.list_at(&["spec", list])) {
            set(spec, list, asked.at(&["spec", list]).cloned());
            continue;
        }
        let kept = spec
            .get_mut(list)
            .and_then(Value::as_list_mut)
            .map_or(&mut [][..], Vec::as_mut_slice);
        for (container, wanted) in kept.iter_mut().zip(wanted) {
            for field in RESIZABLE {
                set(container, field, wanted.get(field).cloned());
            }
        }
    }
}

fn names(containers: &[Value]) -> Vec<Option<&str>> {
    containers
        .iter()
        .map(|container| container.str_at(&["name"]))
        .collect()
}

fn keep_all(pod: &mut Value, old: &Value) {
    let carried = CARRIED.map(|field| pod.at(&["metadata", field]).cloned());
    *pod = old.clone();
    let mut edit = meta::edit(pod);
    for (field, value) in CARRIED.into_iter().zip(carried) {
        edit.set(field, value);
    }
}

fn set(value: &mut Value, field: &str, to: Option<Value>) {
    let Some(map) = value.as_map_mut() else { return };
    match to {
        Some(to) => {
            map.insert(SmolStr::new(field), to);
        }
        None => {
            map.remove(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn pod(image: &str, cpu: &str) -> Value {
        tree!({
            "metadata": {"name": "a", "resourceVersion": "7"},
            "spec": {"containers": [{"name": "main", "image": image, "resources": {"requests": {"cpu": cpu}}}]},
            "status": {"phase": "Running", "qosClass": "Burstable"}
        })
    }

    #[test]
    fn a_resize_changes_resources_only() {
        let mut new = pod("other", "2");
        keep_all_but_resources(&mut new, &pod("first", "1"));
        assert_eq!(new, pod("first", "2"));
    }

    #[test]
    fn ephemeral_containers_come_alone() {
        let mut new = tree!({
            "metadata": {"name": "a", "labels": {"x": "y"}, "resourceVersion": "7"},
            "spec": {"containers": [], "ephemeralContainers": [{"name": "debug"}]}
        });
        keep_all_but_ephemeral_containers(&mut new, &pod("first", "1"));
        assert!(meta::of(&new).labels().is_none());
        assert_eq!(new.list_at(&["spec", "ephemeralContainers"]).len(), 1);
        assert_eq!(
            new.list_at(&["spec", "containers"]),
            pod("first", "1").list_at(&["spec", "containers"])
        );
    }

    #[test]
    fn a_status_write_keeps_spec_owners_and_class() {
        let mut new = tree!({
            "metadata": {"name": "a", "ownerReferences": [{"name": "o"}]},
            "spec": {"nodeName": "n"},
            "status": {"phase": "Failed"}
        });
        let old = pod("first", "1");
        keep_for_status(&mut new, &old);
        assert_eq!(new.get("spec"), old.get("spec"));
        assert!(new.at(&["metadata", "ownerReferences"]).is_none());
        assert_eq!(
            new.get("status"),
            Some(&tree!({"phase": "Failed", "qosClass": "Burstable"}))
        );
    }
}
