//! What a request is about, read from method, path and query alone, by the rules of the Kubernetes API.
//! It does not know what is served.

use object::selector::field::Selector;
use schema::SmolStr;
use std::sync::Arc;

use crate::query::Query;

/// What a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// Whether it is for a resource, and not for a path such as `/healthz`.
    pub is_resource: bool,
    /// The path as it came, without the query.
    pub path: SmolStr,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for paths the method.
    pub verb: &'static str,
    /// `api` or `apis`.
    pub prefix: SmolStr,
    /// API group, empty for the core group.
    pub group: SmolStr,
    /// API version.
    pub version: SmolStr,
    /// Namespace; for the resource `namespaces` the object's own name.
    pub namespace: SmolStr,
    /// Plural name of the resource.
    pub resource: SmolStr,
    /// The part of the object, e.g. `status`.
    pub subresource: SmolStr,
    /// Name of the object.
    pub name: SmolStr,
    /// All segments from the resource on.
    pub parts: Vec<SmolStr>,
    /// Whether the deprecated `/watch/` path was used.
    pub watch_path: bool,
}

/// Below a namespace's own path these are subresources of the namespace and not resources in it.
const NAMESPACE_SUBRESOURCES: [&str; 2] = ["status", "finalize"];
/// Connections to containers, and their output.
const LONG_RUNNING_SUBRESOURCES: [&str; 5] = ["attach", "exec", "proxy", "log", "portforward"];

/// Why a request's path means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `/api/v1/watch` without a resource behind it.
    #[error("unable to determine kind and namespace from url, {0}")]
    NoResource(String),
    /// A `%` that does not begin an escape.
    #[error("invalid URL escape in {0:?}")]
    Escape(String),
}

impl RequestInfo {
    /// Of a request; path and query as they stand in the request line, still escaped.
    /// A list or watch of one name by field selector has that name.
    pub fn new(method: &http::Method, path: &str, query: &str) -> Result<Self, Error> {
        let path = crate::query::unescape(path, false).ok_or_else(|| Error::Escape(path.to_owned()))?;
        let mut info = Self {
            path: SmolStr::new(&path),
            verb: method_verb(method),
            ..Self::default()
        };
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let rest = match segments.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => {
                info.version = (*version).into();
                rest
            }
            ["apis", group, version, rest @ ..] if !rest.is_empty() => {
                info.group = (*group).into();
                info.version = (*version).into();
                rest
            }
            _ => return Ok(info),
        };
        info.prefix = segments[0].into();
        info.read_resource(method, rest, query)?;
        Ok(info)
    }

    /// Of a request on its way: what a filter has read already, or read now.
    pub fn of<B>(request: &http::Request<B>) -> Result<Arc<Self>, Error> {
        if let Some(info) = request.extensions().get::<Arc<Self>>() {
            return Ok(Arc::clone(info));
        }
        let uri = request.uri();
        Self::new(request.method(), uri.path(), uri.query().unwrap_or_default()).map(Arc::new)
    }

    /// Whether the answer may take as long as the client likes: watches, logs, connections to containers, profiles.
    pub fn is_long_running(&self) -> bool {
        if !self.is_resource {
            return self.path.ends_with(crate::profile::Kind::Cpu.path());
        }
        matches!(self.verb, "watch" | "proxy")
            || LONG_RUNNING_SUBRESOURCES.contains(&self.subresource.as_str())
    }

    fn read_resource(&mut self, method: &http::Method, segments: &[&str], query: &str) -> Result<(), Error> {
        self.is_resource = true;
        self.verb = resource_verb(method);
        let mut rest = segments;
        if let [special @ ("watch" | "proxy"), below @ ..] = rest {
            if below.is_empty() {
                return Err(Error::NoResource(self.path.to_string()));
            }
            self.watch_path = *special == "watch";
            self.verb = if self.watch_path { "watch" } else { "proxy" };
            rest = below;
        }
        if let ["namespaces", namespace, below @ ..] = rest {
            self.namespace = (*namespace).into();
            if below
                .first()
                .is_some_and(|next| !NAMESPACE_SUBRESOURCES.contains(next))
            {
                rest = below;
            }
        }
        self.read_parts(rest);
        if self.name.is_empty() {
            self.read_collection_verb(query);
        }
        Ok(())
    }

    fn read_parts(&mut self, segments: &[&str]) {
        self.parts = segments.iter().map(SmolStr::new).collect();
        let part = |at: usize| self.parts.get(at).cloned().unwrap_or_default();
        (self.resource, self.name) = (part(0), part(1));
        // What stands behind a proxied name is a path of somebody else.
        self.subresource = if self.verb == "proxy" {
            SmolStr::default()
        } else {
            part(2)
        };
    }

    /// Without a name GET is a list or a watch, DELETE a deletion of all.
    fn read_collection_verb(&mut self, query: &str) {
        match self.verb {
            "get" => {
                let query = Query::parse(query);
                self.verb = if query.first("watch").is_some_and(is_true) {
                    "watch"
                } else {
                    "list"
                };
                self.name = selected_name(&query).unwrap_or_default();
            }
            "delete" => self.verb = "deletecollection",
            _ => {}
        }
    }
}

/// As Go's API machinery reads a truth value in a query: everything but these is true, also the empty one.
pub fn is_true(text: &str) -> bool {
    text != "0" && !text.eq_ignore_ascii_case("false")
}

/// The name that a field selector pins down. List options that cannot be read have none.
fn selected_name(query: &Query) -> Option<SmolStr> {
    let readable = |key| {
        query
            .first(key)
            .is_none_or(|number: &str| number.is_empty() || number.parse::<i64>().is_ok())
    };
    if !readable("limit") || !readable("timeoutSeconds") {
        return None;
    }
    let selector = Selector::parse(query.first("fieldSelector")?).ok()?;
    let name = selector.exact("metadata.name")?;
    is_path_segment(name).then(|| name.into())
}

