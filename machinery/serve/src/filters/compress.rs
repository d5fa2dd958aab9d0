//! Large answers are compressed for clients that take gzip, by the reference's rule: whole ones above a size, streamed ones if
//! their handler marks them and the size is passed. Other streams are not.

mod gzip;
mod prefix;

use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Body, Compressible, Request, Response};
use crate::limits::GZIP_ABOVE_BYTES;
use gzip::Gzip;
use prefix::Prefixed;

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
            if response.headers().contains_key(header::CONTENT_ENCODING) {
                return response;
            }
            match response.body().size_hint().exact() {
                Some(bytes) if bytes > GZIP_ABOVE_BYTES as u64 => compressed(response),
                None if response.extensions().get::<Compressible>().is_some() => {
                    compressed_if_large(response).await
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

/// A stream tells its size only by going on: what comes before the limit is kept until one or the other is known.
async fn compressed_if_large(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let (prefixed, is_large) = Prefixed::read(body, GZIP_ABOVE_BYTES).await;
    let response = Response::from_parts(parts, Body::new(prefixed));
    match is_large {
        true => compressed(response),
        false => response,
    }
}

fn compressed(response: Response) -> Response {
    let mut response = response.map(|body| Body::new(Gzip::new(body)));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::read_body;
    use bytes::Bytes;
    use std::io::Read;

    async fn outcome(
        accept: &'static str,
        body: impl Fn() -> Body + Clone + Send + Sync + 'static,
    ) -> (Option<String>, Bytes) {
        let handler = handler_fn(move |_| {
            let mut response = http::Response::new(body());
            response.extensions_mut().insert(Compressible);
            async move { response }
        });
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
            read_body(response.into_body(), 10_000_000).await.expect("fits"),
        )
    }

    fn whole(bytes: usize) -> impl Fn() -> Body + Clone + Send + Sync {
        move || Body::full(vec![b'x'; bytes])
    }

    /// Of chunks that are no compression's own size, and some empty ones.
    fn streamed(bytes: usize) -> impl Fn() -> Body + Clone + Send + Sync {
        move || {
            let plain = Bytes::from(text(bytes));
            let chunks = (0..bytes).step_by(7_001).flat_map(move |begin| {
                let chunk = plain.slice(begin..bytes.min(begin + 7_001));
                [Ok::<_, std::io::Error>(Bytes::new()), Ok(chunk)]
            });
            Body::stream(futures_util::stream::iter(chunks))
        }
    }

    fn text(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| (at * at / 97) as u8).collect()
    }

    fn unpacked(packed: &Bytes) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed.as_ref())
            .read_to_end(&mut plain)
            .expect("gzip");
        plain
    }

    #[tokio::test]
    async fn only_large_answers_to_willing_clients_are_compressed() {
        assert_eq!(outcome("gzip", whole(GZIP_ABOVE_BYTES)).await.0, None);
        assert_eq!(outcome("br", whole(GZIP_ABOVE_BYTES + 1)).await.0, None);
        let (encoding, body) = outcome("deflate, gzip", whole(GZIP_ABOVE_BYTES + 1)).await;
        assert_eq!(encoding.as_deref(), Some("gzip"));
        assert_eq!(unpacked(&body), vec![b'x'; GZIP_ABOVE_BYTES + 1]);
    }

    #[tokio::test]
    async fn a_marked_stream_is_compressed_once_it_is_large() {
        let (encoding, body) = outcome("gzip", streamed(GZIP_ABOVE_BYTES)).await;
        assert_eq!(
            (encoding, body.as_ref()),
            (None, text(GZIP_ABOVE_BYTES).as_slice())
        );
        for bytes in [GZIP_ABOVE_BYTES + 1, 3_000_000] {
            let (encoding, body) = outcome("gzip", streamed(bytes)).await;
            assert_eq!(encoding.as_deref(), Some("gzip"));
            assert!(unpacked(&body) == text(bytes), "{bytes} bytes differ");
        }
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_does_not_end_well() {
        for good in [10, 20_000, 300_000] {
            let broken = move || {
                let chunks = [Ok(Bytes::from(text(good))), Err(std::io::Error::other("broken"))];
                Body::stream(futures_util::stream::iter(chunks))
            };
            let handler = handler_fn(move |_| {
                let mut response = http::Response::new(broken());
                response.extensions_mut().insert(Compressible);
                async move { response }
            });
            let chain = Chain::new(vec![Box::new(Compress)], handler).into_handler();
            let request = http::Request::builder().header("accept-encoding", "gzip");
            let response = answer(chain, request.body(Body::empty()).expect("a request")).await;
            assert!(read_body(response.into_body(), 1_000_000).await.is_err());
        }
    }
}
