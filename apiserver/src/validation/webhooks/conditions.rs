//! Match conditions: CEL expressions that a request must pass before a webhook or a policy sees it.

use std::collections::HashSet;

use cel::{Environment, Type};
use object::field::Error;
use object::names::qualified_name;

use super::super::expressions;
use super::super::place::Place;
use crate::limits::MATCH_CONDITIONS_MAX;
use crate::strategy::Errors;

/// Checks how many there are, and that each has a name of its own and an expression that tells whether it is met.
pub fn check(conditions: &Place<'_>, environment: &Environment, errors: &mut Errors) {
    let count = conditions.list().len();
    if count > MATCH_CONDITIONS_MAX {
        errors.push(Error::too_many(conditions.path(), count, MATCH_CONDITIONS_MAX));
    }
    let mut names = HashSet::new();
    for condition in conditions.items() {
        let [name, expression] = ["name", "expression"].map(|field| condition.field(field));
        if expression.text().trim().is_empty() {
            errors.push(expression.required(""));
        } else {
            expressions::check(&expression, environment, &[Type::Bool], errors);
        }
        if name.require(errors) {
            name.format(qualified_name, errors);
            if !names.insert(name.text()) {
                errors.push(name.duplicate());
            }
        }
    }
}
