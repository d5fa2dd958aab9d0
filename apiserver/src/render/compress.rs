//! Gzip of large answers for clients that take it.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};

/// Below this an answer is not worth it; the reference's limit.
const BYTES_MIN: usize = 128 * 1024;
/// The reference's level: speed before size.
const LEVEL: u32 = 1;

/// The body, compressed where that is worth it; headers follow.
pub fn compress(request: &HeaderMap, response: &mut HeaderMap, body: Bytes) -> Bytes {
    if body.len() < BYTES_MIN || !takes_gzip(request) {
        return body;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::new(LEVEL));
    let packed = encoder.write_all(&body).and_then(|()| encoder.finish());
    let Ok(packed) = packed else { return body };
    response.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Bytes::from(packed)
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.split(';').next().map(str::trim) == Some("gzip"))
}
