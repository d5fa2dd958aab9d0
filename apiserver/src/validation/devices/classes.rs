//! Device classes: which devices a class has, and how they are configured.

use schema::Value;

use super::super::place::Place;
use super::super::quantities::is_extended;
use super::{config, each, requests};
use crate::limits::DEVICE_CONFIGS_MAX;
use crate::strategy::Errors;

/// A class by itself.
pub fn class(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    requests::selectors(&spec.field("selectors"), errors);
    each(&spec.field("config"), DEVICE_CONFIGS_MAX, errors, config::check);
    let name = spec.field("extendedResourceName");
    if name.is_set() && !is_extended(name.text()) {
        errors.push(name.invalid_text("must be a valid extended resource name"));
    }
}

/// A class after another.
pub fn class_update(object: &Value, _old: &Value, errors: &mut Errors) {
    class(object, errors);
}
