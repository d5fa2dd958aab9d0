//! Where a request goes: a pure function of its head and of who the members are.

use std::sync::Arc;

use http::Method;
use serve::query::Query;
use serve::request_info::RequestInfo;

use crate::members::{Member, Members, Tier};
use crate::unit::Unit;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which tier answers.
    pub tier: Tier,
    /// Of which unit, if it is one that the watch tier may have.
    pub unit: Option<Unit>,
    /// The members that may be asked, each as good as the other; none if there is nobody.
    pub members: Vec<Arc<Member>>,
}

/// Decides about a request.
///
/// Lists, watches and gets that name a revision go to the watch tier, if a member is ready for them. Everything else, and what no
/// member is ready for, goes to a frontend: it knows whether there is such a thing, and what to say when the watch tier is away.
pub fn decide(method: &Method, info: &RequestInfo, query: &str, members: &Members) -> Decision {
    let unit = is_for_watch_tier(method, info, query).then(|| Unit::of(info));
    let ready = unit.as_ref().map_or(&[][..], |unit| members.ready_for(unit));
    if !ready.is_empty() {
        return Decision {
            tier: Tier::WatchCache,
            members: ready.to_vec(),
            unit,
        };
    }
    Decision {
        tier: Tier::Frontend,
        members: members.frontends().cloned().collect(),
        unit,
    }
}

fn is_for_watch_tier(method: &Method, info: &RequestInfo, query: &str) -> bool {
    if *method != Method::GET || !info.is_resource || !info.subresource.is_empty() {
        return false;
    }
    match info.verb {
        "list" | "watch" => true,
        "get" => names_a_revision(query),
        _ => false,
    }
}

/// Whether a get may be answered from a state that is not the store's present one.
fn names_a_revision(query: &str) -> bool {
    query.contains("resourceVersion=")
        && Query::parse(query)
            .first("resourceVersion")
            .is_some_and(|revision| !revision.is_empty())
}

/// Whether asking somebody else is safe when it is not known what became of it: it changes nothing and has no content.
pub fn is_repeatable(method: &Method, info: &RequestInfo) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && !matches!(info.verb, "proxy") && !connects(info)
}

/// Whether a request opens a connection to a container or a service: what it does is not known.
fn connects(info: &RequestInfo) -> bool {
    matches!(
        info.subresource.as_str(),
        "exec" | "attach" | "portforward" | "proxy"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::tests::{cache, frontend, members};

    fn view() -> Members {
        members(vec![
            frontend("f"),
            cache("a", &["pods"]),
            cache("b", &["pods", "nodes"]),
        ])
    }

    fn decided(method: &str, uri: &str) -> (Tier, Vec<String>) {
        let uri: http::Uri = uri.parse().expect("a path");
        let method: Method = method.parse().expect("a method");
        let query = uri.query().unwrap_or_default();
        let info = RequestInfo::new(&method, uri.path(), query).expect("a readable path");
        let decision = decide(&method, &info, query, &view());
        let names = decision.members.iter().map(|member| member.name.to_string());
        (decision.tier, names.collect())
    }

    #[test]
    fn reads_of_many_go_to_members_that_are_ready() {
        for uri in [
            "/api/v1/pods",
            "/api/v1/namespaces/a/pods?limit=500",
            "/api/v1/pods?watch=1",
            "/api/v1/watch/namespaces/a/pods/b",
            "/api/v1/namespaces/a/pods/b?resourceVersion=0",
            "/api/v1/namespaces/a/pods/b?resourceVersion=77",
        ] {
            let (tier, names) = decided("GET", uri);
            assert_eq!(tier, Tier::WatchCache, "{uri}");
            assert_eq!(names.len(), 2, "{uri}");
        }
        assert_eq!(
            decided("GET", "/api/v1/nodes"),
            (Tier::WatchCache, vec!["b".to_owned()])
        );
    }

    #[test]
    fn everything_else_goes_to_frontends() {
        for (method, uri) in [
            ("GET", "/api/v1/namespaces/a/pods/b"),
            ("GET", "/api/v1/namespaces/a/pods/b?resourceVersion="),
            ("GET", "/api/v1/namespaces/a/pods/b/status?resourceVersion=1"),
            ("GET", "/api/v1/namespaces/a/pods/b/log?follow=true"),
            ("HEAD", "/api/v1/pods"),
            ("POST", "/api/v1/namespaces/a/pods"),
            ("POST", "/api/v1/namespaces/a/pods?resourceVersion=1"),
            ("PUT", "/api/v1/namespaces/a/pods/b"),
            ("PATCH", "/api/v1/namespaces/a/pods/b"),
            ("DELETE", "/api/v1/namespaces/a/pods"),
            ("GET", "/api/v1/namespaces/a/pods/b/exec?command=sh"),
            ("GET", "/api/v1/namespaces/a/services/b/proxy/watch?watch=1"),
            ("GET", "/apis"),
            ("GET", "/version"),
            ("GET", "/openapi/v3"),
            ("GET", "/apis/example.com/v1/widgets?watch=1"),
            ("GET", "/api/v1/secrets?watch=1"),
        ] {
            let (tier, names) = decided(method, uri);
            assert_eq!(
                (tier, names),
                (Tier::Frontend, vec!["f".to_owned()]),
                "{method} {uri}"
            );
        }
    }

    #[test]
    fn a_custom_resource_goes_to_whoever_is_ready_for_it() {
        let view = members(vec![frontend("f"), cache("a", &["widgets.example.com"])]);
        let info = RequestInfo::new(&Method::GET, "/apis/example.com/v1/widgets", "").expect("readable");
        assert_eq!(decide(&Method::GET, &info, "", &view).tier, Tier::WatchCache);
    }

    #[test]
    fn only_what_changes_nothing_is_repeated() {
        let repeatable = |method: &str, path: &str| {
            let method: Method = method.parse().expect("a method");
            let info = RequestInfo::new(&method, path, "").expect("readable");
            is_repeatable(&method, &info)
        };
        assert!(repeatable("GET", "/api/v1/pods"));
        assert!(repeatable("HEAD", "/api"));
        for (method, path) in [
            ("POST", "/api/v1/namespaces/a/pods"),
            ("PUT", "/api/v1/namespaces/a/pods/b"),
            ("DELETE", "/api/v1/namespaces/a/pods/b"),
            ("PATCH", "/api/v1/namespaces/a/pods/b"),
            ("GET", "/api/v1/namespaces/a/pods/b/exec"),
            ("GET", "/api/v1/namespaces/a/services/b/proxy/x"),
        ] {
            assert!(!repeatable(method, path), "{method} {path}");
        }
    }
}
