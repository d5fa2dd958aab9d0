//! The place of field ownership in the pipeline: it is not tracked yet, and what clients send of it is not kept.

use schema::Value;

/// Leaves the object without managed fields.
pub(super) fn update(object: &mut Value) {
    object::meta::edit(object).set_managed_fields(Vec::new());
}
