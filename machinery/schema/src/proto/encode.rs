//! Tree to protobuf.

use crate::json::bytes_of;

use super::wire::{put_bytes, put_nested, put_number, put_tag};
use crate::time::{Time, duration};
use crate::{Field, FieldType, Map, TypeId, Types, Value, json};

/// Appends the body of a canonical tree. What is not of its type is written as the zero value.
pub fn encode(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    Encoder { types }.message(id, value, out);
}

struct Encoder<'a> {
    types: &'a Types,
}

impl Encoder<'_> {
    fn message(&self, id: TypeId, value: &Value, out: &mut Vec<u8>) {
        if self.types.get(id).custom_json {
            return self.alternative(id, value, out);
        }
        match value {
            Value::Map(map) => self.fields(id, map, out),
            _ => self.fields(id, &Map::new(), out),
        }
    }

    fn fields(&self, id: TypeId, map: &Map, out: &mut Vec<u8>) {
        for field in self.types.get(id).wire_fields() {
            if let (FieldType::Message(inlined), true) = (&field.ty, field.inline) {
                put_nested(field.number, out, |out| self.fields(*inlined, map, out));
                continue;
            }
            self.field(field, map.get(&field.json).filter(|value| !value.is_null()), out);
        }
    }

    fn field(&self, field: &Field, value: Option<&Value>, out: &mut Vec<u8>) {
        match (&field.ty, value) {
            (FieldType::List(item), Some(Value::List(list))) if field.wrap => {
                put_nested(field.number, out, |out| self.items(1, item, list, out));
            }
            (FieldType::List(item), Some(Value::List(list))) => self.items(field.number, item, list, out),
            (FieldType::List(_), _) => {}
            (FieldType::Map(item), Some(Value::Map(map))) => {
                for (key, value) in map.iter() {
                    put_nested(field.number, out, |out| self.entry(item, field.wrap, key, value, out));
                }
            }
            (FieldType::Map(_), _) => {}
            (ty, Some(value)) => self.value(field.number, ty, value, out),
            // Bytes that were never set are nil, not empty.
            (FieldType::Bytes, None) => {}
            (_, None) if field.pointer => {}
            (ty, None) => self.value(field.number, ty, &Value::Null, out),
        }
    }

    fn items(&self, number: u32, item: &FieldType, list: &[Value], out: &mut Vec<u8>) {
        for value in list {
            self.value(number, item, value, out);
        }
    }

    fn entry(&self, ty: &FieldType, wrap: bool, key: &str, value: &Value, out: &mut Vec<u8>) {
        put_bytes(1, key.as_bytes(), out);
        match (ty, value) {
            (FieldType::List(item), Value::List(list)) if wrap => {
                put_nested(2, out, |out| self.items(1, item, list, out));
            }
            (FieldType::List(_), _) if wrap => put_bytes(2, b"", out),
            _ => self.value(2, ty, value, out),
        }
    }

    fn value(&self, number: u32, ty: &FieldType, value: &Value, out: &mut Vec<u8>) {
        let text = value.as_str().unwrap_or_default();
        match ty {
            FieldType::String => put_bytes(number, text.as_bytes(), out),
            FieldType::Int32 | FieldType::Int64 => put_number(number, value.as_int().unwrap_or(0) as u64, out),
            FieldType::Bool => put_number(number, u64::from(value.as_bool().unwrap_or(false)), out),
            FieldType::Double => put_double(number, value, out),
            FieldType::Bytes => put_bytes(number, &bytes_of(text), out),
            FieldType::Quantity => put_nested(number, out, |out| put_bytes(1, quantity_text(value).as_bytes(), out)),
            FieldType::IntOrString => put_nested(number, out, |out| put_int_or_string(value, out)),
            FieldType::Time => put_nested(number, out, |out| put_time(Time::parse(text).ok(), false, out)),
            FieldType::MicroTime => put_nested(number, out, |out| put_time(Time::parse_micro(text).ok(), true, out)),
            FieldType::Duration => {
                let nanos = duration::parse(text).unwrap_or(0);
                put_nested(number, out, |out| put_number(1, nanos as u64, out));
            }
            FieldType::FieldsV1 | FieldType::RawExtension | FieldType::Json => {
                put_nested(number, out, |out| put_raw(value, out));
            }
            FieldType::Message(id) => put_nested(number, out, |out| self.message(*id, value, out)),
            FieldType::List(item) => {
                let list = value.as_list().unwrap_or_default();
                put_nested(number, out, |out| self.items(1, item, list, out));
            }
            FieldType::Any | FieldType::Map(_) => {}
        }
    }

    /// A type whose JSON is one of its alternatives: by the shape of the value.
    fn alternative(&self, id: TypeId, value: &Value, out: &mut Vec<u8>) {
        let schema = self.types.get(id);
        for field in schema.wire_fields() {
            match (&field.ty, value) {
                (FieldType::List(item), Value::List(list)) => self.items(field.number, item, list, out),
                (FieldType::Message(_), Value::Map(_)) => self.value(field.number, &field.ty, value, out),
                // A schema allows what it describes.
                (FieldType::Bool, Value::Map(_)) => put_number(field.number, 1, out),
                (FieldType::Bool, value) => put_number(field.number, u64::from(value.as_bool().unwrap_or(false)), out),
                _ => {}
            }
        }
    }
}

fn put_double(number: u32, value: &Value, out: &mut Vec<u8>) {
    let double = match value {
        Value::Float(double) => *double,
        Value::Int(int) => *int as f64,
        _ => 0.0,
    };
    put_tag(number, 1, out);
    out.extend_from_slice(&double.to_bits().to_le_bytes());
}

/// A quantity that was never set is the text of zero.
fn quantity_text(value: &Value) -> &str {
    value.as_str().unwrap_or("0")
}

fn put_int_or_string(value: &Value, out: &mut Vec<u8>) {
    let text = value.as_str();
    put_number(1, u64::from(text.is_some()), out);
    put_number(2, value.as_int().unwrap_or(0) as u64, out);
    put_bytes(3, text.unwrap_or_default().as_bytes(), out);
}

/// Seconds and nanoseconds; times have whole seconds, micro times whole microseconds.
fn put_time(time: Option<Time>, micro: bool, out: &mut Vec<u8>) {
    let Some(time) = time.filter(|time| !time.is_zero()) else { return };
    let nanos = if micro { time.nanos / 1_000 * 1_000 } else { 0 };
    put_number(1, time.seconds as u64, out);
    put_number(2, u64::from(nanos), out);
}

fn put_raw(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Raw(text) => put_bytes(1, text.as_bytes(), out),
        value => {
            let mut text = Vec::new();
            json::write(value, &mut text);
            put_bytes(1, &text, out);
        }
    }
}
