//! The tree of what [`super::encode`] prints, made without printing it: what is no number or text of its own is shared or copied.

use super::encode::{alternative, is_printed};
use super::{EMPTY, parse, write};
use crate::{FieldType, Map, TypeId, Types, Value};

/// A message; anything but a map stays as it is.
pub(super) fn message(types: &Types, id: TypeId, value: &Value) -> Value {
    let schema = types.get(id);
    let map = match value {
        Value::Map(map) if !schema.custom_json => map,
        _ => return other(types, id, value),
    };
    let mut printed = Map::with_capacity(map.len());
    for field in types.json_fields(id) {
        let found = map.get(&field.json);
        if !is_printed(field, found) {
            continue;
        }
        let value = match found {
            Some(value) => self::value(types, &field.ty, value),
            None if field.pointer => Value::Null,
            None => zero(types, &field.ty),
        };
        printed.insert(field.json.clone(), value);
    }
    Value::Map(printed)
}

fn value(types: &Types, ty: &FieldType, value: &Value) -> Value {
    match (ty, value) {
        (FieldType::Message(id), value) => message(types, *id, value),
        (FieldType::List(item), Value::List(list)) => {
            Value::List(list.iter().map(|value| self::value(types, item, value)).collect())
        }
        (FieldType::Map(item), Value::Map(map)) => {
            let entries = map.iter();
            let printed = entries.map(|(key, value)| (key.clone(), self::value(types, item, value)));
            Value::Map(printed.collect())
        }
        (_, value) => untyped(value),
    }
}

/// As [`super::encode::zero`].
fn zero(types: &Types, ty: &FieldType) -> Value {
    match ty {
        FieldType::String => "".into(),
        FieldType::Int32 | FieldType::Int64 | FieldType::Double | FieldType::IntOrString => Value::Int(0),
        FieldType::Bool => false.into(),
        FieldType::Quantity => "0".into(),
        FieldType::Duration => "0s".into(),
        FieldType::Message(id) => message(types, *id, &EMPTY),
        _ => Value::Null,
    }
}

fn other(types: &Types, id: TypeId, value: &Value) -> Value {
    match alternative(types, id, value) {
        Some(ty) => self::value(types, ty, value),
        None => untyped(value),
    }
}

/// What is printed without a type.
pub(super) fn untyped(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::String(_) => value.clone(),
        Value::List(list) => Value::List(list.iter().map(untyped).collect()),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (key.clone(), untyped(value)))
                .collect(),
        ),
        // A number may be printed as a whole one, and text that is kept as it came is read.
        Value::Float(_) | Value::Raw(_) => {
            let mut text = Vec::new();
            write::value(value, &mut text);
            parse(&text).unwrap_or_default()
        }
    }
}
