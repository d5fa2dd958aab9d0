//! JSON patch (RFC 6902), as the reference's library reads it. Merge patches are in [`super::merge`].
//!
//! Where the library is wider than the RFC, so is this: `replace` of an absent key adds it, a negative index counts
//! from the end, what stands before the first `/` of a path is ignored, and an absent key equals null in a `test`.

mod apply;
mod decode;
mod pointer;

use schema::{SmolStr, Value};

pub use apply::ApplyError;
pub use decode::DecodeError;

/// A decoded patch: its operations in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    operations: Vec<Operation>,
    unknown_fields: Vec<String>,
}

/// One operation. An absent field may or may not matter, which applying it tells.
#[derive(Clone, Debug, Default, PartialEq)]
struct Operation {
    /// Absent when the whole operation is null.
    op: Option<SmolStr>,
    path: Option<SmolStr>,
    from: Option<SmolStr>,
    value: Option<Value>,
}

impl Patch {
    /// Decodes a parsed patch.
    ///
    /// # Errors
    /// Not a list of objects, fields of a wrong type, more than [`crate::limits::JSON_PATCH_OPERATIONS_MAX`]
    /// operations, nesting deeper than [`crate::limits::PATCH_DEPTH_MAX`].
    pub fn decode(patch: &Value) -> Result<Self, DecodeError> {
        decode::patch(patch)
    }

    /// Fields that no operation has, worded for strict field validation: `json patch unknown field "[0].x"`.
    pub fn unknown_fields(&self) -> &[String] {
        &self.unknown_fields
    }

    /// Changes `document`, operation by operation.
    ///
    /// # Errors
    /// An operation that does not apply; `document` is then in the state that it met, to be thrown away.
    pub fn apply(&self, document: &mut Value) -> Result<(), ApplyError> {
        apply::all(&self.operations, document)
    }
}

#[cfg(test)]
mod tests;
