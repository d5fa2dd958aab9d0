//! Why a strategic merge patch was refused, in the reference's words, and how bad that is.

use schema::{Map, Value};

use super::printed::printed_map;

/// Whose fault a refusal is taken to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The patch is malformed: a bad request.
    Malformed,
    /// The patch cannot be merged: an unprocessable entity.
    Unmergeable,
    /// All else, which the reference reports as an internal error.
    Internal,
}

/// Why a patch was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The patch is no JSON object; what it is instead.
    #[error("json: cannot unmarshal {0} into Go value of type map[string]interface {{}}")]
    NotAnObject(&'static str),
    /// The patch nests deeper than [`crate::limits::PATCH_DEPTH_MAX`].
    #[error("exceeded max depth")]
    TooDeep,
    /// A `$deleteFromPrimitiveList` directive names no field.
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    /// `$retainKeys` is no list, or misses a key that the patch sets.
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    /// A `$setElementOrder` directive names no field.
    #[error("invalid patch format of setElementOrder list")]
    SetElementOrder,
    /// A list to merge holds lists.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// Anything else, worded.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Whose fault it is taken to be.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotAnObject(_)
            | Self::TooDeep
            | Self::PrimitiveList
            | Self::RetainKeys
            | Self::SetElementOrder => Fault::Malformed,
            Self::ListOfLists => Fault::Unmergeable,
            Self::Other(_) => Fault::Internal,
        }
    }

    pub(super) fn no_merge_key(item: &Map, key: &str) -> Self {
        Self::Other(format!(
            "map: {} does not contain declared merge key: {key}",
            printed_map(item)
        ))
    }

    pub(super) fn wrong_type(expected: &str, found: &Value) -> Self {
        Self::Other(format!(
            "expected a {expected}, but received a {}",
            go_type(found)
        ))
    }

    pub(super) fn unknown_directive(directive: &Value, map: &Map) -> Self {
        let directive = super::printed(directive);
        Self::Other(format!(
            "unknown patch type: {directive} in map: {}",
            printed_map(map)
        ))
    }
}

/// What JSON calls a value's kind.
pub(super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// What Go calls a value's kind.
pub(super) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

pub(super) const GO_MAP: &str = "map[string]interface {}";
pub(super) const GO_LIST: &str = "[]interface {}";

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => GO_LIST,
        Value::Map(_) => GO_MAP,
    }
}
