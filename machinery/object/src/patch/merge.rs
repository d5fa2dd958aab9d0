//! Merge patch (RFC 7386), as the reference's library reads it: nulls vanish also inside lists' objects.
//! What lists of a type mean is not known here; a list replaces a list.

use schema::{Map, Value};

use super::nesting::{expand, too_deep};

/// Why a merge patch was refused, in the words that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is neither an object nor a list.
    #[error("Invalid JSON Patch")]
    NotAnObject,
    /// It nests deeper than [`crate::limits::PATCH_DEPTH_MAX`].
    #[error("Invalid JSON Patch")]
    TooDeep,
}

/// Merges a parsed patch into `document`. A list replaces the document, which then fails to decode as its type.
///
/// # Errors
/// A patch that is no object or list, or too deep.
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), Error> {
    if too_deep(patch) {
        return Err(Error::TooDeep);
    }
    if !matches!(patch, Value::Map(_) | Value::List(_)) {
        return Err(Error::NotAnObject);
    }
    merge(document, patch);
    Ok(())
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Map(patch) = patch else {
        *target = without_nulls(patch);
        return;
    };
    expand(target);
    match target {
        Value::Map(map) => merge_map(map, patch),
        other => *other = Value::Map(without_null_entries(patch)),
    }
}

fn merge_map(target: &mut Map, patch: &Map) {
    for (key, value) in patch.iter() {
        if value.is_null() {
            target.remove(key);
        } else if let Some(old) = target.get_mut(key) {
            merge(old, value);
        } else {
            target.insert(key.clone(), without_nulls(value));
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(without_null_entries(map)),
        Value::List(items) => Value::List(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn without_null_entries(map: &Map) -> Map {
    let kept = map.iter().filter(|(_, value)| !value.is_null());
    kept.map(|(key, value)| (key.clone(), without_nulls(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn merges_as_rfc_7386_says() {
        for (document, patch, expected) in [
            (tree!({"a": "b"}), tree!({"a": "c"}), tree!({"a": "c"})),
            (tree!({"a": "b"}), tree!({"b": "c"}), tree!({"a": "b", "b": "c"})),
            (tree!({"a": "b"}), tree!({"a": null}), tree!({})),
            (tree!({"a": ["b"]}), tree!({"a": "c"}), tree!({"a": "c"})),
            (
                tree!({"a": {"b": "c"}}),
                tree!({"a": {"b": "d", "c": null}}),
                tree!({"a": {"b": "d"}}),
            ),
            (
                tree!({"a": 1i64}),
                tree!({"a": {"b": null, "c": {"d": null}}}),
                tree!({"a": {"c": {}}}),
            ),
            (
                tree!({"a": ["x"]}),
                tree!({"a": [{"z": 1i64, "b": null}, null]}),
                tree!({"a": [{"z": 1i64}, null]}),
            ),
            (tree!({"a": 1i64}), tree!(["c"]), tree!(["c"])),
        ] {
            let mut merged = document;
            assert_eq!(apply(&mut merged, &patch), Ok(()));
            assert_eq!(merged, expected);
        }
    }

    #[test]
    fn scalars_are_refused() {
        for patch in [Value::Null, tree!("x"), tree!(1i64), tree!(true)] {
            let error = apply(&mut tree!({}), &patch).expect_err("not an object");
            assert_eq!(error.to_string(), "Invalid JSON Patch");
        }
    }
}
