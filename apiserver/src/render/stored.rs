//! Stored bytes that clients see as they are: from protobuf to JSON in one pass, without a tree.

use std::sync::Arc;

use kinds::stored;
use schema::{Types, envelope};
use serve::status::Status;
use storage::Entry;

use crate::call::{Call, Shape};
use crate::errors;

/// Whether the bytes of an object of the call's resource are what a client of the requested version sees.
pub(super) fn canonical(call: &Call, bytes: &[u8]) -> bool {
    Arc::ptr_eq(&call.resource, &call.hub) && stored::is_canonical(&call.hub, bytes)
}

/// Appends canonical bytes as JSON, `typed` with `apiVersion` and `kind`.
pub(super) fn transcode(shape: &Shape, entry: &Entry, typed: bool, out: &mut Vec<u8>) -> Result<(), Status> {
    let broken = |error: schema::Error| errors::undecodable(&entry.key, &error.to_string());
    let envelope = envelope::split(&entry.value).map_err(broken)?;
    let (api_version, kind) = if typed {
        (shape.api_version(), shape.kind.clone())
    } else {
        Default::default()
    };
    let revision = Some(entry.mod_revision.0);
    schema::transcode::to_json(
        Types::builtin(),
        shape.type_id,
        envelope.body,
        &api_version,
        &kind,
        revision,
        out,
    )
    .map_err(broken)
}
