//! YAML in and out as kubectl and the reference read and write it: YAML 1.1 as go-yaml v2 has it, by way of JSON.
//! It decodes the first document of a stream; splitting streams is for clients.

mod compose;
mod emit;
mod resolve;

use crate::json::{self, Decoded, StrictError, StrictKind};
use crate::{Error, TypeId, Types, Value};

/// The first document as a tree; an empty one is null. Of a duplicate key the last value stands.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    parse_strict(bytes).map(|decoded| decoded.value)
}

/// The same, with the duplicate keys of the document in one finding, as the reference reports them.
pub fn parse_strict(bytes: &[u8]) -> Result<Decoded, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::syntax("yaml: invalid leading UTF-8 octet"))?;
    let (value, duplicates) = compose::document(text)?;
    let strict = if duplicates.is_empty() {
        Vec::new()
    } else {
        let path = format!("yaml: unmarshal errors:\n  {}", duplicates.join("\n  "));
        vec![StrictError {
            kind: StrictKind::Other,
            path,
        }]
    };
    Ok(Decoded { value, strict })
}

/// An object of a known type. Findings of the document come before those of the type.
pub fn decode(types: &Types, id: TypeId, bytes: &[u8]) -> Result<Decoded, Error> {
    let document = parse_strict(bytes)?;
    let mut decoded = json::from_tree(types, id, &document.value)?;
    decoded.strict.splice(0..0, document.strict);
    Ok(decoded)
}

/// A tree as a YAML document in block style, keys sorted, with go-yaml's quoting.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    emit::document(value, out);
}
