//! Protobuf in and out, by the conventions of Kubernetes' generated code (gogo). The envelope around stored objects is in
//! [`crate::envelope`].
//!
//! What is no pointer is always written, zero or not; pointers are absent when nil; fields go in ascending number, map entries in
//! key order; lists are not packed but may be when read. Unknown fields are passed over.

mod decode;
mod encode;
mod meta;
pub(crate) mod wire;

use crate::{Error, TypeId, Types, Value};

pub(crate) use decode::{first_bytes, int_or_string_parts, moment, wrong_wire};
pub use meta::{Meta, peek_meta};

/// The canonical tree of a message body. `apiVersion` and `kind` are not in it: the envelope has them.
pub fn decode(types: &Types, id: TypeId, body: &[u8]) -> Result<Value, Error> {
    decode::message(types, id, body)
}

/// The body of a message, appended to `out`. What the type does not know is left out.
pub fn encode(types: &Types, id: TypeId, value: &Value, out: &mut Vec<u8>) {
    if id != TypeId::UNTYPED {
        encode::message(types, id, value, out);
    }
}
