//! Columns that tables of a custom resource have.

use super::super::place::Place;
use super::subresources::simple_path;
use crate::strategy::Errors;

const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
const FORMATS: [&str; 8] = [
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
];

/// Checks columns.
pub fn check(columns: &Place<'_>, errors: &mut Errors) {
    for column in columns.items() {
        column.field("name").require(errors);
        let [kind, format, path] = ["type", "format", "JSONPath"].map(|field| column.field(field));
        let types = format!("must be one of {}", TYPES.join(","));
        if kind.is_empty() {
            errors.push(kind.required(&types));
        } else if !TYPES.contains(&kind.text()) {
            errors.push(kind.invalid_text(types));
        }
        if !format.is_empty() && !FORMATS.contains(&format.text()) {
            errors.push(format.invalid_text(format!("must be one of {}", FORMATS.join(","))));
        }
        if path.require(errors) {
            simple_path(&path, errors);
        }
    }
}
