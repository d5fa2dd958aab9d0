//! What is answered below the roots of the API beside resources: discovery documents.
//! What is in them is `kinds::discovery`'s.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Method, header};
use kinds::{Catalog, RuntimeConfig, discovery};
use schema::{Value, json, tree, yaml};
use serve::http::{Response, status_response};
use serve::negotiate::{self, Media, OBJECT_MEDIA, Offer, Target};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;

use super::{Discovery, Shown};
use crate::respond::respond;

/// The media type of aggregated discovery (KEP-3352), as its answers name it.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const AGGREGATED_KIND: &str = "APIGroupDiscoveryList";

/// What documents are made of, at one time.
struct Api<'a> {
    runtime: &'a RuntimeConfig,
    address: &'a str,
    shown: Arc<Shown>,
}

/// Answers a request that is for no resource.
pub(super) fn answer(discovery: &Discovery, parts: &Parts, info: &RequestInfo) -> Response {
    let api = &Api {
        runtime: &discovery.runtime,
        address: &discovery.address,
        shown: discovery.shown(),
    };
    let segments: Vec<&str> = info.path.trim_matches('/').split('/').collect();
    let found = match segments.as_slice() {
        ["api"] | ["apis"] => root(api, parts, segments[0]),
        ["api", version] => Ok(resources(api, "", version)),
        ["apis", group, version] if !group.is_empty() => Ok(resources(api, group, version)),
        ["apis", group] => Ok(group_document(api, group)),
        [""] => Ok(Some(paths(api))),
        _ => Ok(None),
    };
    match found {
        Err(status) => status_response(&status),
        Ok(None) => unknown(api, &segments),
        Ok(Some(_)) if parts.method != Method::GET => status_response(&Status::method_not_allowed()),
        Ok(Some(document)) => document.respond(parts),
    }
}

/// A document, and what it is called in its content type.
struct Document {
    value: Value,
    is_aggregated: bool,
}

impl Document {
    fn plain(value: Value) -> Self {
        Self {
            value,
            is_aggregated: false,
        }
    }

    fn respond(self, parts: &Parts) -> Response {
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let accept = negotiate::header(&parts.headers, &header::ACCEPT);
        let offer = Offer {
            media: OBJECT_MEDIA,
            allows: &is_aggregated,
        };
        let choice = match offer.choose(accept) {
            Ok(choice) => choice,
            Err(status) => return status_response(&status),
        };
        let mut text = Vec::new();
        json::write(&self.value, &mut text);
        let agent = negotiate::header(&parts.headers, &header::USER_AGENT);
        let (media, bytes) = match choice.media {
            Media::Yaml => {
                let mut lines = Vec::new();
                yaml::write(&self.value, &mut lines);
                (Media::Yaml, lines)
            }
            _ if negotiate::is_pretty(&choice, &query, agent) => {
                (Media::Json, serve::pretty::indented(&text))
            }
            _ => {
                text.push(b'\n');
                (Media::Json, text)
            }
        };
        let mut response = respond(200, media, bytes);
        if self.is_aggregated {
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(AGGREGATED));
            response
                .headers_mut()
                .insert(header::VARY, HeaderValue::from_static("Accept"));
        }
        response
    }
}

fn is_aggregated(_media: Media, target: &Target) -> bool {
    target.kind == AGGREGATED_KIND && target.group == "apidiscovery.k8s.io" && target.version == "v2"
}

/// `/api` and `/apis`, legacy or with everything below them.
fn root(api: &Api<'_>, parts: &Parts, prefix: &str) -> Result<Option<Document>, Status> {
    let offer = Offer {
        media: OBJECT_MEDIA,
        allows: &is_aggregated,
    };
    let choice = offer.choose(negotiate::header(&parts.headers, &header::ACCEPT))?;
    let catalog = &api.shown.catalog;
    let groups: Vec<_> = discovery::served_groups(catalog, api.runtime)
        .filter(|group| group.name.is_empty() == (prefix == "api"))
        .collect();
    if choice.target.is_some() {
        let items: Vec<Value> = groups
            .iter()
            .map(|group| discovery::aggregated_group(catalog, api.runtime, group))
            .collect();
        let value = tree!({
            "apiVersion": "apidiscovery.k8s.io/v2",
            "kind": AGGREGATED_KIND,
            "metadata": {},
            "items": items,
        });
        return Ok(Some(Document {
            value,
            is_aggregated: true,
        }));
    }
    let value = match prefix {
        "api" => {
            let versions = groups
                .iter()
                .flat_map(|group| discovery::served_versions(catalog, api.runtime, group));
            let versions: Vec<Value> = versions
                .map(|version| Value::from(version.version.clone()))
                .collect();
            tree!({
                "kind": "APIVersions",
                "versions": versions,
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": (api.address)}],
            })
        }
        _ => {
            let entries: Vec<Value> = groups
                .iter()
                .map(|group| discovery::group_entry(catalog, api.runtime, group))
                .collect();
            tree!({"kind": "APIGroupList", "apiVersion": "v1", "groups": entries})
        }
    };
    Ok(Some(Document::plain(value)))
}

/// `/`: what else there is.
fn paths(api: &Api<'_>) -> Document {
    const OTHERS: [&str; 8] = [
        "/apis",
        "/healthz",
        "/livez",
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        "/readyz",
        "/version",
    ];
    let mut paths: Vec<String> = OTHERS.map(str::to_owned).to_vec();
    for group in &api.shown.served.groups {
        let root = match group.name.as_str() {
            "" => "/api".to_owned(),
            name => format!("/apis/{name}"),
        };
        paths.extend(
            group
                .versions
                .iter()
                .map(|version| format!("{root}/{}", version.name)),
        );
        paths.push(root);
    }
    paths.sort_unstable();
    let paths: Vec<Value> = paths.into_iter().map(Value::from).collect();
    Document::plain(tree!({"paths": paths}))
}

fn resources(api: &Api<'_>, group: &str, version: &str) -> Option<Document> {
    api.shown.served.version(group, version)?;
    Some(Document::plain(discovery::resource_list(
        &api.shown.catalog,
        api.runtime,
        group,
        version,
    )))
}

fn group_document(api: &Api<'_>, group: &str) -> Option<Document> {
    api.shown.served.group(group)?;
    let found = api.shown.catalog.group(group).filter(|_| !group.is_empty())?;
    Some(Document::plain(discovery::group(
        &api.shown.catalog,
        api.runtime,
        found,
    )))
}

/// Below a root that is served it is a status, elsewhere plain text.
fn unknown(api: &Api<'_>, segments: &[&str]) -> Response {
    let is_known = match segments {
        ["api", ..] => true,
        // Behind the built-in groups are custom ones, and nobody who knows them in part.
        ["apis", group, ..] => {
            let built_in = Catalog::builtin().group(group).filter(|_| !group.is_empty());
            built_in.and(api.shown.served.group(group)).is_some()
        }
        ["version", _, ..] => true,
        _ => false,
    };
    if is_known {
        status_response(&Status::unknown_resource())
    } else {
        serve::http::page_not_found()
    }
}
