//! Formats in schemas that this server does not check: clients are warned of them.

use object::field::quote;
use schema::Value;

use super::super::json_schema::is_known_format;
use super::super::place::Place;
use super::{stored, walk};

/// Warnings about formats that an old definition does not have.
pub fn warnings(definition: &Value, old: Option<&Value>) -> Vec<String> {
    let known = old.map(unknown).unwrap_or_default();
    unknown(definition)
        .iter()
        .filter(|format| !known.contains(format))
        .map(|format| format!("unrecognized format {}", quote(format)))
        .collect()
}

fn unknown(definition: &Value) -> Vec<String> {
    let stored = stored(definition);
    let mut found = Vec::new();
    walk::any_of_spec(&Place::root(&stored, "spec"), |schema| {
        let format = schema.str_at(&["format"]).unwrap_or_default();
        // Numbers have formats of their own, which nobody checks.
        let is_text = schema.str_at(&["type"]) == Some("string");
        if is_text && !format.is_empty() && !is_known_format(format) {
            found.push(format.to_owned());
        }
        false
    });
    found
}
