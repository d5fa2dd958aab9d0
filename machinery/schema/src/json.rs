//! JSON in and out: untyped trees, typed objects with strict checks, and Go's printed form.
//! Which version or kind a body is of is for the caller to know; [`type_meta`] only reads what it says.

mod decode;
mod encode;
mod go_type;
mod message;
mod printed;
mod scan;
mod strict;
mod untyped;
pub(crate) mod write;

use crate::{Error, FieldType, Map, SmolStr, TypeId, Types, Value};

pub(crate) use decode::{bytes_of, float_value, text_of as bytes_text, time_value};
pub(crate) use encode::zero;
pub use strict::{StrictError, StrictKind};

/// An object, and what strict decoding finds wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// In canonical form: nothing that Go's zero value would also say, but for `[]` and `{}` in fields that print null when nil.
    pub value: Value,
    /// Unknown and duplicate fields in the order of the input, each once, at most [`crate::limits::STRICT_ERRORS_MAX`].
    pub strict: Vec<StrictError>,
}

/// Any JSON text as a tree. Of a duplicate key the last value stands.
/// Errors are worded as Go's `encoding/json`.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    untyped::parse(&scan::text_of(bytes))
}

/// The same, with the paths of duplicate keys.
pub fn parse_strict(bytes: &[u8]) -> Result<Decoded, Error> {
    decode::decode(Types::builtin(), &FieldType::Any, &scan::text_of(bytes))
}

/// An object of a known type, checked and canonical, in one pass.
pub fn decode(types: &Types, id: TypeId, bytes: &[u8]) -> Result<Decoded, Error> {
    let ty = match id {
        TypeId::UNTYPED => FieldType::Any,
        id => FieldType::Message(id),
    };
    decode::decode(types, &ty, &scan::text_of(bytes))
}

/// The same for a tree that was read otherwise (YAML, a patch's result).
pub fn from_tree(types: &Types, id: TypeId, value: &Value) -> Result<Decoded, Error> {
    let mut text = Vec::with_capacity(1024);
    write(value, &mut text);
    decode(types, id, &text)
}

/// A tree as compact JSON with Go's escapes and floats; keys sorted.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    write::value(value, out);
}

/// The same as text.
pub fn to_string(value: &Value) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// An object as Go prints its type: fields in declaration order, zero values where Go prints them.
/// What the type does not know is left out.
pub fn encode(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    match id {
        TypeId::UNTYPED => write::value(value, out),
        id => encode::message(types, id, value, out),
    }
}

/// The tree of what [`encode`] prints: with every zero value that Go shows, as server-side apply and JSON patches see it.
pub fn printed(types: &Types, id: TypeId, value: &Value) -> Value {
    match id {
        TypeId::UNTYPED => printed::untyped(value),
        id => printed::message(types, id, value),
    }
}

/// JSON text without white space between tokens, with Go's escapes for HTML; key order is kept.
pub(crate) fn write_compact(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let text = scan::text_of(raw);
    let mut scanner = scan::Scanner::new(&text);
    scanner.skip()?;
    scanner.finish()?;
    write::raw(decode::compact(&text).as_bytes(), out);
    Ok(())
}

/// `apiVersion` and `kind` of a body, empty where absent, without decoding the rest.
/// The error is what follows `couldn't get version/kind; json parse error: ` in the reference's answer.
pub fn type_meta(bytes: &[u8]) -> Result<(SmolStr, SmolStr), Error> {
    decode::type_meta(&scan::text_of(bytes))
}

/// An empty object.
pub(crate) static EMPTY: Value = Value::Map(Map::new());
