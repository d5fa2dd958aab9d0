//! The canonical form of a typed tree: which values are the zero of their field and therefore absent, and what stands for a zero
//! in a list or map. Codecs keep to it; it decodes nothing itself.

use crate::{Field, FieldType, Map, SmolStr, Value};

/// Whether `value` says nothing that the field's absence would not say.
///
/// A list, map or byte string that is printed as null when nil keeps its empty value.
pub(crate) fn is_absent(field: &Field, value: &Value) -> bool {
    !field.pointer && is_zero(&field.ty, field.omit_empty, value)
}

fn is_zero(ty: &FieldType, omit_empty: bool, value: &Value) -> bool {
    match (ty, value) {
        (FieldType::List(_) | FieldType::Map(_) | FieldType::Bytes, Value::Null) => true,
        (FieldType::List(_) | FieldType::Map(_) | FieldType::Bytes, value) => omit_empty && value.is_zero(),
        (FieldType::Quantity, Value::String(text)) => text == "0",
        (FieldType::IntOrString, Value::Int(number)) => *number == 0,
        (
            FieldType::IntOrString
            | FieldType::RawExtension
            | FieldType::Json
            | FieldType::Any
            | FieldType::Deduced,
            value,
        ) => value.is_null(),
        (_, value) => value.is_zero(),
    }
}

/// What stands in a list or map where the input has null or a value of the wrong type.
pub(crate) fn zero_item(ty: &FieldType) -> Value {
    match ty {
        FieldType::String | FieldType::Bytes => Value::String(SmolStr::default()),
        FieldType::Int32 | FieldType::Int64 | FieldType::IntOrString => Value::Int(0),
        FieldType::Bool => Value::Bool(false),
        FieldType::Double => Value::Float(0.0),
        FieldType::Quantity => Value::String(SmolStr::new_static("0")),
        FieldType::Duration => Value::String(SmolStr::new_static("0s")),
        FieldType::Message(_) => Value::Map(Map::new()),
        _ => Value::Null,
    }
}

/// Whether Go prints the field although it holds a zero value that `omitempty` would leave out: structs are never empty.
fn is_struct(ty: &FieldType) -> bool {
    !matches!(
        ty,
        FieldType::String
            | FieldType::Int32
            | FieldType::Int64
            | FieldType::Bool
            | FieldType::Bytes
            | FieldType::Double
            | FieldType::Any
            | FieldType::Deduced
            | FieldType::List(_)
            | FieldType::Map(_)
    )
}

/// Whether Go prints the field when it has nothing to say: null for a pointer, its zero value otherwise.
pub(crate) fn is_printed_when_absent(field: &Field) -> bool {
    match field.pointer {
        true => !field.omit_empty,
        false => !(field.omit_zero || field.omit_empty && !is_struct(&field.ty)),
    }
}
