//! Protobuf bodies of API objects, driven by the type tables, with the conventions of Kubernetes' generated Go code: a field
//! that is not a pointer is always written, a pointer only when set, fields in ascending number, maps in key order.
//! The envelope around a body is [`crate::envelope`]'s.

mod decode;
mod encode;
pub mod wire;

pub use decode::decode;
pub use encode::encode;

use crate::{Field, FieldType, TypeSchema};

/// Where a type with a JSON form of its own keeps its alternatives: by protobuf number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alternatives {
    /// 1: a schema; 2: a list of schemas.
    SchemaOrList,
    /// 1: a truth value; 2: a schema.
    BoolOrSchema,
    /// 1: a schema; 2: a list of texts.
    SchemaOrTexts,
}

/// Which alternatives a type with `custom_json` has.
pub(crate) fn alternatives(schema: &TypeSchema) -> Alternatives {
    let has = |wanted: fn(&Field) -> bool| schema.fields.iter().any(wanted);
    if has(|field| field.ty == FieldType::Bool) {
        Alternatives::BoolOrSchema
    } else if has(|field| matches!(&field.ty, FieldType::List(item) if **item == FieldType::String)) {
        Alternatives::SchemaOrTexts
    } else {
        Alternatives::SchemaOrList
    }
}
