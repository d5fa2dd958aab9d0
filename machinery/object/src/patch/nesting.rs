//! Bounds on how deep trees nest, the size of a tree as JSON, and field sets as trees.

use schema::{Value, json};

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

/// Bytes of a tree as compact JSON.
pub(super) fn json_bytes(value: &Value) -> usize {
    json::to_string(value).len()
}

/// Makes a field set a tree, in place. Text that does not parse stays text: no patch reaches into it.
pub(super) fn expand(value: &mut Value) {
    if let Value::Raw(text) = value
        && let Ok(parsed) = json::parse(text.as_bytes())
    {
        *value = parsed;
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
