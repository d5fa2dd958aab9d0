//! Which deprecated APIs are asked for, under the reference's name. Who upgrades reads there what will be missing.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use render::Discovery;
use serve::filter::{Answer, Filter, Next};
use serve::http::Request;
use serve::metrics::Metrics;
use serve::request_info::RequestInfo;

use super::has_subresource;

/// Notes requests for deprecated versions of resources, built-in and custom. It stands behind authorization: what nobody may ask
/// is not missed.
pub struct Deprecated {
    discovery: Discovery,
    requested: Family<Requested, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requested {
    group: String,
    version: String,
    resource: String,
    subresource: String,
    /// Empty where none is known.
    removed_release: String,
}

impl Deprecated {
    /// Of what is served, told in these numbers.
    pub fn new(discovery: Discovery, metrics: &Metrics) -> Self {
        let requested = Family::<Requested, Gauge>::default();
        metrics.register(|registry| {
            registry.register(
                "apiserver_requested_deprecated_apis",
                "Deprecated APIs that were requested",
                requested.clone(),
            );
        });
        Self { discovery, requested }
    }

    fn of(&self, info: &RequestInfo) -> Option<Requested> {
        let found = self
            .discovery
            .resource(&info.group, &info.version, &info.resource)?;
        let is_told = found.deprecation.is_some() && has_subresource(&found, info);
        is_told.then(|| Requested {
            group: info.group.to_string(),
            version: info.version.to_string(),
            resource: info.resource.to_string(),
            subresource: info.subresource.to_string(),
            removed_release: found.removed.as_deref().unwrap_or_default().to_owned(),
        })
    }
}

impl Filter for Deprecated {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let info = RequestInfo::of(&request).ok();
        if let Some(requested) = info
            .filter(|info| info.is_resource)
            .and_then(|info| self.of(&info))
        {
            self.requested.get_or_create(&requested).set(1);
        }
        next.run(request)
    }
}

#[cfg(test)]
mod tests {
    use serve::filter::{Chain, answer, handler_fn};
    use serve::http::{Body, read_body, text_response};

    use super::*;
    use crate::metrics;

    #[tokio::test]
    async fn deprecated_apis_are_told_and_others_are_not() {
        let discovery = Discovery::new(kinds::RuntimeConfig::default(), String::new());
        let numbers = metrics::of_tier(&discovery);
        let filter = Deprecated::new(discovery, &numbers);
        let handler = handler_fn(|_| async { text_response(http::StatusCode::OK, "") });
        let chain = Chain::new(vec![Box::new(filter)], handler).into_handler();
        for path in [
            "/api/v1/endpoints",
            "/api/v1/endpoints/a/made-up",
            "/api/v1/pods",
            "/version",
        ] {
            let request = http::Request::get(path).body(Body::empty()).expect("a request");
            answer(chain.clone(), request).await;
        }
        let text = read_body(numbers.answer().into_body(), 1_000_000).await;
        let text = String::from_utf8_lossy(&text.expect("a bounded text")).into_owned();
        let told: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("apiserver_requested_deprecated_apis"))
            .collect();
        assert_eq!(
            told,
            [
                "apiserver_requested_deprecated_apis{group=\"\",version=\"v1\",resource=\"endpoints\",subresource=\"\",removed_release=\"\"} 1"
            ]
        );
        assert!(text.contains("kubernetes_feature_enabled{name=\"APIServerTracing\",stage=\"\"} 1"));
        assert!(text.contains("kubernetes_feature_enabled{name=\"GenericWorkload\",stage=\"ALPHA\"} 0"));
    }
}
