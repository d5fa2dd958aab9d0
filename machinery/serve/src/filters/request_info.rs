//! Reads what a request is about, once, for all that stands behind it.

use std::sync::Arc;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, text_response};
use crate::request_info::{Error, RequestInfo};

/// Puts an `Arc<RequestInfo>` into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ReadRequestInfo;

impl Filter for ReadRequestInfo {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        match RequestInfo::of(&request) {
            Ok(info) => {
                request.extensions_mut().insert::<Arc<RequestInfo>>(info);
                next.run(request)
            }
            Err(error @ Error::Escape(_)) => Box::pin(async move {
                text_response(
                    http::StatusCode::BAD_REQUEST,
                    format!("400 Bad Request: {error}\n"),
                )
            }),
            Err(error @ Error::NoResource(_)) => Box::pin(async move {
                let path = request.uri().path();
                let text =
                    format!("Internal Server Error: {path:?}: failed to create RequestInfo: {error}\n");
                text_response(http::StatusCode::INTERNAL_SERVER_ERROR, text)
            }),
        }
    }
}
