//! Fields that hold expressions: that they compile, and to what.

use cel::{Environment, Type};

use super::place::Place;
use crate::strategy::Errors;

/// Checks that an expression compiles to one of these types; any will do if there are none. The type that it is of, if it does.
pub fn check(
    place: &Place<'_>,
    environment: &Environment,
    wanted: &[Type],
    errors: &mut Errors,
) -> Option<Type> {
    match environment.check_as(place.text(), wanted) {
        Ok(analysis) => Some(analysis.result_type().clone()),
        Err(error) => {
            errors.push(place.invalid_text(error.to_string()));
            None
        }
    }
}
