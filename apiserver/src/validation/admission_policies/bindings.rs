//! Bindings of policies: which policy, with which parameters, for which requests, and what a validation does.

use std::collections::HashSet;

use object::meta_validation::label_selector;
use object::names::{dns_subdomain, path_segment};
use schema::Value;

use super::super::place::Place;
use super::matching;
use crate::strategy::Errors;

const ACTIONS: [&str; 3] = ["Audit", "Deny", "Warn"];
const EXCLUSIVE: &str = "name and selector are mutually exclusive";

/// A ValidatingAdmissionPolicyBinding by itself.
pub fn validating(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    common(&spec, &[], errors);
    actions(&spec.field("validationActions"), errors);
}

/// A ValidatingAdmissionPolicyBinding after another.
pub fn validating_update(object: &Value, _old: &Value, errors: &mut Errors) {
    validating(object, errors);
}

/// A MutatingAdmissionPolicyBinding by itself.
pub fn mutating(object: &Value, errors: &mut Errors) {
    common(
        &Place::root(object, "spec"),
        &matching::MUTABLE_OPERATIONS,
        errors,
    );
}

/// A MutatingAdmissionPolicyBinding after another.
pub fn mutating_update(object: &Value, _old: &Value, errors: &mut Errors) {
    mutating(object, errors);
}

fn common(spec: &Place<'_>, operations: &[&str], errors: &mut Errors) {
    let policy = spec.field("policyName");
    if policy.require(errors) {
        policy.format(dns_subdomain, errors);
    }
    let params = spec.field("paramRef");
    if params.is_set() {
        param_ref(&params, errors);
    }
    let resources = spec.field("matchResources");
    if resources.is_set() {
        matching::resources(&resources, errors);
        matching::operations_of(&resources, operations, errors);
    }
}

fn param_ref(place: &Place<'_>, errors: &mut Errors) {
    let [name, selector, action] =
        ["name", "selector", "parameterNotFoundAction"].map(|field| place.field(field));
    let both = !name.is_empty() && selector.is_set();
    if !name.is_empty() {
        name.format(path_segment, errors);
    }
    if both {
        errors.push(name.forbidden(EXCLUSIVE));
    }
    if selector.is_set() {
        errors.extend(label_selector(selector.value(), true, selector.path()));
    } else if name.is_empty() {
        errors.push(place.required("one of name or selector must be specified"));
    }
    if both {
        errors.push(selector.forbidden(EXCLUSIVE));
    }
    action.require_one_of(&["Deny", "Allow"], errors);
}

fn actions(place: &Place<'_>, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for action in place.items() {
        action.one_of(&ACTIONS, errors);
        if !seen.insert(action.text()) {
            errors.push(action.duplicate());
        }
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        errors.push(place.invalid(
            "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
        ));
    }
    if seen.is_empty() {
        errors.push(place.required("at least one validation action is required"));
    }
}
