//! The envelope of stored and sent protobuf: four magic bytes and a message that says what is inside.
//! What is inside is for [`crate::proto`].

use crate::proto::wire::{Reader, put_bytes};
use crate::{Error, SmolStr};

/// What protobuf of Kubernetes begins with.
pub const MAGIC: [u8; 4] = *b"k8s\0";

/// An opened envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// `apiVersion` of the object.
    pub api_version: SmolStr,
    /// `kind` of the object.
    pub kind: SmolStr,
    /// The object's message.
    pub body: &'a [u8],
    /// How the body is encoded; empty in practice.
    pub content_encoding: SmolStr,
    /// What the body is when it is not protobuf; empty in practice.
    pub content_type: SmolStr,
}

/// Whether bytes are protobuf in an envelope.
pub fn is_protobuf(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Opens an envelope.
pub fn split(bytes: &[u8]) -> Result<Envelope<'_>, Error> {
    let Some(message) = bytes.strip_prefix(&MAGIC) else {
        return Err(Error::syntax("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"));
    };
    let mut envelope = Envelope {
        api_version: SmolStr::default(),
        kind: SmolStr::default(),
        body: &[],
        content_encoding: SmolStr::default(),
        content_type: SmolStr::default(),
    };
    let mut fields = Reader::new(message);
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => read_type(value.bytes()?, &mut envelope)?,
            2 => envelope.body = value.bytes()?,
            3 => envelope.content_encoding = value.text()?,
            4 => envelope.content_type = value.text()?,
            _ => {}
        }
    }
    Ok(envelope)
}

fn read_type(bytes: &[u8], envelope: &mut Envelope<'_>) -> Result<(), Error> {
    let mut fields = Reader::new(bytes);
    while let Some((number, value)) = fields.next_field()? {
        match number {
            1 => envelope.api_version = value.text()?,
            2 => envelope.kind = value.text()?,
            _ => {}
        }
    }
    Ok(())
}

/// Puts a message into an envelope. All four fields are written, as the reference does.
pub fn wrap(api_version: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut type_meta = Vec::with_capacity(api_version.len() + kind.len() + 4);
    put_bytes(1, api_version.as_bytes(), &mut type_meta);
    put_bytes(2, kind.as_bytes(), &mut type_meta);
    let mut bytes = Vec::with_capacity(body.len() + type_meta.len() + 24);
    bytes.extend_from_slice(&MAGIC);
    put_bytes(1, &type_meta, &mut bytes);
    put_bytes(2, body, &mut bytes);
    put_bytes(3, b"", &mut bytes);
    put_bytes(4, b"", &mut bytes);
    bytes
}
