//! Rules of node selectors: what terms may ask of a node's labels and fields.

use object::field::{Error, Path};
use object::names;
use schema::Value;

use super::super::place::Place;
use crate::strategy::Errors;

/// Checks a node selector.
pub fn check_selector(selector: &Place<'_>, errors: &mut Errors) {
    let terms = selector.field("nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(terms.required("must have at least one node selector term"));
    }
    for term in terms.items() {
        check_required(&term, errors);
    }
}

/// Checks a term that a node must meet; its values are those of labels, as they need not be where a node is only preferred.
fn check_required(term: &Place<'_>, errors: &mut Errors) {
    check_expressions(term, errors, |values, errors| {
        values
            .items()
            .for_each(|value| value.format(names::label_value, errors));
    });
    check_fields(term, errors);
}

/// Takes back what is told of values that are none of labels, where the selector had such a value before: what once was let in may
/// stay.
pub fn forgive_values(had: Option<&Value>, errors: &mut Errors) {
    let terms = had.map_or(&[][..], |selector| selector.list_at(&["nodeSelectorTerms"]));
    let mut before = Errors::new();
    for term in terms {
        check_required(
            &Place::new(Some(term), Path::root("nodeSelectorTerms").index(0)),
            &mut before,
        );
    }
    if before.iter().any(is_of_value) {
        errors.retain(|error| !is_of_value(error));
    }
}

fn is_of_value(error: &Error) -> bool {
    let (_, of_term) = error.path.split_once("nodeSelectorTerms[").unwrap_or_default();
    of_term.contains("].matchExpressions[") && of_term.contains("].values[")
}

/// Checks a term that a node is preferred for.
pub fn check_preferred(term: &Place<'_>, errors: &mut Errors) {
    check_expressions(term, errors, |_, _| {});
    check_fields(term, errors);
}

fn check_expressions(term: &Place<'_>, errors: &mut Errors, check_texts: impl Fn(&Place<'_>, &mut Errors)) {
    for requirement in term.field("matchExpressions").items() {
        check_values(&requirement, errors);
        requirement.field("key").format(names::qualified_name, errors);
        check_texts(&requirement.field("values"), errors);
    }
}

fn check_fields(term: &Place<'_>, errors: &mut Errors) {
    for requirement in term.field("matchFields").items() {
        check_field(&requirement, errors);
    }
}

fn check_values(requirement: &Place<'_>, errors: &mut Errors) {
    let (operator, values) = (requirement.field("operator"), requirement.field("values"));
    match operator.text() {
        "In" | "NotIn" if values.is_empty() => {
            errors.push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors
                .push(values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
        "Gt" | "Lt" if values.list().len() != 1 => {
            errors.push(values.required("must be specified single value when `operator` is 'Lt' or 'Gt'"));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        _ => errors.push(operator.invalid_text("not a valid selector operator")),
    }
}

fn check_field(requirement: &Place<'_>, errors: &mut Errors) {
    let (operator, values, key) = (
        requirement.field("operator"),
        requirement.field("values"),
        requirement.field("key"),
    );
    match operator.text() {
        "In" | "NotIn" => {
            if values.list().len() != 1 {
                let problem =
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                errors.push(values.required(problem));
            }
        }
        _ => errors.push(operator.invalid_text("not a valid selector operator")),
    }
    if key.text() == "metadata.name" {
        values
            .items()
            .for_each(|value| value.format(names::dns_subdomain, errors));
    } else {
        errors.push(key.invalid_text("not a valid field selector key"));
    }
}
