//! Webhook configurations: what each webhook is called, for which requests, and how the caller treats it.
//! Calling them is admission's.

pub mod client;
pub mod conditions;
pub mod review_versions;
pub mod rules;

use std::collections::HashSet;

use object::field::Error;
use object::meta_validation::label_selector;
use object::names::fully_qualified_name;
use schema::Value;

use super::place::Place;
use crate::expressions::admission::{Uses, environment};
use crate::strategy::Errors;

pub(super) const FAILURE_POLICIES: [&str; 2] = ["Fail", "Ignore"];
pub(super) const MATCH_POLICIES: [&str; 2] = ["Equivalent", "Exact"];
pub(super) const REINVOCATION_POLICIES: [&str; 2] = ["IfNeeded", "Never"];
const SIDE_EFFECTS: [&str; 4] = ["None", "NoneOnDryRun", "Some", "Unknown"];
const NO_SIDE_EFFECTS: [&str; 2] = ["None", "NoneOnDryRun"];
const TIMEOUT_SECONDS: std::ops::RangeInclusive<i64> = 1..=30;

/// What an update of stored webhooks is held to. What was let in before a rule came about may stay.
#[derive(Clone, Copy)]
struct Strictness {
    conditions: bool,
    side_effects: bool,
    review_versions: bool,
    unique_names: bool,
    label_values: bool,
}

impl Strictness {
    const FULL: Self = Self {
        conditions: true,
        side_effects: true,
        review_versions: true,
        unique_names: true,
        label_values: true,
    };

    fn of_update(new: &Place<'_>, old: &Place<'_>) -> Self {
        let side_effects = |hook: &Place<'_>| NO_SIDE_EFFECTS.contains(&hook.field("sideEffects").text());
        let mut names = HashSet::new();
        Self {
            conditions: conditions_of(new) != conditions_of(old),
            side_effects: old.items().all(|hook| side_effects(&hook)),
            review_versions: old
                .items()
                .all(|hook| review_versions::accepted_or_none(&hook.field("admissionReviewVersions"))),
            unique_names: old.items().all(|hook| names.insert(hook.field("name").text())),
            label_values: old.items().all(|hook| selectors(&hook, true).is_empty()),
        }
    }
}

/// A configuration of validating webhooks by itself.
pub fn validating(object: &Value, errors: &mut Errors) {
    all(object, Strictness::FULL, false, errors);
}

/// A configuration of validating webhooks after another.
pub fn validating_update(object: &Value, old: &Value, errors: &mut Errors) {
    all(object, strictness(object, old), false, errors);
}

/// A configuration of mutating webhooks by itself.
pub fn mutating(object: &Value, errors: &mut Errors) {
    all(object, Strictness::FULL, true, errors);
}

/// A configuration of mutating webhooks after another.
pub fn mutating_update(object: &Value, old: &Value, errors: &mut Errors) {
    all(object, strictness(object, old), true, errors);
}

fn strictness(object: &Value, old: &Value) -> Strictness {
    Strictness::of_update(&Place::root(object, "webhooks"), &Place::root(old, "webhooks"))
}

fn conditions_of<'a>(hooks: &Place<'a>) -> Vec<&'a Value> {
    hooks
        .items()
        .map(|hook| hook.field("matchConditions").value())
        .collect()
}

fn all(object: &Value, strict: Strictness, mutates: bool, errors: &mut Errors) {
    let mut names = HashSet::new();
    for hook in Place::root(object, "webhooks").items() {
        self::hook(&hook, strict, mutates, errors);
        review_versions::check(
            &hook.field("admissionReviewVersions"),
            strict.review_versions,
            errors,
        );
        let name = hook.field("name");
        if strict.unique_names && !name.is_empty() && !names.insert(name.text()) {
            errors.push(name.duplicate());
        }
    }
}

fn hook(hook: &Place<'_>, strict: Strictness, mutates: bool, errors: &mut Errors) {
    let name = hook.field("name");
    if name.require(errors) {
        name.format(fully_qualified_name, errors);
    }
    for rule in hook.field("rules").items() {
        rules::with_operations(&rule, errors);
    }
    hook.field("failurePolicy")
        .one_of_if_set(&FAILURE_POLICIES, errors);
    hook.field("matchPolicy").one_of_if_set(&MATCH_POLICIES, errors);
    side_effects(&hook.field("sideEffects"), strict.side_effects, errors);
    let timeout = hook.field("timeoutSeconds");
    if timeout.is_set() && !TIMEOUT_SECONDS.contains(&timeout.int()) {
        errors.push(timeout.invalid_int("the timeout value must be between 1 and 30 seconds"));
    }
    errors.extend(selectors(hook, strict.label_values));
    if mutates {
        hook.field("reinvocationPolicy")
            .one_of_if_set(&REINVOCATION_POLICIES, errors);
    }
    client::check(&hook.field("clientConfig"), errors);
    if strict.conditions {
        let uses = Uses {
            authorizer: true,
            ..Uses::default()
        };
        conditions::check(&hook.field("matchConditions"), &environment(uses), errors);
    }
}

fn side_effects(place: &Place<'_>, must_have_none: bool, errors: &mut Errors) {
    let allowed: &[&str] = if must_have_none {
        &NO_SIDE_EFFECTS
    } else {
        &SIDE_EFFECTS
    };
    if place.is_set() {
        place.one_of(allowed, errors);
    } else {
        errors.push(place.required(&format!("must specify one of {}", allowed.join(", "))));
    }
}

fn selectors(hook: &Place<'_>, values_checked: bool) -> Vec<Error> {
    ["namespaceSelector", "objectSelector"]
        .map(|field| hook.field(field))
        .iter()
        .filter(|selector| selector.is_set())
        .flat_map(|selector| label_selector(selector.value(), values_checked, selector.path()))
        .collect()
}

#[cfg(test)]
mod tests;
