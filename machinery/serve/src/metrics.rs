//! The numbers of `/metrics`, under the names that the reference gives them. It counts requests; what other parts count they
//! register here.

mod labels;
mod process;
mod requests;
mod text;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Body, Request, Response};
use crate::request_info::RequestInfo;
use labels::Labels;
use requests::{Requests, UnderWay};

pub(crate) use process::HANDSHAKE_ERRORS;

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
    requests: Requests,
}

/// In an answer's extensions: the server gave up the request to protect itself.
#[derive(Clone, Copy, Debug)]
struct Terminated;

/// Says of an answer that the server gave up the request to protect itself: it was too slow, too many were under way, it panicked.
pub(crate) fn terminated(mut response: Response) -> Response {
    response.extensions_mut().insert(Terminated);
    response
}

impl Metrics {
    /// Counts nothing yet.
    pub fn new(is_served: IsServed) -> Self {
        let mut registry = Registry::default();
        let requests = Requests::default();
        requests.register(&mut registry);
        registry.register_collector(Box::new(process::Process));
        Self {
            shared: Arc::new(Shared {
                registry: Mutex::new(registry),
                is_served,
                requests,
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

    /// The answer to a scrape, in the Prometheus text format.
    pub fn answer(&self) -> Response {
        let mut text = String::new();
        let registry = self
            .shared
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        let mut response = http::Response::new(Body::full(text::of_open_metrics(&text)));
        let media = http::HeaderValue::from_static(text::MEDIA);
        response.headers_mut().insert(http::header::CONTENT_TYPE, media);
        response
    }

    fn labels(&self, request: &Request) -> (Labels, bool) {
        match RequestInfo::of(request) {
            Ok(info) if info.is_resource && !(self.shared.is_served)(&info) => {
                (Labels::unknown(&info, request), false)
            }
            Ok(info) => (Labels::new(&info, request), info.is_long_running()),
            Err(_) => (Labels::default(), false),
        }
    }
}

/// Counts the requests that pass.
impl Filter for Metrics {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let begun = Instant::now();
        let requests = &self.shared.requests;
        let (labels, is_long_running) = self.labels(&request);
        let dry_run = labels::dry_run(&request);
        let under_way = match is_long_running {
            true => UnderWay::long(requests, &labels, begun),
            false => UnderWay::short(requests, request.method()),
        };
        let answering = next.run(request);
        Box::pin(async move {
            let pending = requests.pending(labels);
            let response = answering.await;
            let labels = pending.done();
            let is_terminated = response.extensions().get::<Terminated>().is_some();
            requests.answered(&labels, dry_run, &response, is_terminated);
            match is_long_running {
                true => response.map(|body| body.holding(under_way)),
                false => {
                    requests.took(labels, dry_run, begun.elapsed());
                    response
                }
            }
        })
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
    async fn a_client_that_goes_before_its_answer_is_counted() {
        let metrics = Metrics::new(Box::new(|_| true));
        let forever = handler_fn(|_| std::future::pending());
        let chain = Chain::new(vec![Box::new(metrics.clone())], forever).into_handler();
        let request = http::Request::builder().uri("/api/v1/pods/x").body(Body::empty());
        let asked = answer(chain, request.expect("a request"));
        assert!(
            tokio::time::timeout(std::time::Duration::from_millis(1), asked)
                .await
                .is_err()
        );
        let text = scrape(&metrics).await;
        assert!(
            text.contains("apiserver_request_aborts_total{verb=\"GET\","),
            "{text}"
        );
        assert!(text.contains("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0"));
    }

    #[tokio::test]
    async fn requests_are_counted_under_the_names_of_the_reference() {
        let metrics = Metrics::new(Box::new(|info| info.resource == "pods"));
        let handler = handler_fn(|request: Request| async move {
            let answer = text_response(http::StatusCode::OK, "1234");
            match *request.method() == http::Method::DELETE {
                true => terminated(answer),
                false => answer,
            }
        });
        let chain = Chain::new(vec![Box::new(metrics.clone())], handler).into_handler();
        for (method, uri) in [
            ("GET", "/api/v1/namespaces/a/pods"),
            ("GET", "/api/v1/namespaces/a/made-up"),
            ("GET", "/api/v1/namespaces/a/pods?watch=1"),
            ("GET", "/api/v1/pods?watch=1&sendInitialEvents=true"),
            ("PATCH", "/api/v1/namespaces/a/pods/b?dryRun=All"),
            ("DELETE", "/api/v1/namespaces/a/pods/b"),
        ] {
            let request = http::Request::builder()
                .method(method)
                .uri(uri)
                .header("content-type", "application/apply-patch+yaml")
                .body(Body::empty())
                .expect("a request");
            answer(chain.clone(), request).await;
        }
        let text = scrape(&metrics).await;
        for line in [
            "apiserver_request_total{verb=\"LIST\",group=\"\",version=\"v1\",resource=\"pods\",subresource=\"\",scope=\"namespace\",component=\"apiserver\",dry_run=\"\",code=\"200\"} 1",
            "apiserver_request_total{verb=\"APPLY\",group=\"\",version=\"v1\",resource=\"pods\",subresource=\"\",scope=\"resource\",component=\"apiserver\",dry_run=\"All\",code=\"200\"} 1",
            "apiserver_request_sli_duration_seconds_bucket{le=\"1\",verb=\"LIST\",",
            "apiserver_request_duration_seconds_bucket{le=\"0.005\",verb=\"APPLY\",",
            "apiserver_request_terminations_total{verb=\"DELETE\",group=\"\",version=\"v1\",resource=\"pods\",subresource=\"\",scope=\"resource\",component=\"apiserver\",code=\"200\"} 1",
            "apiserver_longrunning_requests{verb=\"WATCHLIST\",",
            "process_open_fds ",
            "kubernetes_build_info{",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(text.contains("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0"));
        assert!(text.contains("apiserver_response_sizes_sum"));
        assert!(text.contains("apiserver_request_duration_seconds_bucket"));
        assert!(text.contains("apiserver_longrunning_requests{verb=\"WATCH\""));
        assert!(!text.contains("made-up"));
    }
}
