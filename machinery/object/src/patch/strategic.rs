//! Strategic merge patch: a merge patch that knows from the type how lists and maps merge.
//! The facts are the declared patch strategies and merge keys; the directives are those of the Kubernetes API
//! (`$patch`, `$retainKeys`, `$setElementOrder/<f>`, `$deleteFromPrimitiveList/<f>`).

mod directive;
mod error;
mod fit;
mod list;
mod map;
mod order;
mod printed;
mod types;

use schema::{FieldType, TypeId, Types, Value};

pub use error::{Error, Fault};
pub use fit::misfit;
pub use printed::printed;

use super::nesting::too_deep;

/// Merges a parsed patch into an object of the type `id`.
///
/// # Errors
/// A patch that is no object, misused directives, list items without their merge key. The document is then to be
/// thrown away.
pub fn apply(types: &Types, id: TypeId, document: &mut Value, patch: Value) -> Result<(), Error> {
    if too_deep(&patch) {
        return Err(Error::TooDeep);
    }
    let Value::Map(patch) = patch else {
        return Err(Error::NotAnObject(error::json_kind(&patch)));
    };
    if !matches!(document, Value::Map(_)) {
        *document = Value::Map(schema::Map::new());
    }
    let Value::Map(map) = document else { return Ok(()) };
    map::merge(types::Place::new(types, &FieldType::Message(id)), map, patch)
}

#[cfg(test)]
mod tests;
