//! What others need to check this server's tokens of service accounts: where its keys are, and the keys themselves.
//! What is in these documents is `auth`'s.

use auth::authenticate::service_account::documents::{CONFIGURATION_PATH, KEYS_PATH};
use http::request::Parts;
use http::{HeaderValue, Method, header};
use render::negotiate::Media;
use serve::http::{Response, status_response};
use serve::status::Status;

use crate::api::Api;

/// Answers a request for one of the documents; `None` if it is for something else, or there are none.
pub fn document(api: &Api, parts: &Parts, path: &str) -> Option<Response> {
    let documents = api.access.documents.as_ref()?.current();
    let (media, text) = match path.trim_end_matches('/') {
        CONFIGURATION_PATH => ("application/json", &documents.configuration),
        KEYS_PATH => ("application/jwk-set+json", &documents.keys),
        _ => return None,
    };
    if parts.method != Method::GET {
        return Some(status_response(&Status::method_not_allowed()));
    }
    let mut response = render::respond(200, Media::Json, text.as_bytes().to_vec());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    Some(response)
}
