//! Which checks there are, in which versions; what tests of single checks share.

mod of_baseline;
mod of_restricted;

use schema::{Value, tree};

use super::*;

fn judged(level: Level, minor: i64, spec: Value) -> Vec<String> {
    with_annotations(level, minor, spec, Value::Null)
}

fn with_annotations(level: Level, minor: i64, spec: Value, annotations: Value) -> Vec<String> {
    let pod = tree!({"metadata": {"annotations": annotations}, "spec": spec});
    let wanted = LevelVersion {
        level,
        version: Version::Minor(minor),
    };
    let violations = evaluate(wanted, Pod::of(&pod));
    violations
        .0
        .iter()
        .map(|one| format!("{} ({})", one.reason, one.detail))
        .collect()
}

/// What baseline says of a pod in the newest version.
fn baseline(spec: Value) -> Vec<String> {
    judged(Level::Baseline, 35, spec)
}

/// A pod of one container with a security context.
fn container(context: Value) -> Value {
    tree!({"containers": [{"name": "a", "securityContext": context}]})
}

/// A pod that no level forbids anything, with its container's security context changed by a key.
fn hardened(key: &str, value: Value) -> Value {
    let mut context = tree!({
        "allowPrivilegeEscalation": false,
        "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    if let Some(map) = context.as_map_mut() {
        match value {
            Value::Null => map.remove(key),
            value => map.insert(key, value),
        };
    }
    container(context)
}

fn restricted(minor: i64, spec: Value) -> Vec<String> {
    judged(Level::Restricted, minor, spec)
}

fn with(mut spec: Value, key: &str, value: Value) -> Value {
    if let Some(map) = spec.as_map_mut() {
        map.insert(key, value);
    }
    spec
}

#[test]
fn checks_stand_in_the_order_of_their_names() {
    for checks in [&BASELINE[..], &RESTRICTED[..]] {
        assert!(checks.is_sorted_by_key(|check| check.name));
        assert!(
            checks
                .iter()
                .all(|check| check.rules.is_sorted_by_key(|rule| rule.minor))
        );
    }
    let names = BASELINE.map(|check| check.name);
    let replaced = RESTRICTED.iter().filter(|check| !check.replaces.is_empty());
    assert!(replaced.clone().count() == 4 && replaced.clone().all(|check| names.contains(&check.replaces)));
}

#[test]
fn restricted_checks_take_the_place_of_baseline_ones_once_they_exist() {
    let names = |minor| -> Vec<&str> { rules(Level::Restricted, minor).map(|(name, _)| name).collect() };
    assert!(names(18).contains(&"seccompProfile_baseline"));
    assert!(!names(19).contains(&"seccompProfile_baseline"));
    assert!(names(21).contains(&"capabilities_baseline"));
    assert!(!names(22).contains(&"capabilities_baseline"));
    assert!(names(34).contains(&"procMount"));
    assert!(!names(35).contains(&"procMount"));
    assert!(!names(0).contains(&"hostPathVolumes"));
    assert_eq!(rules(Level::Privileged, 35).count(), 0);
}

#[test]
fn later_versions_are_like_the_newest() {
    let spec = with(
        container(tree!({"procMount": "Unmasked"})),
        "hostUsers",
        tree!(false),
    );
    assert_eq!(judged(Level::Baseline, 34, spec.clone()).len(), 1);
    assert!(judged(Level::Baseline, 35, spec.clone()).is_empty());
    assert!(judged(Level::Baseline, 99, spec).is_empty());
}

#[test]
fn a_hardened_pod_violates_nothing_in_any_version() {
    for minor in 0..=36 {
        assert!(restricted(minor, hardened("none", Value::Null)).is_empty());
    }
}
