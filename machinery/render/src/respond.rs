//! Bodies in their final form, and answers around them with their headers.
//! What is in them is told by the other modules.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use schema::{Value, json, yaml};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::negotiate::{Media, Output};

/// An answer of this media type.
pub fn respond(code: u16, media: Media, body: impl Into<Bytes>) -> Response {
    let mut response = http::Response::new(Body::full(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(media.name());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    response
}

/// JSON text in its final form: with a line break at the end, indented or as YAML where that is wanted.
pub(crate) fn finish_json(mut text: Vec<u8>, output: Output) -> Result<Vec<u8>, Status> {
    match output.media {
        Media::Yaml => {
            let tree = json::parse(&text).map_err(|error| Status::internal(&error.to_string()))?;
            let mut lines = Vec::with_capacity(text.len());
            yaml::write(&tree, &mut lines);
            Ok(lines)
        }
        _ if output.pretty => Ok(serve::pretty::indented(&text)),
        _ => {
            text.push(b'\n');
            Ok(text)
        }
    }
}

/// The metadata of a tree, or of none.
pub(crate) fn metadata(object: &Value) -> Value {
    object
        .get("metadata")
        .cloned()
        .unwrap_or_else(|| Value::Map(schema::Map::new()))
}
