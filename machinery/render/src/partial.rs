//! PartialObjectMetadata in its encodings: the metadata of an object and nothing else.

use std::borrow::Cow;

use kinds::partial;
use schema::{TypeId, Types, Value, envelope, json, proto};

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
/// The field of an object that has it.
const METADATA_FIELD: u32 = 1;

/// An annotation that stands for a field of an older version: it is added by conversion, which bare metadata never sees.
pub(crate) const DAEMON_SET_GENERATION: &str = "deprecated.daemonset.template.generation";

/// An object whose metadata alone is shown.
pub(crate) fn metadata_only(object: &Value) -> Cow<'_, Value> {
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
pub(crate) fn to_json(object: &Value, version: &str, out: &mut Vec<u8>) {
    json::write(&partial::object(&metadata_only(object), version), out);
}

/// The protobuf message, without envelope.
pub(crate) fn to_proto(object: &Value, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    let object = metadata_only(object);
    if let (Some(id), Some(metadata)) = (metadata_type(), object.get("metadata")) {
        proto::encode(Types::builtin(), id, metadata, &mut body);
    }
    envelope::put_field_head(METADATA_FIELD, body.len(), out);
    out.extend_from_slice(&body);
}

/// In an envelope.
pub(crate) fn to_envelope(object: &Value, version: &str) -> Vec<u8> {
    let mut body = Vec::new();
    to_proto(object, &mut body);
    envelope::wrap(&format!("meta.k8s.io/{version}"), "PartialObjectMetadata", &body)
}

pub(crate) fn metadata_type() -> Option<TypeId> {
    Types::builtin().id(METADATA)
}
