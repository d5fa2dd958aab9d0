//! A parsed patch to operations, with the texts that Go's decoder has for what does not fit.

use schema::{Map, SmolStr, Value};

use super::{Operation, Patch};
use crate::limits::JSON_PATCH_OPERATIONS_MAX;
use crate::patch::nesting::{TOO_DEEP, too_deep};

/// Why a text is not a JSON patch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It has another shape. Clients see it behind `error decoding patch: `.
    #[error("{0}")]
    Shape(String),
    /// It has too many operations.
    #[error("The allowed maximum operations in a JSON patch is {JSON_PATCH_OPERATIONS_MAX}, got {0}")]
    TooManyOperations(usize),
}

pub(super) fn patch(value: &Value) -> Result<Patch, DecodeError> {
    if too_deep(value) {
        return Err(DecodeError::Shape(TOO_DEEP.to_owned()));
    }
    let items = match value {
        Value::Null => &[],
        Value::List(items) => items.as_slice(),
        other => return Err(mismatch(other, "value of type []handlers.jsonPatchOp")),
    };
    if items.len() > JSON_PATCH_OPERATIONS_MAX {
        return Err(DecodeError::TooManyOperations(items.len()));
    }
    let mut unknown_fields = Vec::new();
    let mut operations = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        operations.push(match item {
            Value::Null => Operation::default(),
            Value::Map(map) => operation(map)?,
            other => return Err(mismatch(other, "value of type handlers.jsonPatchOp")),
        });
        let fields = item.as_map().into_iter().flat_map(Map::keys);
        let unknown = fields.filter(|field| !["op", "path", "from", "value"].contains(&field.as_str()));
        unknown_fields.extend(unknown.map(|field| format!("json patch unknown field \"[{at}].{field}\"")));
    }
    Ok(Patch {
        operations,
        unknown_fields,
    })
}

fn operation(map: &Map) -> Result<Operation, DecodeError> {
    Ok(Operation {
        op: text(map, "op")?,
        path: text(map, "path")?,
        from: text(map, "from")?,
        value: map.get("value").cloned(),
    })
}

fn text(map: &Map, field: &str) -> Result<Option<SmolStr>, DecodeError> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(mismatch(
            other,
            &format!("struct field jsonPatchOp.{field} of type string"),
        )),
    }
}

fn mismatch(value: &Value, target: &str) -> DecodeError {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    };
    DecodeError::Shape(format!("json: cannot unmarshal {kind} into Go {target}"))
}
