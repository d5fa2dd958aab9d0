//! The types of a request's way through the tiers: body, request, response, handler. It does not listen: [`crate::server`] does.

mod body;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::convert::Infallible;
use tower::util::BoxCloneSyncService;

use crate::status::Status;

pub use body::{Body, Compressible};

/// What can go wrong while a body is sent or received.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A request on its way through the tiers.
pub type Request = http::Request<Body>;
/// Its answer.
pub type Response = http::Response<Body>;
/// Anything that answers requests; it never fails, errors are answers.
pub type Handler = BoxCloneSyncService<Request, Response, Infallible>;

/// The whole body, at most `bytes_max` bytes: 413 beyond, 400 when it breaks off.
///
/// Of what is too long some more is read and thrown away: clients that are still sending would not see the answer.
pub async fn read_body(mut body: Body, bytes_max: usize) -> Result<Bytes, Status> {
    let too_large = || Status::too_large(format!("Request entity too large: limit is {bytes_max}"));
    if http_body::Body::size_hint(&body).lower() > bytes_max as u64 {
        discard(body).await;
        return Err(too_large());
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Status::bad_request(format!("error reading the request body: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > bytes_max {
            discard(body).await;
            return Err(too_large());
        }
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            None => rest.extend_from_slice(&data),
            Some(begin) => {
                rest.extend_from_slice(&begin);
                rest.extend_from_slice(&data);
            }
        }
    }
    // One chunk, the usual case, is not copied.
    Ok(first.unwrap_or_else(|| rest.freeze()))
}

/// Reads on to a body's end, up to a limit.
pub(crate) async fn discard(mut body: Body) {
    let mut left = crate::limits::DISCARDED_BODY_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(length) else {
            return;
        };
        left = rest;
    }
}

/// An answer with a `Status` in it.
pub fn status_response(status: &Status) -> Response {
    let mut response = http::Response::new(Body::full(status.to_json()));
    *response.status_mut() =
        http::StatusCode::from_u16(status.code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    let retry_after = status
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    if retry_after > 0 {
        headers.insert(http::header::RETRY_AFTER, http::HeaderValue::from(retry_after));
    }
    response
}

/// A plain text answer.
pub fn text_response(code: http::StatusCode, text: impl Into<Bytes>) -> Response {
    let mut response = http::Response::new(Body::full(text));
    *response.status_mut() = code;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, plain);
    response.headers_mut().insert(
        "x-content-type-options",
        http::HeaderValue::from_static("nosniff"),
    );
    response
}

/// An answer in JSON.
pub fn json_response(code: http::StatusCode, json: impl Into<Bytes>) -> Response {
    let mut response = http::Response::new(Body::full(json));
    *response.status_mut() = code;
    let media = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, media);
    response
}

/// What the reference answers where nothing is registered at all.
pub fn page_not_found() -> Response {
    text_response(http::StatusCode::NOT_FOUND, "404 page not found\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked(chunks: &'static [&'static [u8]]) -> Body {
        Body::stream(futures_util::stream::iter(
            chunks
                .iter()
                .map(|chunk| Ok::<_, BodyError>(Bytes::from_static(chunk))),
        ))
    }

    #[tokio::test]
    async fn bodies_are_read_up_to_their_limit() {
        assert_eq!(
            read_body(chunked(&[b"ab", b"", b"c"]), 3)
                .await
                .expect("fits")
                .as_ref(),
            b"abc"
        );
        assert_eq!(read_body(Body::empty(), 0).await.expect("fits").as_ref(), b"");
        let refused = read_body(chunked(&[b"ab", b"cd"]), 3)
            .await
            .expect_err("too long");
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (413, "Request entity too large: limit is 3")
        );
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_long_is_not_read() {
        let refused = read_body(Body::full("abcd"), 3).await.expect_err("too long");
        assert_eq!(refused.code, 413);
    }
}
