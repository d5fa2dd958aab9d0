//! PartialObjectMetadata in its encodings: the metadata of an object and nothing else.

use std::borrow::Cow;

use kinds::partial;
use schema::{TypeId, Types, Value, envelope, json, proto};

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
/// Field 1, length-delimited.
const METADATA_TAG: u8 = 0x0a;

/// An annotation that stands for a field of an older version: it is added by conversion, which bare metadata never sees.
const DAEMON_SET_GENERATION: &str = "deprecated.daemonset.template.generation";

/// An object whose metadata alone is shown.
pub fn metadata_only(object: &Value) -> Cow<'_, Value> {
    if object::meta::of(object)
        .annotation(DAEMON_SET_GENERATION)
        .is_none()
    {
        return Cow::Borrowed(object);
    }
    let mut bare = object.clone();
    object::meta::edit(&mut bare).remove_annotation(DAEMON_SET_GENERATION);
    Cow::Owned(bare)
}

/// As JSON, without a line break.
pub(super) fn to_json(object: &Value, version: &str, out: &mut Vec<u8>) {
    json::write(&partial::object(&metadata_only(object), version), out);
}

/// The protobuf message, without envelope.
pub(super) fn to_proto(object: &Value, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    let object = metadata_only(object);
    if let (Some(id), Some(metadata)) = (metadata_type(), object.get("metadata")) {
        proto::encode(Types::builtin(), id, metadata, &mut body);
    }
    put_message(METADATA_TAG, &body, out);
}

/// In an envelope.
pub fn to_envelope(object: &Value, version: &str) -> Vec<u8> {
    let mut body = Vec::new();
    to_proto(object, &mut body);
    envelope::wrap(&format!("meta.k8s.io/{version}"), "PartialObjectMetadata", &body)
}

/// A length-delimited field.
pub fn put_message(tag: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let mut length = body.len();
    while length >= 0x80 {
        out.push((length as u8 & 0x7f) | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(body);
}

fn metadata_type() -> Option<TypeId> {
    Types::builtin().id(METADATA)
}
