//! The envelope of stored and sent protobuf objects: `k8s\0`, then apiVersion and kind beside the body.
//! The body is the business of [`crate::proto`].

use crate::proto::wire::{BYTES, Reader, put_bytes, put_message, put_tag, put_varint, varint_len};
use crate::{Error, Map, SmolStr, TypeId, Types, Value, proto};

/// What every enveloped object begins with.
pub const MAGIC: [u8; 4] = *b"k8s\0";

/// An opened envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// `v1`, `apps/v1`.
    pub api_version: SmolStr,
    /// `Pod`.
    pub kind: SmolStr,
    /// The message.
    pub body: &'a [u8],
    /// How the body is encoded; empty in everything that Kubernetes writes.
    pub content_encoding: SmolStr,
    /// What the body is; empty for protobuf.
    pub content_type: SmolStr,
}

/// Whether bytes are an enveloped object; else they are JSON or YAML.
pub fn is_protobuf(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Opens an envelope. Unknown fields are passed over.
pub fn split(bytes: &[u8]) -> Result<Envelope<'_>, Error> {
    if bytes.is_empty() {
        return Err(Error::syntax("empty data"));
    }
    let Some(rest) = bytes.strip_prefix(&MAGIC) else {
        return Err(Error::syntax(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
        ));
    };
    let mut envelope = Envelope::default();
    let mut reader = Reader::new(rest);
    while let Some((number, wire)) = reader.tag()? {
        if wire != BYTES {
            reader.skip(wire)?;
            continue;
        }
        let field = reader.bytes()?;
        match number {
            1 => type_meta(field, &mut envelope)?,
            2 => envelope.body = field,
            3 => envelope.content_encoding = text(field),
            4 => envelope.content_type = text(field),
            _ => {}
        }
    }
    Ok(envelope)
}

/// The type and the enveloped object of a WatchEvent, which is a bare message. Unknown fields are passed over.
pub fn watch_event(message: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (mut kind, mut object): (&[u8], &[u8]) = (&[], &[]);
    let mut reader = Reader::new(message);
    while let Some((number, wire)) = reader.tag()? {
        match (number, wire) {
            (1, BYTES) => kind = reader.bytes()?,
            (2, BYTES) => object = proto::first_bytes(reader.bytes()?)?,
            _ => reader.skip(wire)?,
        }
    }
    Ok((kind, object))
}

/// What an envelope has after its body: the encoding and the type of the body, both empty.
pub const TAIL: [u8; 4] = [3 << 3 | BYTES, 0, 4 << 3 | BYTES, 0];

/// Closes an envelope around a body, as Kubernetes writes it: all four fields, the last two empty.
pub fn wrap(api_version: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + api_version.len() + kind.len() + 24);
    head(api_version, kind, body.len(), &mut out);
    out.extend_from_slice(body);
    out.extend_from_slice(&TAIL);
    out
}

/// Appends what an envelope has before a body of this length.
pub fn head(api_version: &str, kind: &str, body_len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    put_message(1, out, |out| {
        put_bytes(1, api_version.as_bytes(), out);
        put_bytes(2, kind.as_bytes(), out);
    });
    put_field_head(2, body_len, out);
}

/// Appends the tag and the length of a field of so many bytes: messages in messages are written piece by piece with it.
pub fn put_field_head(number: u32, len: usize, out: &mut Vec<u8>) {
    put_tag(number, BYTES, out);
    put_varint(len as u64, out);
}

/// How many bytes a field of so many bytes takes, with its tag and length.
pub fn field_len(number: u32, len: usize) -> usize {
    varint_len(u64::from(number) << 3) + varint_len(len as u64) + len
}

/// The object in an envelope whose type is known: the body's tree with `apiVersion` and `kind`.
pub fn decode(types: &Types, id: TypeId, envelope: &Envelope<'_>) -> Result<Value, Error> {
    let mut value = proto::decode(types, id, envelope.body)?;
    let map = value.as_map_mut();
    set_type_meta(map, &envelope.api_version, &envelope.kind);
    Ok(value)
}

/// An object's tree as stored bytes; `apiVersion` and `kind` are taken from it.
pub fn encode(types: &Types, id: TypeId, value: &Value) -> Vec<u8> {
    let mut body = Vec::with_capacity(1024);
    proto::encode(types, id, value, &mut body);
    let text = |key| value.str_at(&[key]).unwrap_or_default();
    wrap(text("apiVersion"), text("kind"), &body)
}

fn set_type_meta(map: Option<&mut Map>, api_version: &SmolStr, kind: &SmolStr) {
    if let Some(map) = map {
        for (key, value) in [("apiVersion", api_version), ("kind", kind)] {
            if !value.is_empty() {
                map.insert(key, value.clone());
            }
        }
    }
}

fn type_meta(body: &[u8], envelope: &mut Envelope<'_>) -> Result<(), Error> {
    let mut reader = Reader::new(body);
    while let Some((number, wire)) = reader.tag()? {
        match (number, wire) {
            (1, BYTES) => envelope.api_version = text(reader.bytes()?),
            (2, BYTES) => envelope.kind = text(reader.bytes()?),
            _ => reader.skip(wire)?,
        }
    }
    Ok(())
}

fn text(bytes: &[u8]) -> SmolStr {
    SmolStr::new(String::from_utf8_lossy(bytes))
}
