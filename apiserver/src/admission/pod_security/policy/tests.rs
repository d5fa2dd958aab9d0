//! What labels mean.

use super::*;
use schema::{Value, tree};

fn of(labels: &Value) -> (String, Vec<String>) {
    let (policy, errors) = Policy::PRIVILEGED.with_labels(labels.as_map());
    let text = format!("{} {} {}", policy.enforce, policy.audit, policy.warn);
    (text, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn labels_say_levels_and_versions() {
    let labels = tree!({
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.28",
    });
    assert_eq!(
        of(&labels),
        (
            "baseline:latest privileged:latest restricted:v1.28".to_owned(),
            vec![]
        )
    );
    assert_eq!(
        of(&Value::Null).0,
        "privileged:latest privileged:latest privileged:latest"
    );
}

#[test]
fn wrong_levels_enforce_the_strictest_and_tell_nobody() {
    let labels = tree!({
        "pod-security.kubernetes.io/enforce": "bogus",
        "pod-security.kubernetes.io/warn": "",
        "pod-security.kubernetes.io/audit-version": "1.2",
    });
    let (policy, errors) = of(&labels);
    assert_eq!(policy, "restricted:latest privileged:latest privileged:latest");
    assert_eq!(
        errors,
        [
            "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"bogus\": must be one of privileged, baseline, restricted",
            "metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: \"1.2\": must be \"latest\" or \"v1.x\"",
            "metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: \"\": must be one of privileged, baseline, restricted",
        ]
    );
}

#[test]
fn what_is_enforced_is_warned_of_unless_labels_say() {
    let enforced = |more: Value| {
        let mut labels = tree!({
            "pod-security.kubernetes.io/enforce": "baseline",
            "pod-security.kubernetes.io/enforce-version": "v1.28",
        });
        for (key, value) in more.as_map().unwrap().iter() {
            labels.as_map_mut().unwrap().insert(key.clone(), value.clone());
        }
        Policy::PRIVILEGED.with_labels(labels.as_map()).0.warn.to_string()
    };
    let cases = [
        (tree!({}), "baseline:v1.28"),
        (
            tree!({"pod-security.kubernetes.io/warn-version": "v1.30"}),
            "baseline:v1.30",
        ),
        (
            tree!({"pod-security.kubernetes.io/warn": "privileged"}),
            "privileged:latest",
        ),
        (
            tree!({"pod-security.kubernetes.io/enforce": "foo"}),
            "privileged:latest",
        ),
    ];
    for (more, warn) in cases {
        assert_eq!(enforced(more.clone()), warn, "{more:?}");
    }
    let strict = LevelVersion {
        level: Level::Restricted,
        version: Version::Latest,
    };
    let defaults = Policy {
        warn: strict,
        ..Policy::PRIVILEGED
    };
    let labels = tree!({"pod-security.kubernetes.io/enforce": "baseline"});
    assert_eq!(defaults.with_labels(labels.as_map()).0.warn, strict);
}

#[test]
fn versions_are_minors_of_the_first_major() {
    for (text, minor) in [("v1.0", 0), ("v1.9", 9), ("v1.36", 36), ("v1.9999", 9999)] {
        assert_eq!(Version::parse(text), Ok(Version::Minor(minor)));
    }
    for text in [
        "",
        "v1",
        "v1.",
        "v1.01",
        "v2.0",
        "v1.-1",
        "v1.+1",
        "v1.99999999999999999999",
        "Latest",
    ] {
        assert_eq!(Version::parse(text), Err(VERSION_PROBLEM), "{text}");
    }
}
