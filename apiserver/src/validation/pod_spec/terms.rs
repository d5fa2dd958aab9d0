//! Rules of node selectors: what terms may ask of a node's labels and fields.

use object::names;

use super::super::place::Place;
use crate::strategy::Errors;

/// Checks a node selector.
pub fn check_selector(selector: &Place<'_>, errors: &mut Errors) {
    let terms = selector.field("nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(terms.required("must have at least one node selector term"));
    }
    terms.items().for_each(|term| check(&term, errors));
}

/// Checks one term.
pub fn check(term: &Place<'_>, errors: &mut Errors) {
    for requirement in term.field("matchExpressions").items() {
        check_values(&requirement, errors);
        requirement.field("key").format(names::qualified_name, errors);
    }
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
