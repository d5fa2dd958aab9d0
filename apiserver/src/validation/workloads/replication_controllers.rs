//! Rules of replication controllers, whose selectors are plain labels.

use object::selector::label::Selector;
use schema::Value;

use super::{check_lasting, check_match, check_template, spec};
use crate::strategy::Errors;
use crate::validation::place::Place;

/// Checks a new controller.
pub fn create(controller: &Value, errors: &mut Errors) {
    check_spec(&spec(controller), errors);
}

/// Checks a changed controller. Its selector may change.
pub fn update(controller: &Value, _old: &Value, errors: &mut Errors) {
    check_spec(&spec(controller), errors);
}

fn check_spec(spec: &Place<'_>, errors: &mut Errors) {
    spec.field("minReadySeconds").not_negative(errors);
    let (selector, template) = (spec.field("selector"), spec.field("template"));
    if selector.is_empty() {
        errors.push(selector.required(""));
    }
    spec.field("replicas").not_negative(errors);
    if !template.is_set() {
        errors.push(template.required(""));
        return;
    }
    if let Some(labels) = selector.value().as_map().filter(|labels| !labels.is_empty()) {
        check_match(&Selector::of_labels(labels), &template, errors);
    }
    check_template(&template, errors);
    check_lasting(&template, "ReplicationController", errors);
}
