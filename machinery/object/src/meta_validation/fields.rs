//! Labels, annotations and managed fields.

use schema::{Map, Value};

use super::invalid_each;
use crate::field::{Error, Path};
use crate::limits::ANNOTATIONS_BYTES_MAX;
use crate::names;

const MANAGER_BYTES_MAX: usize = 128;
const SUBRESOURCE_BYTES_MAX: usize = 256;

/// Checks the keys and values of labels. Errors are reported at the map, not at the key.
pub fn labels(labels: Option<&Map>, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    for (key, value) in labels.into_iter().flat_map(Map::iter) {
        let value = value.as_str().unwrap_or_default();
        errors.extend(invalid_each(path, key, names::qualified_name(key)));
        errors.extend(invalid_each(path, value, names::label_value(value)));
    }
    errors
}

/// Checks the keys of annotations, whose case does not matter, and the size of all together.
pub fn annotations(annotations: Option<&Map>, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flat_map(Map::iter) {
        errors.extend(invalid_each(
            path,
            key,
            names::qualified_name(&key.to_lowercase()),
        ));
        bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if bytes > ANNOTATIONS_BYTES_MAX {
        errors.push(Error::too_long(path, ANNOTATIONS_BYTES_MAX));
    }
    errors
}

/// Checks the facts of each entry of `managedFields`; the field sets are not looked into.
pub fn managed_fields(entries: &[Value], path: &Path) -> Vec<Error> {
    let entries = entries.iter().enumerate();
    entries
        .flat_map(|(at, entry)| managed_fields_entry(entry, &path.index(at)))
        .collect()
}

fn managed_fields_entry(entry: &Value, path: &Path) -> Vec<Error> {
    let text = |field| entry.str_at(&[field]).unwrap_or_default();
    let mut errors = Vec::new();
    if !["Apply", "Update"].contains(&text("operation")) {
        let problem = "must be `Apply` or `Update`";
        errors.push(Error::invalid(
            &path.child("operation"),
            text("operation"),
            problem,
        ));
    }
    if !["", "FieldsV1"].contains(&text("fieldsType")) {
        errors.push(Error::invalid(
            &path.child("fieldsType"),
            text("fieldsType"),
            "must be `FieldsV1`",
        ));
    }
    errors.extend(field_manager(text("manager"), &path.child("manager")));
    if text("subresource").len() > SUBRESOURCE_BYTES_MAX {
        errors.push(Error::too_long(&path.child("subresource"), SUBRESOURCE_BYTES_MAX));
    }
    errors
}

/// Checks the name of a field manager; also for the query parameter `fieldManager`.
pub fn field_manager(manager: &str, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    if manager.len() > MANAGER_BYTES_MAX {
        errors.push(Error::too_long(path, MANAGER_BYTES_MAX));
    }
    for (at, c) in manager
        .char_indices()
        .filter(|(_, c)| !crate::field::printable(*c))
    {
        let problem = format!("invalid character U+{:04X} (at position {at})", u32::from(c));
        errors.push(Error::invalid(path, manager, problem));
    }
    errors
}
