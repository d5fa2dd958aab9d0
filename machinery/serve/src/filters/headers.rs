//! Headers that every answer carries: the audit id, and that nothing is to be cached.

use http::{HeaderName, HeaderValue, header};

use crate::filter::{Answer, Filter, Next};
use crate::http::Request;

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// The most bytes of an audit id that a client gives.
const AUDIT_ID_BYTES_MAX: usize = 64;

/// Names every request, or takes the name that the client gives it, and tells it in the answer.
#[derive(Clone, Copy, Debug)]
pub struct AuditId;

impl Filter for AuditId {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let given = request.headers().get(AUDIT_ID);
            let given = given
                .filter(|id| !id.is_empty() && id.len() <= AUDIT_ID_BYTES_MAX)
                .cloned();
            let id = given.unwrap_or_else(new_id);
            request.headers_mut().insert(AUDIT_ID, id.clone());
            let mut response = next.run(request).await;
            response.headers_mut().insert(AUDIT_ID, id);
            response
        })
    }
}

fn new_id() -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("a UUID is plain text")
}

/// Tells caches to keep nothing, unless the handler said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct CacheControl;

impl Filter for CacheControl {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let mut response = next.run(request).await;
            let value = HeaderValue::from_static("no-cache, private");
            response
                .headers_mut()
                .entry(header::CACHE_CONTROL)
                .or_insert(value);
            response
        })
    }
}
