//! Rules of daemon sets.

use object::field::Error;
use object::meta_validation;
use object::selector::label::Selector;
use schema::Value;

use super::{
    check_always, check_at_most_all, check_collisions, check_count_or_percent, check_counters, check_match,
    check_same_selector, check_template, count_or_percent, print_selector, spec,
};
use crate::strategy::Errors;
use crate::validation::internal_form;
use crate::validation::place::Place;

/// Checks a new daemon set.
pub fn create(set: &Value, errors: &mut Errors) {
    check_spec(&spec(set), errors);
}

/// Checks a changed daemon set.
pub fn update(set: &Value, old: &Value, errors: &mut Errors) {
    check_same_selector(set, old, errors);
    check_spec(&spec(set), errors);
}

/// Checks a changed status.
pub fn status(set: &Value, old: &Value, errors: &mut Errors) {
    let status = Place::root(set, "status");
    let counters = [
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
    ];
    check_counters(&status, &counters, errors);
    check_collisions(&status, old, errors);
}

fn check_spec(spec: &Place<'_>, errors: &mut Errors) {
    let (selector, template) = (spec.field("selector"), spec.field("template"));
    errors.extend(meta_validation::label_selector(
        selector.value(),
        true,
        selector.path(),
    ));
    if let Ok(parsed) = Selector::of_object(selector.is_set().then(|| selector.value())) {
        check_match(&parsed, &template, errors);
    }
    if selector.is_set() && selector.is_empty() {
        let problem = "empty selector is invalid for daemonset";
        errors.push(selector.invalid_as(print_selector(selector.value()), problem));
    }
    check_template(&template, errors);
    check_always(&template, errors);
    let deadline = template.field("spec").field("activeDeadlineSeconds");
    if deadline.is_set() {
        errors.push(deadline.forbidden("activeDeadlineSeconds in DaemonSet is not Supported"));
    }
    spec.field("minReadySeconds").not_negative(errors);
    check_strategy(&spec.field("updateStrategy"), errors);
    spec.field("revisionHistoryLimit").not_negative(errors);
}

fn check_strategy(strategy: &Place<'_>, errors: &mut Errors) {
    let rolling = strategy.field("rollingUpdate");
    match strategy.field("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if rolling.is_set() => check_rolling(&rolling, errors),
        "RollingUpdate" => errors.push(rolling.required("")),
        _ => {
            let shown = internal_form::compact("DaemonSetUpdateStrategy", strategy.value());
            errors.push(Error::not_supported(
                strategy.path(),
                shown,
                &["RollingUpdate", "OnDelete"],
            ));
        }
    }
}

fn check_rolling(rolling: &Place<'_>, errors: &mut Errors) {
    let (unavailable, surge) = (rolling.field("maxUnavailable"), rolling.field("maxSurge"));
    let (some_gone, some_more) = (count_or_percent(&unavailable) != 0, count_or_percent(&surge) != 0);
    check_count_or_percent(&unavailable, errors);
    check_count_or_percent(&surge, errors);
    if some_gone && some_more {
        errors.push(surge.invalid("may not be set when maxUnavailable is non-zero"));
    }
    if !some_gone && !some_more {
        errors.push(unavailable.required("cannot be 0 when maxSurge is 0"));
    }
    check_at_most_all(&unavailable, errors);
    check_at_most_all(&surge, errors);
}
