//! What the type checker tells of a policy.

use schema::Value;

use super::super::conditions;
use super::super::place::Place;
use crate::strategy::Errors;

/// A ValidatingAdmissionPolicy's status.
pub fn validating_status(object: &Value, _old: &Value, errors: &mut Errors) {
    let status = Place::root(object, "status");
    let warnings = status.field("typeChecking").field("expressionWarnings");
    for warning in warnings.items() {
        warning.field("warning").require(errors);
        field_ref(&warning.field("fieldRef"), errors);
    }
    conditions::check(&status.field("conditions"), errors);
}

fn field_ref(place: &Place<'_>, errors: &mut Errors) {
    let text = place.text().trim();
    if text.is_empty() {
        errors.push(place.required(""));
    } else if let Some(problem) = path_problem(text) {
        errors.push(place.invalid_as(text, format!("invalid JSONPath: {problem}")));
    }
}

/// What is wrong with a JSONPath, as far as the first step and unclosed brackets tell.
fn path_problem(path: &str) -> Option<String> {
    let first = path.chars().next().filter(|first| !"@$[\"'.+- ".contains(*first));
    match first {
        Some(bad) if !bad.is_alphanumeric() && bad != '_' => Some(format!(
            "unrecognized character in action: U+{:04X} '{bad}'",
            u32::from(bad)
        )),
        _ if path.matches('[').count() > path.matches(']').count() => Some("unterminated array".to_owned()),
        _ => None,
    }
}
