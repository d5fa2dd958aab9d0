//! The labels of request metrics.

use prometheus_client::encoding::EncodeLabelSet;

use crate::request_info::RequestInfo;

/// What a request was about. Names and namespaces are left out: there are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Labels {
    verb: &'static str,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: &'static str,
    component: &'static str,
}

/// The same with the answer's code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Coded {
    #[prometheus(flatten)]
    pub(super) labels: Labels,
    pub(super) code: u16,
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
    pub(super) fn new(info: &RequestInfo) -> Self {
        let mut labels = Self::unknown(info);
        if info.is_resource {
            labels.group = info.group.to_string();
            labels.version = info.version.to_string();
            labels.resource = info.resource.to_string();
            labels.subresource = info.subresource.to_string();
            labels.scope = scope(info);
        }
        labels
    }

    /// Of a request for whatever it is.
    pub(super) fn unknown(info: &RequestInfo) -> Self {
        Self {
            verb: verb(info.verb),
            component: "apiserver",
            ..Self::default()
        }
    }
}

fn scope(info: &RequestInfo) -> &'static str {
    match (info.name.is_empty(), info.namespace.is_empty()) {
        (false, _) => "resource",
        (true, false) => "namespace",
        (true, true) => "cluster",
    }
}

/// The method's name where there is one for the verb.
fn verb(verb: &str) -> &'static str {
    match verb {
        "get" | "head" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" | "post" => "POST",
        "update" | "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        "proxy" => "CONNECT",
        _ => "other",
    }
}
