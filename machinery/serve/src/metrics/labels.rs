//! The labels of request metrics: names and values as the reference has them.

use std::fmt::Error;

use http::header;
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};
use schema::SmolStr;

use crate::http::Request;
use crate::query::Query;
use crate::request_info::{RequestInfo, is_true};

/// What a request was about. Names and namespaces are left out: there are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Labels {
    pub(super) verb: &'static str,
    group: SmolStr,
    version: SmolStr,
    resource: SmolStr,
    subresource: SmolStr,
    scope: &'static str,
    component: &'static str,
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        for (name, value) in [
            ("verb", self.verb),
            ("group", &self.group),
            ("version", &self.version),
            ("resource", &self.resource),
            ("subresource", &self.subresource),
            ("scope", self.scope),
            ("component", self.component),
        ] {
            (name, value).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

/// Labels and one more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tried {
    pub(super) labels: Labels,
    pub(super) dry_run: &'static str,
}

impl EncodeLabelSet for Tried {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        self.labels.encode(encoder)?;
        ("dry_run", self.dry_run).encode(encoder.encode_label())
    }
}

/// Labels with the answer's code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Coded<L> {
    pub(super) labels: L,
    pub(super) code: u16,
}

impl<L: EncodeLabelSet> EncodeLabelSet for Coded<L> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        self.labels.encode(encoder)?;
        ("code", self.code).encode(encoder.encode_label())
    }
}

/// Whether a request may change something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Kind {
    request_kind: &'static str,
}

impl Kind {
    pub(super) fn of(method: &http::Method) -> Self {
        Self {
            request_kind: if method.is_safe() { "readOnly" } else { "mutating" },
        }
    }
}

impl Labels {
    /// Of a request for something that is served.
    pub(super) fn new(info: &RequestInfo, request: &Request) -> Self {
        let mut labels = Self::unknown(info, request);
        if info.is_resource {
            labels.group = info.group.clone();
            labels.version = info.version.clone();
            labels.resource = info.resource.clone();
            labels.subresource = info.subresource.clone();
            labels.scope = scope(info);
        }
        labels
    }

    /// Of a request for whatever it is.
    pub(super) fn unknown(info: &RequestInfo, request: &Request) -> Self {
        Self {
            verb: verb(info, request),
            component: "apiserver",
            ..Self::default()
        }
    }
}

/// Of the `dryRun` parameter: empty, `All`, or `invalid` for what nobody may ask.
pub(super) fn dry_run(request: &Request) -> &'static str {
    let query = request.uri().query().filter(|query| query.contains("dryRun="));
    let Some(query) = query.map(Query::parse) else {
        return "";
    };
    match query.all("dryRun").all(|value| value == "All") {
        true => "All",
        false => "invalid",
    }
}

fn scope(info: &RequestInfo) -> &'static str {
    match (info.name.is_empty(), info.namespace.is_empty()) {
        _ if info.verb == "create" => "resource",
        (false, _) => "resource",
        (true, false) => "namespace",
        (true, true) => "cluster",
    }
}

/// The method's name where there is one for the verb; connections, server-side applies and watches with initial events have names
/// of their own.
fn verb(info: &RequestInfo, request: &Request) -> &'static str {
    if info.is_resource && matches!(&*info.subresource, "exec" | "attach" | "portforward" | "proxy") {
        return "CONNECT";
    }
    match info.verb {
        "get" | "head" => "GET",
        "list" => "LIST",
        "watch" if sends_initial_events(request) => "WATCHLIST",
        "watch" => "WATCH",
        "create" | "post" => "POST",
        "update" | "put" => "PUT",
        "patch" if is_apply(request) => "APPLY",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        "proxy" => "CONNECT",
        _ => "other",
    }
}

fn sends_initial_events(request: &Request) -> bool {
    let query = request.uri().query();
    let query = query
        .filter(|query| query.contains("sendInitialEvents="))
        .map(Query::parse);
    query.is_some_and(|query| query.first("sendInitialEvents").is_some_and(is_true))
}

fn is_apply(request: &Request) -> bool {
    let media = request.headers().get(header::CONTENT_TYPE);
    media.is_some_and(|media| media.as_bytes().starts_with(b"application/apply-patch+"))
}
