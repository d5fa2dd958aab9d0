//! Admission policies, validating and mutating, and their bindings: what they are for, what they evaluate, what follows.

pub mod bindings;
mod matching;
mod mutations;
mod parts;
mod status;

use std::collections::HashSet;

use cel::{Environment, Type};
use object::meta;
use object::names::qualified_name;
use schema::{SmolStr, Value};

use super::expressions;
use super::place::Place;
use super::webhooks::{FAILURE_POLICIES, REINVOCATION_POLICIES, conditions};
use crate::expressions::admission::{Uses, declare, environment, of_policy};
use crate::limits::{AUDIT_ANNOTATION_EXPRESSION_BYTES_MAX, AUDIT_ANNOTATIONS_MAX};
use crate::strategy::Errors;

pub use status::validating_status;

const REASONS: [&str; 3] = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const SOMETHING: &str = "validations or auditAnnotations must contain at least one item";

/// A ValidatingAdmissionPolicy by itself.
pub fn validating(object: &Value, errors: &mut Errors) {
    validating_spec(object, true, errors);
}

/// A ValidatingAdmissionPolicy after another. Conditions that were let in may stay.
pub fn validating_update(object: &Value, old: &Value, errors: &mut Errors) {
    validating_spec(object, conditions_changed(object, old), errors);
}

/// A MutatingAdmissionPolicy by itself.
pub fn mutating(object: &Value, errors: &mut Errors) {
    mutating_spec(object, true, errors);
}

/// A MutatingAdmissionPolicy after another. Conditions that were let in may stay.
pub fn mutating_update(object: &Value, old: &Value, errors: &mut Errors) {
    mutating_spec(object, conditions_changed(object, old), errors);
}

fn conditions_changed(object: &Value, old: &Value) -> bool {
    ["paramKind", "matchConditions"]
        .iter()
        .any(|field| object.at(&["spec", field]) != old.at(&["spec", field]))
}

fn validating_spec(object: &Value, with_conditions: bool, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let variables = common(&spec, &[], with_conditions, errors);
    let [validations, annotations] = ["validations", "auditAnnotations"].map(|field| spec.field(field));
    if validations.list().is_empty() && annotations.list().is_empty() {
        errors.push(validations.required(SOMETHING));
        errors.push(annotations.required(SOMETHING));
        return;
    }
    let whole = with_variables(
        &spec,
        &variables,
        Uses {
            authorizer: true,
            ..Uses::default()
        },
    );
    // A message tells nothing of the requester's rights.
    let of_messages = with_variables(&spec, &variables, Uses::default());
    validations
        .items()
        .for_each(|one| validation(&one, &whole, &of_messages, errors));
    audit_annotations(&annotations, meta::of(object).name(), &whole, errors);
}

fn mutating_spec(object: &Value, with_conditions: bool, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let variables = common(&spec, &matching::MUTABLE_OPERATIONS, with_conditions, errors);
    let uses = Uses {
        authorizer: true,
        patches: true,
        ..Uses::default()
    };
    mutations::check(
        &spec.field("mutations"),
        &with_variables(&spec, &variables, uses),
        errors,
    );
    spec.field("reinvocationPolicy")
        .require_one_of(&REINVOCATION_POLICIES, errors);
}

/// What a policy's expressions may use, besides what all of admission may.
fn with_variables(spec: &Place<'_>, declared: &[(SmolStr, Type)], uses: Uses) -> Environment {
    let params = spec.field("paramKind").is_set();
    let mut environment = of_policy(Uses { params, ..uses });
    for (name, of) in declared {
        declare(&mut environment, name, of.clone());
    }
    environment
}

/// What both kinds of policy have. `operations` are those that can be matched; all when it is empty. The policy's variables.
fn common(
    spec: &Place<'_>,
    operations: &[&str],
    with_conditions: bool,
    errors: &mut Errors,
) -> Vec<(SmolStr, Type)> {
    let failure = spec.field("failurePolicy");
    if failure.is_set() {
        failure.one_of(&FAILURE_POLICIES, errors);
    } else {
        errors.push(failure.required(""));
    }
    let kind = spec.field("paramKind");
    if kind.is_set() {
        parts::param_kind(&kind, errors);
    }
    matching::constraints(&spec.field("matchConstraints"), operations, errors);
    if with_conditions {
        let uses = Uses {
            params: kind.is_set(),
            authorizer: true,
            ..Uses::default()
        };
        conditions::check(&spec.field("matchConditions"), &environment(uses), errors);
    }
    variables(spec, errors)
}

/// Checks a policy's variables. Each may use those before it.
fn variables(spec: &Place<'_>, errors: &mut Errors) -> Vec<(SmolStr, Type)> {
    let uses = Uses {
        authorizer: true,
        ..Uses::default()
    };
    let mut environment = with_variables(spec, &[], uses);
    let mut variables = Vec::new();
    for variable in spec.field("variables").items() {
        let Some((name, of)) = parts::variable(&variable, &environment, errors) else {
            continue;
        };
        declare(&mut environment, &name, of.clone());
        variables.push((name, of));
    }
    variables
}

fn validation(place: &Place<'_>, whole: &Environment, of_messages: &Environment, errors: &mut Errors) {
    let [expression, message, message_expression] =
        ["expression", "message", "messageExpression"].map(|field| place.field(field));
    if expression.text().trim().is_empty() {
        errors.push(expression.required("expression is not specified"));
    } else {
        expressions::check(&expression, whole, &[Type::Bool], errors);
    }
    let is_blank = |text: &Place<'_>| !text.is_empty() && text.text().trim().is_empty();
    if is_blank(&message_expression) {
        errors.push(message_expression.invalid_text("must be non-empty if specified"));
    } else if !message_expression.is_empty() {
        expressions::check(&message_expression, of_messages, &[Type::String], errors);
    }
    if is_blank(&message) {
        errors.push(message.invalid_text("must be non-empty if specified"));
    }
    if message.text().trim().contains(['\n', '\r']) {
        errors.push(message.invalid_text("must not contain line breaks"));
    }
    place.field("reason").one_of_if_set(&REASONS, errors);
}

fn audit_annotations(annotations: &Place<'_>, policy: &str, environment: &Environment, errors: &mut Errors) {
    if annotations.list().len() > AUDIT_ANNOTATIONS_MAX {
        let detail = format!("must not have more than {AUDIT_ANNOTATIONS_MAX} auditAnnotations");
        let shown = super::internal_form::compact_list("AuditAnnotation", annotations.value());
        errors.push(annotations.invalid_as(shown, detail));
    }
    let mut keys = HashSet::new();
    for annotation in annotations.items() {
        let [key, value] = ["key", "valueExpression"].map(|field| annotation.field(field));
        if policy.is_empty() {
            errors.push(key.invalid_text("requires metadata.name be non-empty"));
        } else {
            key.text_format(&format!("{policy}/{}", key.text()), qualified_name, errors);
        }
        let bytes = value.text().trim().len();
        if bytes == 0 {
            errors.push(value.required("valueExpression is not specified"));
        } else if bytes > AUDIT_ANNOTATION_EXPRESSION_BYTES_MAX {
            errors.push(value.required(&format!(
                "must not exceed {AUDIT_ANNOTATION_EXPRESSION_BYTES_MAX} bytes in length"
            )));
        } else {
            expressions::check(&value, environment, &[Type::String, Type::Null], errors);
        }
        if !keys.insert(key.text()) {
            errors.push(key.duplicate());
        }
    }
}

#[cfg(test)]
mod tests;
