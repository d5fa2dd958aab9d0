//! From stored bytes to what clients see, and back: decoding whatever release wrote them, defaults, conversion, and what
//! only reads add. Codecs are in `schema`; keys, revisions and encryption are the store's.
//!
//! A stored value may be protobuf, JSON or YAML, of any version that this release still understands, and sparse.

mod encode;
mod forms;
mod legacy;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use schema::{SmolStr, Types, Value, envelope, json, proto, yaml};

pub use encode::encode;

use crate::convert::{self, Error};
use crate::decorate::{self, Context};
use crate::defaults::{self, Now};
use crate::{Catalog, Resource};
use forms::Form;

/// Decodes stored bytes of a built-in resource (any of its versions) and makes them canonical: its hub form, defaults
/// and read decorations applied, without resource version. [`convert::from_storage`] makes a served version of it.
///
/// A custom object keeps the version that it was stored in.
pub fn canonical(resource: &Resource, stored: &[u8], context: Context<'_>) -> Result<Value, Error> {
    if let Some(kind) = &resource.custom {
        return kind.stored(json::parse(stored).map_err(malformed)?);
    }
    let mut object = decode(resource, stored, context.now)?;
    convert::settle(&resource.kind, &mut object)?;
    decorate::apply(&resource.kind, &mut object, context);
    Ok(object)
}

/// Whether stored bytes are certainly canonical as they are, found without decoding them: protobuf in the stored version
/// of a kind to which a read adds nothing (config maps, leases, events, roles and others). Such bytes can be transcoded
/// without a tree. `false` means only that [`canonical`] must tell.
pub fn is_canonical(resource: &Resource, stored: &[u8]) -> bool {
    let Some(hub) = hub(resource).filter(|hub| !reads_add(hub)) else {
        return false;
    };
    let Some(storage) = &hub.storage else { return false };
    envelope::is_protobuf(stored)
        && envelope::split(stored).is_ok_and(|envelope| {
            envelope.kind == storage.kind && envelope.api_version == storage.api_version()
        })
}

/// Whether reads of a kind may add something. Every kind that is settled or decorated has defaults too.
fn reads_add(hub: &Resource) -> bool {
    defaults::has_any(hub.type_id)
}

fn decode(resource: &Resource, stored: &[u8], now: Now<'_>) -> Result<Value, Error> {
    if envelope::is_protobuf(stored) {
        return decode_protobuf(resource, stored, now);
    }
    if stored.trim_ascii_start().starts_with(b"{") {
        return decode_json(resource, stored, now);
    }
    // Anything may be YAML; what is not, may be the base64 of protobuf, and that is what the error is about.
    decode_yaml(resource, stored, now).or_else(|_| decode_protobuf(resource, &base64(stored)?, now))
}

fn decode_protobuf(resource: &Resource, stored: &[u8], now: Now<'_>) -> Result<Value, Error> {
    let envelope = envelope::split(stored).map_err(malformed)?;
    if envelope.api_version.is_empty() && envelope.kind.is_empty() {
        return Err(Error::Untyped {
            of: forms::internal_name(resource),
        });
    }
    let form = Form::of(resource, &envelope.api_version, &envelope.kind)?;
    let value = proto::decode(Types::builtin(), form.type_id, envelope.body).map_err(malformed)?;
    form.finish(value, now)
}

fn decode_json(resource: &Resource, stored: &[u8], now: Now<'_>) -> Result<Value, Error> {
    let tree = json::parse(stored).map_err(malformed)?;
    let (api_version, kind) = type_of(&tree);
    if is_nameless(&api_version, &kind) {
        return Ok(forms::nameless(resource));
    }
    let form = Form::of(resource, &api_version, &kind)?;
    // Decoded from the text again where it has the fields of the type: repeated keys and raw parts keep their meaning.
    let typed = match form.is_plain() {
        true => {
            json::decode(Types::builtin(), form.type_id, stored)
                .map_err(malformed)?
                .value
        }
        false => form.typed(tree)?,
    };
    form.finish(typed, now)
}

fn decode_yaml(resource: &Resource, stored: &[u8], now: Now<'_>) -> Result<Value, Error> {
    let tree = yaml::parse(stored).map_err(malformed)?;
    let (api_version, kind) = type_of(&tree);
    if tree.as_map().is_some() && is_nameless(&api_version, &kind) {
        return Ok(forms::nameless(resource));
    }
    let form = Form::of(resource, &api_version, &kind)?;
    form.finish(form.typed(tree)?, now)
}

fn type_of(tree: &Value) -> (SmolStr, SmolStr) {
    let text = |key: &str| SmolStr::new(tree.str_at(&[key]).unwrap_or_default());
    (text("apiVersion"), text("kind"))
}

fn is_nameless(api_version: &str, kind: &str) -> bool {
    matches!((api_version, kind), ("", "") | ("__internal", _))
}

fn base64(text: &[u8]) -> Result<Vec<u8>, Error> {
    STANDARD.decode(text.trim_ascii_end()).map_err(|error| {
        let at = match error {
            DecodeError::InvalidByte(at, _)
            | DecodeError::InvalidLastSymbol(at, _)
            | DecodeError::InvalidLength(at) => at,
            DecodeError::InvalidPadding => text.len(),
        };
        Error::Malformed(format!("illegal base64 data at input byte {at}"))
    })
}

fn malformed(error: impl std::fmt::Display) -> Error {
    Error::Malformed(error.to_string())
}

/// The resource in whose form a resource's objects go through the pipeline.
fn hub(resource: &Resource) -> Option<&'static std::sync::Arc<Resource>> {
    let storage = resource.storage.as_ref()?;
    let version = if resource.kind == "CustomResourceDefinition" {
        &resource.version
    } else {
        &storage.version
    };
    Catalog::builtin().kind(&storage.group, version, &storage.kind)
}
