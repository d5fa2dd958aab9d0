//! Namespaces: finalizers, phase, and the labels that Pod Security reads.
//! It does not judge pods.

use object::meta;
use object::names::qualified_name;
use schema::Value;

use super::place::Place;
use crate::strategy::Errors;

const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];
const MODES: [&str; 3] = ["enforce", "audit", "warn"];

/// A new namespace.
pub fn create(object: &Value, errors: &mut Errors) {
    let finalizers = Place::root(object, "spec").field("finalizers");
    for name in finalizers.texts() {
        finalizer(&finalizers, name, errors);
    }
    if errors.is_empty() {
        pod_security(object, errors);
    }
}

/// A namespace after another.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    if errors.is_empty() && meta::of(object).labels() != meta::of(old).labels() {
        pod_security(object, errors);
    }
}

/// Through `finalize`.
pub fn finalize(object: &Value, errors: &mut Errors) {
    for name in Place::root(object, "spec").field("finalizers").items() {
        finalizer(&name, name.text(), errors);
    }
}

/// Through `status`: the phase tells whether the namespace is being deleted.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    let phase = Place::root(object, "status").aliased("phase", "Phase");
    match (meta::of(object).is_deleting(), phase.text()) {
        (false, "Active") | (true, "Terminating") => {}
        (false, _) => errors.push(phase.invalid_text("may only be 'Active' if `deletionTimestamp` is empty")),
        (true, _) => {
            errors.push(phase.invalid_text("may only be 'Terminating' if `deletionTimestamp` is not empty"))
        }
    }
}

fn finalizer(place: &Place<'_>, name: &str, errors: &mut Errors) {
    place.text_format(name, qualified_name, errors);
    if !name.contains('/') && !["kubernetes", "orphan", "foregroundDeletion"].contains(&name) {
        let detail = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(place.invalid_as(name, detail));
    }
}

/// The levels that Pod Security admission goes by.
fn pod_security(object: &Value, errors: &mut Errors) {
    let labels = Place::root(object, "metadata").field("labels");
    for mode in MODES {
        let level = labels.key(&format!("pod-security.kubernetes.io/{mode}"));
        if level.is_set() && !LEVELS.contains(&level.text()) {
            errors.push(level.invalid_text(format!("must be one of {}", LEVELS.join(", "))));
        }
        let version = labels.key(&format!("pod-security.kubernetes.io/{mode}-version"));
        if version.is_set() && !is_version(version.text()) {
            errors.push(version.invalid_text("must be \"latest\" or \"v1.x\""));
        }
    }
}

fn is_version(text: &str) -> bool {
    let minor = text
        .strip_prefix("v1.")
        .filter(|minor| *minor == "0" || !minor.starts_with('0'));
    text == "latest"
        || minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn created(object: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        create(object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn finalizers_are_known_or_qualified() {
        assert!(created(&tree!({"spec": {"finalizers": ["kubernetes", "a.b/c"]}})).is_empty());
        assert_eq!(created(&tree!({"spec": {"finalizers": ["nodomain"]}})).len(), 1);
    }

    #[test]
    fn pod_security_labels_are_levels_and_versions() {
        let of = |key: &str, value: &str| {
            let mut labels = schema::Map::new();
            labels.insert(key, value);
            created(&tree!({"metadata": {"labels": (Value::Map(labels))}}))
        };
        assert!(of("pod-security.kubernetes.io/enforce", "baseline").is_empty());
        assert!(of("pod-security.kubernetes.io/warn-version", "v1.30").is_empty());
        let level = "must be one of privileged, baseline, restricted";
        assert!(of("pod-security.kubernetes.io/enforce", "bogus")[0].ends_with(level));
        assert_eq!(of("pod-security.kubernetes.io/warn-version", "v0.x").len(), 1);
    }

    #[test]
    fn the_phase_follows_deletion() {
        let mut errors = Errors::new();
        let active = tree!({"metadata": {}, "status": {"phase": "Active"}});
        status(&active, &active, &mut errors);
        assert!(errors.is_empty());
        let bogus = tree!({"metadata": {}, "status": {"phase": "Bogus"}});
        status(&bogus, &active, &mut errors);
        let text =
            r#"status.Phase: Invalid value: "Bogus": may only be 'Active' if `deletionTimestamp` is empty"#;
        assert_eq!(errors[0].to_string(), text);
    }
}
