//! CEL rules in schemas, but for the expressions: texts, reasons, and where a broken rule is reported.

use super::super::place::Place;
use super::field_path;
use crate::strategy::Errors;

const REASONS: [&str; 4] = [
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

/// Checks the rules of a schema.
pub fn check(schema: &Place<'_>, errors: &mut Errors) {
    for rule in schema.field("x-kubernetes-validations").items() {
        let [expression, message, message_expression, path] =
            ["rule", "message", "messageExpression", "fieldPath"].map(|field| rule.field(field));
        let has_breaks = |place: &Place<'_>| place.text().trim().contains(['\n', '\r']);
        let is_blank = |place: &Place<'_>| place.text().trim().is_empty();
        let is_blank_text = |place: &Place<'_>| !place.is_empty() && is_blank(place);
        if is_blank(&expression) {
            errors.push(expression.required("rule is not specified"));
        } else if is_blank_text(&message) {
            errors.push(message.invalid_text("must be non-empty if specified"));
        } else if has_breaks(&message) {
            errors.push(message.invalid_text("must not contain line breaks"));
        } else if has_breaks(&expression) && is_blank(&message) {
            errors.push(message.required("must be specified if rule contains line breaks"));
        }
        if is_blank_text(&message_expression) {
            errors.push(message_expression.required("must be non-empty if specified"));
        }
        rule.field("reason").one_of_if_set(&REASONS, errors);
        if path.is_empty() {
            continue;
        }
        if is_blank(&path) {
            errors.push(path.invalid_text("must be non-empty if specified"));
        }
        if path.text().contains(['\n', '\r']) {
            errors.push(path.invalid_text("must not contain line breaks"));
        }
        if field_path::find(path.text(), schema.value(), true).is_err() {
            errors.push(path.invalid_text("must be a valid path"));
        }
    }
}
