//! Prints a typed tree as Go prints the type: declaration order, and zero values where `omitempty` does not leave them out.

use super::{EMPTY, write};
use crate::{Field, FieldType, TypeId, Types, Value, canonical};

/// A message; anything but a map is printed as it is.
pub(super) fn message(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    let schema = types.get(id);
    let Value::Map(map) = value else {
        return other(types, id, value, out);
    };
    if schema.custom_json {
        return other(types, id, value, out);
    }
    out.push(b'{');
    let start = out.len();
    for field in types.json_fields(id) {
        let value = map.get(&field.json);
        if !is_printed(field, value) {
            continue;
        }
        if out.len() > start {
            out.push(b',');
        }
        write::string(&field.json, out);
        out.push(b':');
        match value {
            Some(value) => self::value(types, &field.ty, value, out),
            None if field.pointer => out.extend_from_slice(b"null"),
            None => zero(types, &field.ty, out),
        }
    }
    out.push(b'}');
}

pub(super) fn is_printed(field: &Field, value: Option<&Value>) -> bool {
    let absent = match value {
        None => true,
        Some(value) => canonical::is_absent(field, value),
    };
    !absent || canonical::is_printed_when_absent(field)
}

fn value(types: &Types, ty: &FieldType, value: &Value, out: &mut Vec<u8>) {
    match (ty, value) {
        (FieldType::Message(id), value) => message(types, *id, value, out),
        (FieldType::List(item), Value::List(list)) => {
            out.push(b'[');
            for (at, value) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                self::value(types, item, value, out);
            }
            out.push(b']');
        }
        (FieldType::Map(item), Value::Map(map)) => {
            out.push(b'{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write::string(key, out);
                out.push(b':');
                self::value(types, item, value, out);
            }
            out.push(b'}');
        }
        (_, value) => write::value(value, out),
    }
}

/// What Go prints for the zero value of a field that is no pointer.
pub(crate) fn zero(types: &Types, ty: &FieldType, out: &mut Vec<u8>) {
    match ty {
        FieldType::String => out.extend_from_slice(b"\"\""),
        FieldType::Int32 | FieldType::Int64 | FieldType::Double | FieldType::IntOrString => out.push(b'0'),
        FieldType::Bool => out.extend_from_slice(b"false"),
        FieldType::Quantity => out.extend_from_slice(b"\"0\""),
        FieldType::Duration => out.extend_from_slice(b"\"0s\""),
        FieldType::Message(id) => message(types, *id, &EMPTY, out),
        _ => out.extend_from_slice(b"null"),
    }
}

/// What is no plain message: the forms of a type with a JSON form of its own, or null.
fn other(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    match alternative(types, id, value) {
        Some(ty) => self::value(types, ty, value, out),
        None => write::value(value, out),
    }
}

/// Which of the forms of a type with a JSON form of its own a value has.
pub(super) fn alternative<'t>(types: &'t Types, id: TypeId, value: &Value) -> Option<&'t FieldType> {
    let schema = types.get(id);
    let mut forms = schema.fields.iter().map(|form| &form.ty);
    let matching = forms.find(|form| match form {
        FieldType::Message(_) => matches!(value, Value::Map(_)),
        FieldType::List(_) => matches!(value, Value::List(_)),
        _ => false,
    });
    matching.filter(|_| schema.custom_json)
}
