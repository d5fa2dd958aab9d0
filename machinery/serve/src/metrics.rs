//! The numbers of `/metrics`, under the names that the reference gives them. It counts requests; what other parts count they
//! register here.

mod labels;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http_body::Body as _;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Body, Request, Response};
use crate::request_info::RequestInfo;
use labels::{Coded, Kind, Labels};

/// Bounds of request durations, in seconds.
const SECONDS: [f64; 23] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];
/// Bounds of answer sizes, in bytes.
const BYTES: [f64; 7] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// Whether a resource is served. Labels must not grow with what clients make up.
pub type IsServed = Box<dyn Fn(&RequestInfo) -> bool + Send + Sync>;

/// All numbers of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Mutex<Registry>,
    is_served: IsServed,
    requests: Family<Coded, Counter>,
    seconds: Histograms,
    bytes: Histograms,
    in_flight: Family<Kind, Gauge>,
    long_running: Family<Labels, Gauge>,
}

impl Metrics {
    /// Counts nothing yet.
    pub fn new(is_served: IsServed) -> Self {
        let mut registry = Registry::default();
        let requests = Family::<Coded, Counter>::default();
        let seconds: Histograms = Family::new_with_constructor(|| Histogram::new(SECONDS));
        let bytes: Histograms = Family::new_with_constructor(|| Histogram::new(BYTES));
        let in_flight = Family::<Kind, Gauge>::default();
        let long_running = Family::<Labels, Gauge>::default();
        registry.register(
            "apiserver_request",
            "Requests by verb, resource and code",
            requests.clone(),
        );
        registry.register(
            "apiserver_request_duration_seconds",
            "Time to answer a request",
            seconds.clone(),
        );
        registry.register("apiserver_response_sizes", "Bytes of answers", bytes.clone());
        registry.register(
            "apiserver_current_inflight_requests",
            "Requests under way",
            in_flight.clone(),
        );
        registry.register(
            "apiserver_longrunning_requests",
            "Watches and connections",
            long_running.clone(),
        );
        let registry = Mutex::new(registry);
        Self {
            shared: Arc::new(Shared {
                registry,
                is_served,
                requests,
                seconds,
                bytes,
                in_flight,
                long_running,
            }),
        }
    }

    /// Adds the numbers of another part.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self
            .shared
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner));
    }

    /// The answer to a scrape, in the OpenMetrics text format.
    pub fn answer(&self) -> Response {
        let mut text = String::new();
        let registry = self
            .shared
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        let mut response = http::Response::new(Body::full(text));
        let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(media));
        response
    }

    fn labels(&self, request: &Request) -> (Labels, bool) {
        match RequestInfo::of(request) {
            Ok(info) if info.is_resource && !(self.shared.is_served)(&info) => {
                (Labels::unknown(&info), false)
            }
            Ok(info) => (Labels::new(&info), info.is_long_running()),
            Err(_) => (Labels::default(), false),
        }
    }

    fn finished(&self, labels: Labels, response: &Response, begun: Instant) {
        let code = response.status().as_u16();
        if let Some(bytes) = response.body().size_hint().exact() {
            self.shared.bytes.get_or_create(&labels).observe(bytes as f64);
        }
        self.shared
            .seconds
            .get_or_create(&labels)
            .observe(begun.elapsed().as_secs_f64());
        self.shared.requests.get_or_create(&Coded { labels, code }).inc();
    }
}

/// Counts the requests that pass.
impl Filter for Metrics {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let begun = Instant::now();
        let (labels, is_long_running) = self.labels(&request);
        let gauge = match is_long_running {
            true => self.shared.long_running.get_or_create(&labels).clone(),
            false => self
                .shared
                .in_flight
                .get_or_create(&Kind::of(request.method()))
                .clone(),
        };
        let under_way = UnderWay::new(gauge);
        Box::pin(async move {
            let response = next.run(request).await;
            self.finished(labels, &response, begun);
            match is_long_running {
                true => response.map(|body| body.holding(under_way)),
                false => response,
            }
        })
    }
}

/// One request in a gauge; leaves it when dropped.
struct UnderWay(Gauge);

impl UnderWay {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{read_body, text_response};

    async fn scrape(metrics: &Metrics) -> String {
        let body = read_body(metrics.answer().into_body(), 1_000_000)
            .await
            .expect("a bounded text");
        String::from_utf8_lossy(&body).into_owned()
    }

    #[tokio::test]
    async fn requests_are_counted_under_the_names_of_the_reference() {
        let metrics = Metrics::new(Box::new(|info| info.resource == "pods"));
        let handler = handler_fn(|_| async { text_response(http::StatusCode::OK, "1234") });
        let chain = Chain::new(vec![Box::new(metrics.clone())], handler).into_handler();
        for uri in [
            "/api/v1/namespaces/a/pods",
            "/api/v1/namespaces/a/made-up",
            "/api/v1/namespaces/a/pods?watch=1",
        ] {
            let request = http::Request::builder()
                .uri(uri)
                .body(Body::empty())
                .expect("a request");
            answer(chain.clone(), request).await;
        }
        let text = scrape(&metrics).await;
        assert!(
            text.contains(
                "apiserver_request_total{verb=\"LIST\",group=\"\",version=\"v1\",resource=\"pods\""
            )
        );
        assert!(text.contains("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0"));
        assert!(text.contains("apiserver_response_sizes_sum"));
        assert!(text.contains("apiserver_request_duration_seconds_bucket"));
        assert!(text.contains("apiserver_longrunning_requests{verb=\"WATCH\""));
        assert!(!text.contains("made-up"));
    }
}
