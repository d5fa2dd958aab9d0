//! One object, or a status, as an answer.

use std::sync::Arc;

use kinds::table as columns;
use schema::{Types, Value, envelope, json, proto, tree};
use serve::http::Response;
use serve::status::Status;
use storage::Entry;

use crate::call::{Call, Shape};
use crate::canonical::Canonical;
use crate::decoder::Decoder;
use crate::descriptions::Descriptions;
use crate::errors;
use crate::negotiate::{Form, Media, Output};
use crate::partial;
use crate::respond::{finish_json, metadata, respond};
use crate::table::{self, Include};

/// An object of a shape. `hub` is its hub form where it is an object of the call's resource, else the object as it is.
pub fn object(
    texts: &Descriptions,
    call: &Call,
    output: Output,
    shape: &Shape,
    hub: Value,
    code: u16,
) -> Result<Response, Status> {
    let is_main = shape.kind == call.resource.kind && shape.group == call.resource.group;
    if is_main && call.resource.custom.is_some() && output.is_whole_protobuf() {
        return Err(errors::no_protobuf("Unstructured"));
    }
    let cells = matches!(output.form, Form::Table(_)).then(|| hub.clone());
    let mut shown = if is_main { call.shown(hub)? } else { hub };
    shape.set_type(&mut shown);
    let bytes = match output.form {
        Form::Object => return encode(&shown, shape, output).map(|bytes| respond(code, output.media, bytes)),
        Form::Partial(version) if output.media == Media::Protobuf => partial::to_envelope(&shown, version),
        Form::Partial(version) => {
            let mut text = Vec::new();
            partial::to_json(&shown, version, &mut text);
            finish_json(text, output)?
        }
        Form::PartialList(_) => return Err(not_a_list(shape)),
        Form::Table(version) => {
            let layout = if is_main {
                columns::layout(&call.hub)
            } else {
                columns::layout_of(&shape.group, &shape.kind)
            };
            let row = table::row(
                &layout,
                &cells.unwrap_or_default(),
                (&shown, shape.type_id),
                Include::read(&call.query)?,
                version,
            );
            let mut rows = Vec::new();
            json::write(&row, &mut rows);
            let revision = shown.str_at(&["metadata", "resourceVersion"]).unwrap_or_default();
            let meta = tree!({"resourceVersion": revision});
            finish_json(
                table::assemble(&layout, Some(texts), version, &meta, &rows),
                output,
            )?
        }
    };
    Ok(respond(code, output.media, bytes))
}

/// An object of the call's resource as it is stored: without a tree where the bytes are what clients see.
pub fn stored_object(
    texts: &Descriptions,
    decoder: &Decoder,
    call: &Call,
    output: Output,
    entry: &Entry,
) -> Result<Response, Status> {
    let shape = Shape::of(&call.resource);
    let plain = output.form == Form::Object && output.media != Media::Protobuf;
    if plain
        && Arc::ptr_eq(&call.resource, &call.hub)
        && let Some(canonical) = Canonical::of_stored(&call.hub, entry)?
    {
        let mut text = Vec::with_capacity(entry.value.len() * 2);
        canonical.to_json(&shape, true, &mut text)?;
        return Ok(respond(200, output.media, finish_json(text, output)?));
    }
    object(
        texts,
        call,
        output,
        &shape,
        decoder.decode(&call.hub, entry)?,
        200,
    )
}

/// A status in the negotiated encoding.
pub fn status(texts: &Descriptions, call: &Call, output: Output, status: &Status) -> Response {
    let value = status.to_value();
    let code = status.code;
    let types = Types::builtin();
    let type_id = types.id("io.k8s.apimachinery.pkg.apis.meta.v1.Status");
    let mut response = match (output.media, output.form, type_id) {
        (Media::Protobuf, _, Some(id)) => {
            let mut message = Vec::new();
            proto::encode(types, id, &value, &mut message);
            respond(code, Media::Protobuf, envelope::wrap("v1", "Status", &message))
        }
        (_, Form::Table(version), _) if status.success => {
            let layout = columns::layout_of("", "Status");
            let include = Include::read(&call.query).unwrap_or_default();
            let shown = (&value, type_id.unwrap_or(call.resource.type_id));
            let row = table::row(&layout, &value, shown, include, version);
            let mut rows = Vec::new();
            json::write(&row, &mut rows);
            let text = table::assemble(&layout, Some(texts), version, &metadata(&value), &rows);
            respond(code, Media::Json, finish_json(text, output).unwrap_or_default())
        }
        _ => {
            let mut text = Vec::new();
            json::write(&value, &mut text);
            let media = if output.media == Media::Yaml {
                Media::Yaml
            } else {
                Media::Json
            };
            respond(
                code,
                media,
                finish_json(text, Output { media, ..output }).unwrap_or_default(),
            )
        }
    };
    let retry_after = status
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    if retry_after > 0 {
        response
            .headers_mut()
            .insert(http::header::RETRY_AFTER, http::HeaderValue::from(retry_after));
    }
    response
}

/// A status where no encoding could be agreed on: JSON with line breaks.
pub fn bare_status(status: &Status) -> Response {
    let mut text = Vec::new();
    json::write(&status.to_value(), &mut text);
    respond(status.code, Media::Json, serve::pretty::indented(&text))
}

/// A typed object in an encoding.
fn encode(shown: &Value, shape: &Shape, output: Output) -> Result<Vec<u8>, Status> {
    let types = Types::builtin();
    let mut bytes = Vec::with_capacity(1024);
    if output.media == Media::Protobuf {
        proto::encode(types, shape.type_id, shown, &mut bytes);
        return Ok(envelope::wrap(&shape.api_version(), &shape.kind, &bytes));
    }
    json::encode(types, shape.type_id, shown, &mut bytes);
    finish_json(bytes, output)
}

fn not_a_list(shape: &Shape) -> Status {
    Status::failure(
        406,
        serve::status::reason::NOT_ACCEPTABLE,
        format!(
            "you requested PartialObjectMetadataList, but the requested object is not a list (*{}.{})",
            shape.version, shape.kind
        ),
    )
}

/// A status in the encoding that was negotiated, or JSON where none was.
pub fn failure(texts: &Descriptions, call: &Call, error: &Status) -> Response {
    let mut response = match Output::of(&call.headers, &call.query) {
        Ok(output) => status(
            texts,
            call,
            Output {
                form: Form::Object,
                ..output
            },
            error,
        ),
        Err(_) => bare_status(error),
    };
    serve::warnings::add(response.headers_mut(), call.warnings());
    response
}
