//! Rules of replica sets; their status is that of replication controllers too.

use schema::Value;

use super::{check_bounds, check_counters, check_same_selector, check_selector, check_template_for, spec};
use crate::strategy::Errors;
use crate::validation::place::Place;

/// Checks a new replica set.
pub fn create(set: &Value, errors: &mut Errors) {
    check_spec(&spec(set), errors);
}

/// Checks a changed replica set.
pub fn update(set: &Value, old: &Value, errors: &mut Errors) {
    check_spec(&spec(set), errors);
    check_same_selector(set, old, errors);
}

/// Checks a changed status.
pub fn status(set: &Value, _old: &Value, errors: &mut Errors) {
    let status = Place::root(set, "status");
    let counters = [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
        "terminatingReplicas",
    ];
    check_counters(&status, &counters, errors);
    let bounds = [
        ("fullyLabeledReplicas", "replicas"),
        ("readyReplicas", "replicas"),
        ("availableReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ];
    check_bounds(&status, &bounds, errors);
}

fn check_spec(spec: &Place<'_>, errors: &mut Errors) {
    spec.field("replicas").not_negative(errors);
    spec.field("minReadySeconds").not_negative(errors);
    let selector = spec.field("selector");
    check_selector(&selector, "replicaset", errors);
    check_template_for(&selector, &spec.field("template"), "ReplicaSet", errors);
}
