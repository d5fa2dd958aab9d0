//! DefaultStorageClass and StorageObjectInUseProtection: which class a claim gets, and the finalizers of what may be in use.
//! It edits trees; the plugins read the classes.

use schema::{Map, Value};

/// The annotations that mark a default class, today's and the old one.
const DEFAULT_STORAGE_CLASS: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];
const DEFAULT_INGRESS_CLASS: [&str; 1] = ["ingressclass.kubernetes.io/is-default-class"];
/// The annotation that named a claim's class before the field did.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
/// The annotation that named an ingress's class before the field did.
const OLD_INGRESS_CLASS: &str = "kubernetes.io/ingress.class";

/// Gives a claim that names no class the newest default class.
pub fn default_storage_class(claim: &mut Value, classes: &[Value]) {
    if claim.at(&["spec", "storageClassName"]).is_some() || has_annotation(claim, BETA_CLASS) {
        return;
    }
    set_class(
        claim,
        "storageClassName",
        newest_default(classes, &DEFAULT_STORAGE_CLASS),
    );
}

/// The class that a claim names; empty if none.
pub fn claim_class(claim: &Value) -> &str {
    let field = || claim.str_at(&["spec", "storageClassName"]);
    annotation(claim, BETA_CLASS).or_else(field).unwrap_or_default()
}

/// Gives an ingress that names no class the newest default class.
pub fn default_ingress_class(ingress: &mut Value, classes: &[Value]) {
    if ingress.at(&["spec", "ingressClassName"]).is_some() || has_annotation(ingress, OLD_INGRESS_CLASS) {
        return;
    }
    set_class(
        ingress,
        "ingressClassName",
        newest_default(classes, &DEFAULT_INGRESS_CLASS),
    );
}

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

fn set_class(object: &mut Value, field: &str, class: Option<&Value>) {
    let name = class
        .and_then(|class| class.str_at(&["metadata", "name"]))
        .map(str::to_owned);
    if let (Some(name), Some(map)) = (name, object.as_map_mut()) {
        map.map_at("spec").insert(field, name);
    }
}

/// The newest, and of those made in one second the first by name.
fn newest_default<'a>(classes: &'a [Value], annotations: &[&str]) -> Option<&'a Value> {
    let created = |class: &Value| {
        class
            .str_at(&["metadata", "creationTimestamp"])
            .unwrap_or_default()
            .to_owned()
    };
    let name = |class: &Value| class.str_at(&["metadata", "name"]).unwrap_or_default().to_owned();
    classes
        .iter()
        .filter(|class| {
            annotations
                .iter()
                .any(|key| annotation(class, key) == Some("true"))
        })
        .min_by(|a, b| created(b).cmp(&created(a)).then_with(|| name(a).cmp(&name(b))))
}

fn has_annotation(object: &Value, key: &str) -> bool {
    annotation(object, key).is_some()
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object
        .map_at(&["metadata", "annotations"])
        .and_then(|annotations: &Map| annotations.get(key))
        .and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn class(name: &str, created: &str) -> Value {
        tree!({"metadata": {
            "name": name,
            "creationTimestamp": created,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        }})
    }

    #[test]
    fn newest_default_class_is_taken_and_names_break_ties() {
        let classes = [
            class("old", "2026-01-01T00:00:00Z"),
            class("b", "2026-02-01T00:00:00Z"),
            class("a", "2026-02-01T00:00:00Z"),
        ];
        let mut claim = tree!({"spec": {}});
        default_storage_class(&mut claim, &classes);
        assert_eq!(claim.str_at(&["spec", "storageClassName"]), Some("a"));
    }

    #[test]
    fn an_empty_class_is_a_choice() {
        let mut claim = tree!({"spec": {"storageClassName": ""}});
        default_storage_class(&mut claim, &[class("a", "2026-01-01T00:00:00Z")]);
        assert_eq!(claim.str_at(&["spec", "storageClassName"]), Some(""));
    }

    #[test]
    fn the_old_annotation_names_the_class_before_the_field() {
        let mut claim = tree!({"metadata": {}, "spec": {"storageClassName": "a"}});
        assert_eq!(claim_class(&claim), "a");
        if let Some(map) = claim.as_map_mut() {
            map.map_at("metadata")
                .map_at("annotations")
                .insert(BETA_CLASS, "b");
        }
        assert_eq!(claim_class(&claim), "b");
        assert_eq!(claim_class(&tree!({"spec": {}})), "");
    }

    #[test]
    fn finalizers_are_added_once() {
        let mut claim = tree!({"metadata": {"name": "a"}});
        add_finalizer(&mut claim, "kubernetes.io/pvc-protection");
        add_finalizer(&mut claim, "kubernetes.io/pvc-protection");
        assert_eq!(claim.list_at(&["metadata", "finalizers"]).len(), 1);
    }
}
