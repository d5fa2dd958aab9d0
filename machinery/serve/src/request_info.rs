//! What a request is about, read from method, path and query alone, by the rules of the Kubernetes API.
//! It does not know what is served.

use schema::SmolStr;

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

impl RequestInfo {
    /// Of a request. A list of one name by field selector has that name, as a watch of it has.
    pub fn new(method: &http::Method, path: &str, query: &str) -> Self {
        let mut info = Self { path: path.into(), verb: method_verb(method), ..Self::default() };
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let rest = match segments.as_slice() {
            ["api", version, rest @ ..] => {
                info.version = (*version).into();
                rest
            }
            ["apis", group, version, rest @ ..] => {
                info.group = (*group).into();
                info.version = (*version).into();
                rest
            }
            _ => return info,
        };
        if rest.is_empty() || rest.iter().all(|segment| segment.is_empty()) {
            return Self { path: info.path, verb: info.verb, ..Self::default() };
        }
        info.prefix = segments[0].into();
        info.read_resource(method, rest, query);
        info
    }

    fn read_resource(&mut self, method: &http::Method, segments: &[&str], query: &str) {
        self.is_resource = true;
        self.verb = resource_verb(method);
        let mut rest = segments;
        if let ["watch", below @ ..] = rest {
            (self.verb, self.watch_path) = ("watch", true);
            rest = below;
        } else if let ["proxy", below @ ..] = rest {
            self.verb = "proxy";
            rest = below;
        }
        if let ["namespaces", namespace, below @ ..] = rest {
            self.namespace = (*namespace).into();
            if below.first().is_some_and(|next| !NAMESPACE_SUBRESOURCES.contains(next)) {
                rest = below;
            }
        }
        self.parts = rest.iter().map(|segment| SmolStr::new(segment)).collect();
        let mut parts = self.parts.iter().cloned();
        self.resource = parts.next().unwrap_or_default();
        self.name = parts.next().unwrap_or_default();
        self.subresource = parts.next().unwrap_or_default();
        if self.name.is_empty() {
            self.read_collection_verb(query);
        }
    }

    /// Without a name GET is a list or a watch, DELETE a deletion of all.
    fn read_collection_verb(&mut self, query: &str) {
        match self.verb {
            "get" => {
                let watch = crate::query::Query::parse(query).first("watch").map(is_true).unwrap_or(false);
                self.verb = if watch { "watch" } else { "list" };
            }
            "delete" => self.verb = "deletecollection",
            _ => {}
        }
        if matches!(self.verb, "list" | "watch" | "deletecollection") {
            if let Some(name) = crate::query::Query::parse(query).first("fieldSelector").and_then(selected_name) {
                self.name = name.into();
            }
        }
    }
}

/// As Go's API machinery reads a truth value in a query: everything but these is true.
pub fn is_true(text: &str) -> bool {
    !matches!(text, "" | "0" | "false" | "False" | "FALSE" | "f" | "F")
}

/// The name that a field selector pins down.
fn selected_name(selector: &str) -> Option<String> {
    let mut names = selector.split(',').filter_map(|term| {
        let value = term.strip_prefix("metadata.name=")?;
        Some(value.strip_prefix('=').unwrap_or(value).to_owned())
    });
    names.next().filter(|name| !name.is_empty())
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
        RequestInfo::new(&method.parse().expect("a method"), path, query)
    }

    #[test]
    fn resources_in_and_out_of_namespaces() {
        let pod = info("GET", "/api/v1/namespaces/a/pods/b/log", "");
        assert_eq!(
            (pod.verb, &*pod.namespace, &*pod.resource, &*pod.name, &*pod.subresource),
            ("get", "a", "pods", "b", "log")
        );
        let list = info("GET", "/apis/apps/v1/deployments", "watch=1");
        assert_eq!((list.verb, &*list.group, &*list.resource), ("watch", "apps", "deployments"));
        let all = info("DELETE", "/api/v1/namespaces/a/pods", "");
        assert_eq!(all.verb, "deletecollection");
    }

    #[test]
    fn a_namespace_is_in_itself() {
        let one = info("PUT", "/api/v1/namespaces/a/finalize", "");
        assert_eq!((&*one.resource, &*one.name, &*one.subresource, &*one.namespace), ("namespaces", "a", "finalize", "a"));
        let plain = info("GET", "/api/v1/namespaces/a", "");
        assert_eq!((&*plain.resource, &*plain.name, &*plain.namespace), ("namespaces", "a", "a"));
    }

    #[test]
    fn a_selected_name_counts_as_name() {
        let list = info("GET", "/api/v1/pods", "fieldSelector=metadata.name%3Dx");
        assert_eq!((list.verb, &*list.name), ("list", "x"));
    }

    #[test]
    fn discovery_and_health_are_paths() {
        for path in ["/healthz", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/", "/openapi/v3/apis/apps/v1"] {
            assert!(!info("GET", path, "").is_resource, "{path}");
        }
    }
}
