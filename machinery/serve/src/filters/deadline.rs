//! How long a request may take: the server's `--request-timeout`, or less if the client says so (`?timeout=`).
//! Watches and other long-running requests are free of it.

use std::time::Duration;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, status_response};
use crate::metrics::terminated;
use crate::query::Query;
use crate::request_info::RequestInfo;
use crate::status::Status;

/// Ends requests that take too long.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    limit: Duration,
}

impl Deadline {
    /// With the server's limit.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }

    /// The time for one request; `None` is without end.
    fn of(&self, request: &Request) -> Result<Option<Duration>, Status> {
        if RequestInfo::of(request).is_ok_and(|info| info.is_long_running()) {
            return Ok(None);
        }
        let query = request
            .uri()
            .query()
            .filter(|query| query.contains("timeout="))
            .map(Query::parse);
        let wanted = query
            .as_ref()
            .and_then(|query| query.first("timeout"))
            .unwrap_or_default();
        if wanted.is_empty() {
            return Ok(Some(self.limit));
        }
        let invalid = || Status::bad_request("invalid timeout specified in the request URL");
        let wanted = schema::time::duration::parse(wanted).map_err(|_| invalid())?;
        match u64::try_from(wanted) {
            Err(_) => Err(invalid()),
            Ok(0) => Ok(Some(self.limit)),
            Ok(nanos) => Ok(Some(self.limit.min(Duration::from_nanos(nanos)))),
        }
    }
}

impl Filter for Deadline {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let limit = match self.of(&request) {
            Ok(Some(limit)) => limit,
            Ok(None) => return next.run(request),
            Err(status) => return Box::pin(async move { status_response(&status) }),
        };
        Box::pin(async move {
            let answer = tokio::time::timeout(limit, next.run(request)).await;
            answer.unwrap_or_else(|_| {
                terminated(status_response(&Status::timeout(
                    "request did not complete within the allotted timeout",
                )))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, read_body};

    async fn code_and_text(uri: &str) -> (u16, String) {
        let forever = handler_fn(|_| std::future::pending());
        let chain = Chain::new(vec![Box::new(Deadline::new(Duration::from_millis(5)))], forever);
        let request = http::Request::builder()
            .uri(uri)
            .body(Body::empty())
            .expect("a request");
        let response = answer(chain.into_handler(), request).await;
        let code = response.status().as_u16();
        let body = read_body(response.into_body(), 1_000)
            .await
            .expect("a short body");
        (code, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn slow_requests_end() {
        let (code, text) = code_and_text("/api/v1/pods").await;
        assert_eq!(code, 504);
        assert!(text.contains("Timeout: request did not complete within the allotted timeout"));
        assert_eq!(code_and_text("/api/v1/pods?timeout=1ms").await.0, 504);
        assert_eq!(code_and_text("/api/v1/pods?timeout=soon").await.0, 400);
        assert_eq!(code_and_text("/api/v1/pods?timeout=-1s").await.0, 400);
    }

    #[test]
    fn watches_have_no_deadline() {
        let request = http::Request::builder()
            .uri("/api/v1/pods?watch=1&timeout=1ms")
            .body(Body::empty());
        let limit = Deadline::new(Duration::from_secs(1)).of(&request.expect("a request"));
        assert_eq!(limit, Ok(None));
    }
}
