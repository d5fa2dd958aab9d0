//! Rules of deployments.

use schema::Value;

use super::{
    check_at_most_all, check_bounds, check_collisions, check_count_or_percent, check_counters,
    check_same_selector, check_selector, check_template_for, count_or_percent, spec,
};
use crate::strategy::Errors;
use crate::validation::internal_form;
use crate::validation::place::Place;

/// Checks a new deployment.
pub fn create(deployment: &Value, errors: &mut Errors) {
    check_spec(&spec(deployment), errors);
}

/// Checks a changed deployment.
pub fn update(deployment: &Value, old: &Value, errors: &mut Errors) {
    check_spec(&spec(deployment), errors);
    check_same_selector(deployment, old, errors);
}

/// Checks a changed status.
pub fn status(deployment: &Value, old: &Value, errors: &mut Errors) {
    let status = Place::root(deployment, "status");
    let counters = [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
    ];
    check_counters(&status, &counters, errors);
    let bounds = [
        ("updatedReplicas", "replicas"),
        ("readyReplicas", "replicas"),
        ("availableReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ];
    check_bounds(&status, &bounds, errors);
    check_collisions(&status, old, errors);
}

fn check_spec(spec: &Place<'_>, errors: &mut Errors) {
    spec.field("replicas").not_negative(errors);
    let (selector, template) = (spec.field("selector"), spec.field("template"));
    check_selector(&selector, "deployment", errors);
    check_template_for(&selector, &template, "ReplicaSet", errors);
    check_strategy(&spec.field("strategy"), errors);
    spec.field("minReadySeconds").not_negative(errors);
    spec.field("revisionHistoryLimit").not_negative(errors);
    let deadline = spec.field("progressDeadlineSeconds");
    if deadline.is_set() {
        deadline.not_negative(errors);
        if deadline.int() <= spec.field("minReadySeconds").int() {
            errors.push(deadline.invalid_int("must be greater than minReadySeconds"));
        }
    }
}

fn check_strategy(strategy: &Place<'_>, errors: &mut Errors) {
    let rolling = strategy.field("rollingUpdate");
    match strategy.field("type").text() {
        "Recreate" => {
            if rolling.is_set() {
                errors.push(rolling.forbidden("may not be specified when strategy `type` is 'Recreate'"));
            }
        }
        "RollingUpdate" => {
            if rolling.is_set() {
                check_rolling(&rolling, errors);
            } else {
                errors.push(rolling.required("this should be defaulted and never be nil"));
            }
        }
        _ => {
            let shown = internal_form::compact("DeploymentStrategy", strategy.value());
            errors.push(object::field::Error::not_supported(
                strategy.path(),
                shown,
                &["Recreate", "RollingUpdate"],
            ));
        }
    }
}

fn check_rolling(rolling: &Place<'_>, errors: &mut Errors) {
    let (unavailable, surge) = (rolling.field("maxUnavailable"), rolling.field("maxSurge"));
    check_count_or_percent(&unavailable, errors);
    check_count_or_percent(&surge, errors);
    if count_or_percent(&unavailable) == 0 && count_or_percent(&surge) == 0 {
        errors.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
    }
    check_at_most_all(&unavailable, errors);
}
