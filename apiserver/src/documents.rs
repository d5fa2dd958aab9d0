//! What is answered below the roots of the API beside resources: discovery documents. Others may be joined to them.

use http::request::Parts;
use http::{Method, StatusCode, header};
use kinds::{Catalog, discovery};
use schema::{Map, Value, json, tree};
use serve::http::{Response, status_response};
use serve::negotiate::{Media, Offer, header as text_of};
use serve::request_info::RequestInfo;
use serve::status::Status;

use crate::api::Api;
use crate::{openapi, render, route};

/// The kind of aggregated discovery documents.
const AGGREGATED: &str = "APIGroupDiscoveryList";

/// Answers a request that is for no resource.
pub fn answer(api: &Api, parts: &Parts, info: &RequestInfo) -> Response {
    let path = info.path.as_str();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let document = match segments.as_slice() {
        ["api"] => roots(api, parts, ""),
        ["apis"] => roots(api, parts, "apis"),
        ["api", version] => versions(api, "", version),
        ["apis", group, version] => versions(api, group, version),
        ["apis", group] => group_document(api, group),
        ["openapi", ..] => return openapi_answer(api, parts),
        _ => return unknown(api, &segments),
    };
    match document {
        Some(_) if !matches!(parts.method, Method::GET | Method::HEAD) => {
            status_response(&Status::method_not_allowed())
        }
        Some(Document { value, content_type }) => respond(parts, &value, content_type),
        None => unknown(api, &segments),
    }
}
