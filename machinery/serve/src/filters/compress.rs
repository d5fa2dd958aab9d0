//! Large answers are compressed for clients that take gzip, by the reference's rule. Streams are not.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Body, Request, Response, read_body, status_response};
use crate::limits::{GZIP_ABOVE_BYTES, GZIP_LEVEL};
use crate::status::Status;

/// Compresses what is large enough to be worth it.
#[derive(Clone, Copy, Debug)]
pub struct Compress;

impl Filter for Compress {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        if !takes_gzip(request.headers()) {
            return next.run(request);
        }
        Box::pin(async move {
            let response = next.run(request).await;
            let exact = response
                .body()
                .size_hint()
                .exact()
                .and_then(|bytes| usize::try_from(bytes).ok());
            match exact {
                Some(bytes)
                    if bytes > GZIP_ABOVE_BYTES
                        && !response.headers().contains_key(header::CONTENT_ENCODING) =>
                {
                    compressed(response, bytes).await
                }
                _ => response,
            }
        })
    }
}

/// Whether the word `gzip` stands in `Accept-Encoding` by itself; qualities are not looked at, as in the reference.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|word| word.trim() == "gzip")
}

async fn compressed(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let plain = match read_body(body, bytes).await {
        Ok(plain) => plain,
        Err(status) => return status_response(&status),
    };
    // Some milliseconds for a megabyte: not on a thread that serves connections.
    match tokio::task::spawn_blocking(move || gzip(&plain)).await {
        Ok(Ok(packed)) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            parts
                .headers
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts
                .headers
                .append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
            Response::from_parts(parts, Body::full(packed))
        }
        Ok(Err(error)) => status_response(&Status::internal(&error.to_string())),
        Err(error) => status_response(&Status::internal(&error.to_string())),
    }
}

fn gzip(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::new(GZIP_LEVEL));
    encoder.write_all(plain)?;
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use std::io::Read;

    async fn outcome(accept: &'static str, bytes: usize) -> (Option<String>, Bytes) {
        let handler = handler_fn(move |_| async move { http::Response::new(Body::full(vec![b'x'; bytes])) });
        let chain = Chain::new(vec![Box::new(Compress)], handler).into_handler();
        let request = http::Request::builder()
            .header("accept-encoding", accept)
            .body(Body::empty());
        let response = answer(chain, request.expect("a request")).await;
        let encoding = response
            .headers()
            .get("content-encoding")
            .map(|value| value.to_str().expect("text").to_owned());
        (
            encoding,
            read_body(response.into_body(), 1_000_000).await.expect("fits"),
        )
    }

    #[tokio::test]
    async fn only_large_answers_to_willing_clients_are_compressed() {
        assert_eq!(outcome("gzip", GZIP_ABOVE_BYTES).await.0, None);
        assert_eq!(outcome("br", GZIP_ABOVE_BYTES + 1).await.0, None);
        let (encoding, body) = outcome("deflate, gzip", GZIP_ABOVE_BYTES + 1).await;
        assert_eq!(encoding.as_deref(), Some("gzip"));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(body.as_ref())
            .read_to_end(&mut plain)
            .expect("gzip");
        assert_eq!(plain, vec![b'x'; GZIP_ABOVE_BYTES + 1]);
    }
}
