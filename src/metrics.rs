//! What is counted in a process: its requests, with labels for resources that exist, and what is switched on. Requests for whatever a
//! client makes up share one set of labels, so that nobody can make the number of sets grow.

mod answered;
mod deprecated;
mod features;

use kinds::{Catalog, Resource};
use render::Discovery;
use serve::metrics::Metrics;
use serve::request_info::RequestInfo;

pub use answered::Answered;
pub use deprecated::Deprecated;
use features::Features;

/// The numbers of a tier that knows what is served, custom resources among it.
pub fn of_tier(discovery: &Discovery) -> Metrics {
    let known = discovery.clone();
    let metrics = Metrics::new(Box::new(move |info| {
        let found = known.resource(&info.group, &info.version, &info.resource);
        found.is_some_and(|resource| has_subresource(&resource, info))
    }));
    let features = Features::new(discovery.runtime.gates.clone());
    metrics.register(|registry| registry.register_collector(Box::new(features)));
    metrics
}

/// The numbers of a router, which knows of custom resources what was answered behind it.
pub fn of_router(answered: &Answered) -> Metrics {
    let answered = answered.clone();
    Metrics::new(Box::new(move |info| is_built_in(info) || answered.has(info)))
}

fn is_built_in(info: &RequestInfo) -> bool {
    let found = Catalog::builtin().resource(&info.group, &info.version, &info.resource);
    found.is_some_and(|resource| has_subresource(resource, info))
}

fn has_subresource(resource: &Resource, info: &RequestInfo) -> bool {
    info.subresource.is_empty() || resource.subresource(&info.subresource).is_some()
}

#[cfg(test)]
fn info(path: &str) -> RequestInfo {
    RequestInfo::new(&http::Method::GET, path, "").expect("a path of the API")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_is_not_built_in() {
        for path in ["/api/v1/pods", "/api/v1/namespaces/a/pods/b/status"] {
            assert!(is_built_in(&info(path)), "{path}");
        }
        for path in [
            "/api/v1/made-up",
            "/api/v2/pods",
            "/api/v1/namespaces/a/pods/b/made-up",
        ] {
            assert!(!is_built_in(&info(path)), "{path}");
        }
    }
}