/// Whether a name may stand in a path.
fn is_path_segment(name: &str) -> bool {
    !name.is_empty() && !matches!(name, "." | "..") && !name.contains(['/', '%'])
}

fn method_verb(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "HEAD" => "head",
        "POST" => "post",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        "OPTIONS" => "options",
        _ => "",
    }
}

fn resource_verb(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(method: &str, path: &str, query: &str) -> RequestInfo {
        RequestInfo::new(&method.parse().expect("a method"), path, query).expect("a readable path")
    }

    #[test]
    fn resources_in_and_out_of_namespaces() {
        let pod = info("GET", "/api/v1/namespaces/a/pods/b/log", "");
        assert_eq!(
            (
                pod.verb,
                &*pod.namespace,
                &*pod.resource,
                &*pod.name,
                &*pod.subresource
            ),
            ("get", "a", "pods", "b", "log")
        );
        let list = info("GET", "/apis/apps/v1/deployments", "watch=1");
        assert_eq!(
            (list.verb, &*list.group, &*list.resource),
            ("watch", "apps", "deployments")
        );
        let all = info("DELETE", "/api/v1/namespaces/a/pods", "");
        assert_eq!(all.verb, "deletecollection");
    }

    #[test]
    fn a_namespace_is_in_itself() {
        let one = info("PUT", "/api/v1/namespaces/a/finalize", "");
        assert_eq!(
            (&*one.resource, &*one.name, &*one.subresource, &*one.namespace),
            ("namespaces", "a", "finalize", "a")
        );
        let plain = info("GET", "/api/v1/namespaces/a", "");
        assert_eq!(
            (&*plain.resource, &*plain.name, &*plain.namespace),
            ("namespaces", "a", "a")
        );
    }

    #[test]
    fn a_selected_name_counts_as_name() {
        let list = info("GET", "/api/v1/pods", "fieldSelector=metadata.name%3Dx");
        assert_eq!((list.verb, &*list.name), ("list", "x"));
    }

    #[test]
    fn discovery_and_health_are_paths() {
        for path in [
            "/healthz",
            "/api",
            "/api/v1",
            "/apis/apps",
            "/apis/apps/v1",
            "/",
            "/openapi/v3/apis/apps/v1",
            "",
        ] {
            assert!(!info("GET", path, "").is_resource, "{path}");
        }
        assert_eq!(info("GET", "/apis/apps/v1/", "").verb, "get");
    }

    #[test]
    fn verbs_follow_method_name_and_query() {
        let cases = [
            ("GET", "/api/v1/pods", "", "list", ""),
            ("HEAD", "/api/v1/pods", "", "list", ""),
            ("GET", "/api/v1/pods", "watch=true", "watch", ""),
            ("GET", "/api/v1/pods", "watch", "watch", ""),
            ("GET", "/api/v1/pods", "watch=False", "list", ""),
            ("GET", "/api/v1/pods", "watch=0", "list", ""),
            ("GET", "/api/v1/pods/a", "watch=true", "get", "a"),
            ("GET", "/api/v1/watch/pods", "", "watch", ""),
            ("GET", "/api/v1/watch/namespaces/a/pods/b", "", "watch", "b"),
            ("GET", "/api/v1/proxy/namespaces/a/pods/b/x/y", "", "proxy", "b"),
            ("POST", "/api/v1/namespaces/a/pods", "", "create", ""),
            ("PUT", "/api/v1/namespaces/a/pods/b", "", "update", "b"),
            ("PATCH", "/api/v1/namespaces/a/pods/b/status", "", "patch", "b"),
            ("DELETE", "/api/v1/namespaces/a/pods/b", "", "delete", "b"),
            (
                "DELETE",
                "/api/v1/namespaces/a/pods",
                "fieldSelector=metadata.name=b",
                "deletecollection",
                "",
            ),
            ("FOO", "/api/v1/namespaces/a/pods", "", "", ""),
        ];
        for (method, path, query, verb, name) in cases {
            let found = info(method, path, query);
            assert_eq!(
                (found.verb, found.name.as_str()),
                (verb, name),
                "{method} {path}?{query}"
            );
        }
    }

    #[test]
    fn escapes_are_undone_before_segments_are_cut() {
        let pod = info("GET", "/api/v1/namespaces/a/pods/b%3Ac+d", "");
        assert_eq!(pod.name, "b:c+d");
        let broken = RequestInfo::new(&http::Method::GET, "/api/v1/%zz", "");
        assert_eq!(broken, Err(Error::Escape("/api/v1/%zz".to_owned())));
    }

    #[test]
    fn a_watch_of_nothing_is_an_error() {
        assert!(RequestInfo::new(&http::Method::GET, "/api/v1/watch", "").is_err());
    }

    #[test]
    fn names_are_not_taken_from_what_cannot_be_read() {
        for query in [
            "fieldSelector=metadata.name%3Dx&limit=many",
            "fieldSelector=metadata.name%3Da%2Fb",
            "fieldSelector=metadata.name!%3Dx",
            "fieldSelector=metadata.name",
        ] {
            assert_eq!(info("GET", "/api/v1/pods", query).name, "", "{query}");
        }
    }

    #[test]
    fn watches_and_connections_run_long() {
        assert!(info("GET", "/api/v1/pods", "watch=1").is_long_running());
        assert!(info("GET", "/api/v1/namespaces/a/pods/b/log", "").is_long_running());
        assert!(!info("GET", "/api/v1/namespaces/a/pods/b", "").is_long_running());
    }
}
