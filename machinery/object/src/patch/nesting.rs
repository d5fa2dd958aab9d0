//! Bounds on how deep trees nest, the size of a tree as JSON, and field sets as trees.

use schema::{SmolStr, Value};

use crate::limits::PATCH_DEPTH_MAX;

/// Why a tree is refused: it nests too deep for any API type.
pub(super) const TOO_DEEP: &str = "exceeded max depth";

/// Whether a tree nests deeper than a patch may.
pub(super) fn too_deep(value: &Value) -> bool {
    deeper_than(value, PATCH_DEPTH_MAX)
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    let below = |child: &Value| levels == 0 || deeper_than(child, levels - 1);
    match value {
        Value::List(items) => items.iter().any(below),
        Value::Map(map) => map.values().any(below),
        _ => false,
    }
}

/// Bytes of a tree as compact JSON, not counting escapes.
pub(super) fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(truth) => 5 - usize::from(*truth),
        Value::Int(number) => number.to_string().len(),
        Value::Float(number) => number.to_string().len(),
        Value::String(text) => text.len() + 2,
        Value::Raw(text) => text.len(),
        Value::List(items) => {
            let commas = items.len().saturating_sub(1);
            2 + commas + items.iter().map(json_bytes).sum::<usize>()
        }
        Value::Map(map) => {
            let commas = map.len().saturating_sub(1);
            2 + commas
                + map
                    .iter()
                    .map(|(key, value)| key.len() + 3 + json_bytes(value))
                    .sum::<usize>()
        }
    }
}

/// Makes a field set a tree, in place. Text that does not parse stays text: no patch reaches into it.
pub(super) fn expand(value: &mut Value) {
    if let Value::Raw(text) = value
        && let Ok(parsed) = serde_json::from_str::<serde_json::Value>(text)
    {
        *value = tree(parsed);
    }
}

/// The same for every field set in a tree.
pub(super) fn expand_all(value: &mut Value) {
    match value {
        Value::Raw(_) => expand(value),
        Value::List(items) => items.iter_mut().for_each(expand_all),
        Value::Map(map) => map.values_mut().for_each(expand_all),
        _ => {}
    }
}

fn tree(parsed: serde_json::Value) -> Value {
    match parsed {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(tree).collect()),
        serde_json::Value::Object(map) => Value::Map(
            map.into_iter()
                .map(|(key, value)| (SmolStr::from(key), tree(value)))
                .collect(),
        ),
    }
}
