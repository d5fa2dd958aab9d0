//! Rules of pod templates that stand alone.

use schema::Value;

use super::check_template;
use crate::strategy::Errors;
use crate::validation::place::Place;

/// Checks a new template.
pub fn create(template: &Value, errors: &mut Errors) {
    check_template(&Place::root(template, "template"), errors);
}

/// Checks a changed template.
pub fn update(template: &Value, _old: &Value, errors: &mut Errors) {
    create(template, errors);
}
