//! Which updates of a pod are judged: those that could turn an allowed pod into another. Most of a pod never changes.

use schema::Value;

use super::checks::seccomp::{CONTAINER_ANNOTATION_PREFIX, POD_ANNOTATION};

/// Whether an update changes an image, the containers, or a seccomp annotation.
pub fn is_significant(pod: &Value, old: &Value) -> bool {
    let annotation_changed = |key: &str| annotation(pod, key) != annotation(old, key);
    let changed = |container: &Value, old: &Value| {
        let name = container.str_at(&["name"]).unwrap_or_default();
        container.get("image") != old.get("image")
            || annotation_changed(&format!("{CONTAINER_ANNOTATION_PREFIX}{name}"))
    };
    let any_changed = |kind: &str| {
        let (new, old) = (pod.list_at(&["spec", kind]), old.list_at(&["spec", kind]));
        new.len() != old.len() || new.iter().zip(old).any(|(new, old)| changed(new, old))
    };
    let ephemeral = pod.list_at(&["spec", "ephemeralContainers"]);
    let old_ephemeral = old.list_at(&["spec", "ephemeralContainers"]);
    annotation_changed(POD_ANNOTATION)
        || any_changed("containers")
        || any_changed("initContainers")
        || ephemeral.iter().any(|new| {
            let old = old_ephemeral
                .iter()
                .find(|old| old.get("name") == new.get("name"));
            old.is_none_or(|old| changed(new, old))
        })
}

fn annotation<'a>(pod: &'a Value, key: &str) -> &'a str {
    object::meta::of(pod).annotation(key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn pod(image: &str) -> Value {
        tree!({"metadata": {}, "spec": {"containers": [{"name": "a", "image": image}]}})
    }

    #[test]
    fn images_count_and_labels_do_not() {
        let mut labelled = pod("i");
        assert!(!is_significant(&pod("i"), &pod("i")));
        assert!(is_significant(&pod("j"), &pod("i")));
        if let Some(metadata) = labelled.get_mut("metadata").and_then(Value::as_map_mut) {
            metadata.insert("labels", tree!({"a": "b"}));
        }
        assert!(!is_significant(&labelled, &pod("i")));
    }

    #[test]
    fn seccomp_annotations_of_pod_and_containers_count() {
        for (key, counts) in [
            ("seccomp.security.alpha.kubernetes.io/pod", true),
            ("container.seccomp.security.alpha.kubernetes.io/a", true),
            ("container.seccomp.security.alpha.kubernetes.io/other", false),
        ] {
            let mut pod = pod("i");
            let old = pod.clone();
            if let Some(metadata) = pod.get_mut("metadata").and_then(Value::as_map_mut) {
                metadata.map_at("annotations").insert(key, "unconfined");
            }
            assert_eq!(is_significant(&pod, &old), counts, "{key}");
        }
    }

    #[test]
    fn an_added_ephemeral_container_counts_and_a_kept_one_does_not() {
        let mut with = pod("i");
        let ephemeral = tree!([{"name": "debug", "image": "d"}]);
        if let Some(spec) = with.get_mut("spec").and_then(Value::as_map_mut) {
            spec.insert("ephemeralContainers", ephemeral);
        }
        assert!(is_significant(&with, &pod("i")));
        assert!(!is_significant(&with, &with.clone()));
    }
}
