//! Configuration for a driver, which only the driver understands.

use object::field::Error;

use super::super::place::Place;
use super::driver;
use crate::limits::DEVICE_PARAMETERS_BYTES_MAX;
use crate::strategy::Errors;

/// What is not shown in errors.
const OMITTED: &str = "<value omitted>";

/// Checks one piece of configuration.
pub fn check(place: &Place<'_>, errors: &mut Errors) {
    let opaque = place.field("opaque");
    if !opaque.is_set() {
        errors.push(opaque.required(""));
        return;
    }
    driver(&opaque.field("driver"), errors);
    let parameters = opaque.field("parameters");
    if parameters.is_set() {
        object(&parameters, DEVICE_PARAMETERS_BYTES_MAX, errors);
    } else {
        errors.push(parameters.required(""));
    }
}

/// Requires a JSON object of at most so many bytes.
pub fn object(place: &Place<'_>, bytes_max: usize, errors: &mut Errors) {
    if schema::json::to_string(place.value()).len() > bytes_max {
        errors.push(Error::too_long(place.path(), bytes_max));
    } else if place.value().as_map().is_none() {
        errors.push(place.invalid_as(OMITTED, "must be a valid JSON object"));
    }
}
