//! StorageObjectInUseProtection: the finalizers of what may be in use. It edits trees.

use schema::Value;

/// Adds a finalizer unless the object has it.
pub fn add_finalizer(object: &mut Value, finalizer: &str) {
    let has_it = object
        .list_at(&["metadata", "finalizers"])
        .iter()
        .any(|have| have.as_str() == Some(finalizer));
    if let (false, Some(map)) = (has_it, object.as_map_mut()) {
        let finalizers = map
            .map_at("metadata")
            .entry_or_insert_with("finalizers", || Value::List(Vec::new()));
        if let Some(list) = finalizers.as_list_mut() {
            list.push(Value::from(finalizer));
        }
    }
}

/// The finalizer that keeps an object of this resource while it may be in use.
pub fn protection_finalizer(group: &str, resource: &str) -> Option<&'static str> {
    match (group, resource) {
        ("", "persistentvolumeclaims") => Some("kubernetes.io/pvc-protection"),
        ("", "persistentvolumes") => Some("kubernetes.io/pv-protection"),
        ("storage.k8s.io", "volumeattributesclasses") => Some("kubernetes.io/vac-protection"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn finalizers_are_added_once() {
        let mut claim = tree!({"metadata": {"name": "a"}});
        add_finalizer(&mut claim, "kubernetes.io/pvc-protection");
        add_finalizer(&mut claim, "kubernetes.io/pvc-protection");
        assert_eq!(claim.list_at(&["metadata", "finalizers"]).len(), 1);
    }
}
