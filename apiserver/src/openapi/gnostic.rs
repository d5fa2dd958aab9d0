//! OpenAPI documents as protobuf, in the messages of the gnostic project, which clients that ask for protobuf expect.
//! The messages are tables ([`v2`], [`v3`]); what is in a document is not known here.

mod v2;
mod v3;

use schema::{Map, Value, json};

pub use v2::DOCUMENT as V2_DOCUMENT;
pub use v3::DOCUMENT as V3_DOCUMENT;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;
/// Of a named value: its name and the value.
const NAME: u32 = 1;
const VALUE: u32 = 2;
/// Of an untyped value: its text as YAML.
const YAML: u32 = 2;
/// What begins with it is an extension of the format.
const EXTENSION: &str = "x-";

/// A message and which parts of a JSON value go into it.
pub struct Message {
    /// Members of an object by name.
    fields: &'static [Field],
    /// The number for members whose names begin with `x-`; 0 where there are none.
    extensions: u32,
    /// The number for all other members, as named values of one message.
    entries: Option<(u32, &'static Message)>,
    /// The number for text, or a list of texts, in the place of an object; 0 where there are none.
    texts: u32,
    /// For a message that stands for one of several.
    choose: Option<fn(&Value) -> Choice>,
}

/// Number, name, form.
struct Field(u32, &'static str, Form);

enum Form {
    /// Text, a number, or a flag. Zero is not written.
    Scalar(Scalar),
    /// Anything, as YAML.
    Any,
    /// A list of anything.
    Anys,
    /// A list of text.
    Texts,
    /// A message.
    One(&'static Message),
    /// A list of messages.
    Each(&'static Message),
}

#[derive(Clone, Copy)]
enum Scalar {
    Text,
    Flag,
    Int,
    Double,
}

/// What one of several is.
enum Choice {
    /// A message within messages of these numbers.
    Within(&'static [u32], &'static Message),
    /// A scalar of this number.
    Scalar(u32, Scalar),
    /// Nothing that has a form.
    None,
}

/// No fields at all; messages are written as changes of it.
const EMPTY: Message = Message {
    fields: &[],
    extensions: 0,
    entries: None,
    texts: 0,
    choose: None,
};

const fn text(number: u32, name: &'static str) -> Field {
    Field(number, name, Form::Scalar(Scalar::Text))
}

const fn flag(number: u32, name: &'static str) -> Field {
    Field(number, name, Form::Scalar(Scalar::Flag))
}

const fn int(number: u32, name: &'static str) -> Field {
    Field(number, name, Form::Scalar(Scalar::Int))
}

const fn double(number: u32, name: &'static str) -> Field {
    Field(number, name, Form::Scalar(Scalar::Double))
}

/// Whether a value refers to another.
fn is_reference(value: &Value) -> bool {
    value.get("$ref").is_some()
}

/// A document as a message.
pub fn encode(message: &Message, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(message, value, &mut out);
    out
}

/// Documents are this server's own: they nest no deeper than their types do.
fn write(message: &Message, value: &Value, out: &mut Vec<u8>) {
    if let Some(choose) = message.choose {
        return write_choice(&choose(value), value, out);
    }
    match value {
        Value::Map(map) => write_members(message, map, out),
        Value::String(text) if message.texts > 0 => put_bytes(message.texts, text.as_bytes(), out),
        Value::List(list) if message.texts > 0 => {
            for text in list.iter().filter_map(Value::as_str) {
                put_bytes(message.texts, text.as_bytes(), out);
            }
        }
        _ => {}
    }
}

fn write_choice(choice: &Choice, value: &Value, out: &mut Vec<u8>) {
    match choice {
        Choice::Within([], message) => write(message, value, out),
        Choice::Within([number, rest @ ..], message) => {
            let mut inner = Vec::new();
            write_choice(&Choice::Within(rest, message), value, &mut inner);
            put_bytes(*number, &inner, out);
        }
        Choice::Scalar(number, scalar) => put_scalar(*number, *scalar, value, out),
        Choice::None => {}
    }
}

fn write_members(message: &Message, map: &Map, out: &mut Vec<u8>) {
    for Field(number, name, form) in message.fields {
        if let Some(value) = map.get(name) {
            write_field(*number, form, value, out);
        }
    }
    for (name, value) in map.iter() {
        if name.starts_with(EXTENSION) {
            if message.extensions > 0 {
                put_bytes(message.extensions, &named(name, &any(value)), out);
            }
        } else if let Some((number, entry)) = message.entries
            && !message.fields.iter().any(|Field(_, known, _)| known == name)
        {
            put_bytes(number, &named(name, &encode(entry, value)), out);
        }
    }
}

fn write_field(number: u32, form: &Form, value: &Value, out: &mut Vec<u8>) {
    let list = || value.as_list().unwrap_or_default();
    match form {
        Form::Scalar(scalar) => {
            if !value.is_zero() {
                put_scalar(number, *scalar, value, out);
            }
        }
        Form::Any => put_bytes(number, &any(value), out),
        Form::Anys => list().iter().for_each(|item| put_bytes(number, &any(item), out)),
        Form::Texts => {
            for text in list().iter().filter_map(Value::as_str) {
                put_bytes(number, text.as_bytes(), out);
            }
        }
        Form::One(message) => put_bytes(number, &encode(message, value), out),
        Form::Each(message) => {
            for item in list() {
                put_bytes(number, &encode(message, item), out);
            }
        }
    }
}

fn named(name: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + value.len() + 8);
    put_bytes(NAME, name.as_bytes(), &mut out);
    put_bytes(VALUE, value, &mut out);
    out
}

/// JSON is YAML too.
fn any(value: &Value) -> Vec<u8> {
    let mut text = json::to_string(value);
    text.push('\n');
    let mut out = Vec::with_capacity(text.len() + 4);
    put_bytes(YAML, text.as_bytes(), &mut out);
    out
}

fn put_scalar(number: u32, scalar: Scalar, value: &Value, out: &mut Vec<u8>) {
    match scalar {
        Scalar::Text => put_bytes(number, value.as_str().unwrap_or_default().as_bytes(), out),
        Scalar::Flag => {
            put_tag(number, VARINT, out);
            put_varint(u64::from(value.as_bool().unwrap_or_default()), out);
        }
        Scalar::Int => {
            put_tag(number, VARINT, out);
            // Negative numbers are their two's complement.
            put_varint(value.as_int().unwrap_or_default() as u64, out);
        }
        Scalar::Double => {
            let number_value = match value {
                Value::Int(whole) => *whole as f64,
                Value::Float(float) => *float,
                _ => 0.0,
            };
            put_tag(number, FIXED64, out);
            out.extend_from_slice(&number_value.to_le_bytes());
        }
    }
}

fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_tag(number, BYTES, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_tag(number: u32, wire: u32, out: &mut Vec<u8>) {
    put_varint(u64::from(number << 3 | wire), out);
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn entries_are_named_and_extensions_are_yaml() {
        let definitions = tree!({"definitions": {"A": {"type": "string", "x-k": "v"}}});
        let bytes = encode(&V2_DOCUMENT, &definitions);
        // Document.definitions (9) has one named schema, whose type (22) is a list of one text.
        let kind = [&[0xb2, 0x01, 8, 0x0a, 6][..], b"string"].concat();
        assert_eq!((bytes[0], &bytes[4..7]), (9 << 3 | 2, &[0x0a, 1, b'A'][..]));
        assert!(
            bytes.windows(kind.len()).any(|window| window == kind),
            "{bytes:?}"
        );
        assert!(bytes.ends_with(b"\"v\"\n"));
    }

    #[test]
    fn references_are_told_apart() {
        let by_reference = tree!({"components": {"schemas": {"A": {"$ref": "#/b"}}}});
        let by_value = tree!({"components": {"schemas": {"A": {"title": "b"}}}});
        let [reference, value] = [by_reference, by_value].map(|document| encode(&V3_DOCUMENT, &document));
        assert!(reference.ends_with(&[2 << 3 | 2, 5, 0x0a, 3, b'#', b'/', b'b']));
        assert!(value.ends_with(&[1 << 3 | 2, 3, 9 << 3 | 2, 1, b'b']));
    }
}
