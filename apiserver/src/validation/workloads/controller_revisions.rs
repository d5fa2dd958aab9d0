//! Rules of controller revisions: data that never changes.

use object::meta_validation::IMMUTABLE;
use schema::Value;

use crate::strategy::Errors;
use crate::validation::place::Place;

/// Checks a new revision.
pub fn create(revision: &Value, errors: &mut Errors) {
    let data = Place::root(revision, "data");
    if !data.is_set() {
        errors.push(data.required("data is mandatory"));
    } else if data.value().as_map().is_none() {
        errors.push(data.invalid("data should be a valid JSON object"));
    }
    Place::root(revision, "revision").not_negative(errors);
}

/// Checks a changed revision.
pub fn update(revision: &Value, old: &Value, errors: &mut Errors) {
    Place::root(revision, "revision").not_negative(errors);
    let data = Place::root(revision, "data");
    if data.value() != Place::root(old, "data").value() {
        errors.push(data.invalid(IMMUTABLE));
    }
}
