//! Encodes trees as message bodies, byte for byte as Kubernetes' generated code does.

use super::wire::{FIXED64, VARINT, put_bytes, put_message, put_tag, put_varint};
use crate::json::EMPTY;
use crate::time::Time;
use crate::{Field, FieldType, TypeId, Types, Value, json};

/// The fields of a message in ascending number. Anything but a map is an empty message.
pub(super) fn message(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    let schema = types.get(id);
    if schema.custom_json {
        return custom(types, id, value, out);
    }
    for field in schema.wire_fields() {
        if let FieldType::Message(inner) = field.ty
            && field.inline
        {
            put_message(field.number, out, |out| message(types, inner, value, out));
            continue;
        }
        match value.get(&field.json) {
            Some(value) => set(types, field, value, out),
            None if field.pointer => {}
            None => unset(types, field, out),
        }
    }
}

fn set(types: &Types, field: &Field, value: &Value, out: &mut Vec<u8>) {
    let number = field.number;
    match (&field.ty, value) {
        (FieldType::List(item), value) if field.wrap => {
            put_message(number, out, |out| items(types, 1, item, value, out))
        }
        (FieldType::List(item), value) => items(types, number, item, value, out),
        (FieldType::Map(item), Value::Map(map)) => {
            for (key, value) in map.iter() {
                put_message(number, out, |out| {
                    put_bytes(1, key.as_bytes(), out);
                    single(types, 2, item, value, out);
                });
            }
        }
        (FieldType::Map(_), _) => {}
        (ty, value) => single(types, number, ty, value, out),
    }
}

/// The zero value of a field that is no pointer.
fn unset(types: &Types, field: &Field, out: &mut Vec<u8>) {
    match &field.ty {
        FieldType::List(_) if field.wrap => put_message(field.number, out, |_| {}),
        FieldType::List(_) | FieldType::Map(_) | FieldType::Bytes => {}
        FieldType::Message(_) => single(types, field.number, &field.ty, &EMPTY, out),
        ty => single(types, field.number, ty, &Value::Null, out),
    }
}

fn items(types: &Types, number: u32, item: &FieldType, value: &Value, out: &mut Vec<u8>) {
    for value in value.as_list().unwrap_or_default() {
        single(types, number, item, value, out);
    }
}

/// One value. A value that is not of the type counts as zero.
fn single(types: &Types, number: u32, ty: &FieldType, value: &Value, out: &mut Vec<u8>) {
    match ty {
        FieldType::String => put_bytes(number, value.as_str().unwrap_or_default().as_bytes(), out),
        FieldType::Int32 | FieldType::Int64 => varint(number, whole(value), out),
        FieldType::Bool => varint(number, i64::from(value.as_bool().unwrap_or_default()), out),
        FieldType::Bytes => put_bytes(number, &json::bytes_of(value.as_str().unwrap_or_default()), out),
        FieldType::Double => {
            put_tag(number, FIXED64, out);
            out.extend_from_slice(&float(value).to_bits().to_le_bytes());
        }
        FieldType::Message(id) => put_message(number, out, |out| message(types, *id, value, out)),
        FieldType::List(item) => put_message(number, out, |out| items(types, 1, item, value, out)),
        // No map holds maps.
        FieldType::Map(_) | FieldType::Any | FieldType::Deduced => {}
        ty => put_message(number, out, |out| scalar(ty, value, out)),
    }
}

/// The body of a special kind.
fn scalar(ty: &FieldType, value: &Value, out: &mut Vec<u8>) {
    let text = value.as_str();
    match ty {
        FieldType::Quantity => put_bytes(1, text.unwrap_or("0").as_bytes(), out),
        FieldType::Time => moment(text.and_then(|text| Time::parse(text).ok()), false, out),
        FieldType::MicroTime => moment(text.and_then(|text| Time::parse_micro(text).ok()), true, out),
        FieldType::Duration => varint(
            1,
            text.and_then(|text| crate::time::duration::parse(text).ok())
                .unwrap_or(0),
            out,
        ),
        FieldType::IntOrString => {
            varint(1, i64::from(text.is_some()), out);
            varint(2, whole(value), out);
            put_bytes(3, text.unwrap_or_default().as_bytes(), out);
        }
        _ => match value {
            Value::Null => {}
            Value::Raw(text) => put_bytes(1, text.as_bytes(), out),
            value => {
                let mut raw = Vec::new();
                json::write(value, &mut raw);
                put_bytes(1, &raw, out);
            }
        },
    }
}

fn moment(time: Option<Time>, micro: bool, out: &mut Vec<u8>) {
    if let Some(time) = time.filter(|time| !time.is_zero()) {
        varint(1, time.seconds, out);
        varint(
            2,
            if micro {
                i64::from(time.nanos / 1000 * 1000)
            } else {
                0
            },
            out,
        );
    }
}

/// A schema or something else. A schema also says that anything of it is allowed.
fn custom(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    for field in types.get(id).wire_fields() {
        match (&field.ty, value) {
            (FieldType::Bool, value) => varint(
                field.number,
                i64::from(value.as_bool().unwrap_or(value.as_map().is_some())),
                out,
            ),
            (FieldType::Message(_), Value::Map(_)) => single(types, field.number, &field.ty, value, out),
            (FieldType::List(item), value) => items(types, field.number, item, value, out),
            _ => {}
        }
    }
}

fn varint(number: u32, value: i64, out: &mut Vec<u8>) {
    put_tag(number, VARINT, out);
    put_varint(value as u64, out);
}

fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Float(number) => *number as i64,
        _ => 0,
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_any_width_are_put_in_front() {
        for size in [0, 1, 127, 128, 300, 16_384, 70_000] {
            let mut out = vec![9];
            put_message(1, &mut out, |out| out.extend(std::iter::repeat_n(7, size)));
            let mut expected = vec![9];
            put_bytes(1, &vec![7; size], &mut expected);
            assert_eq!(out, expected);
        }
    }
}
