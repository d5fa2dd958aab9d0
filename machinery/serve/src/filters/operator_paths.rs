//! The paths that are about the server and not about the cluster: health, metrics, version, status, flags, profiles.

use http::{Method, StatusCode, header};

use crate::filter::{Answer, Filter, Next};
use crate::health::Health;
use crate::http::{Request, Response, status_response};
use crate::metrics::Metrics;
use crate::pages::Pages;
use crate::profile::{Kind, Profiles};
use crate::status::Status;
use crate::version;

/// Answers these paths; passes on all others.
pub struct OperatorPaths {
    /// `/healthz`, `/livez`, `/readyz` and below.
    pub health: Health,
    /// `/metrics`.
    pub metrics: Metrics,
    /// `/statusz`, `/flagz`.
    pub pages: Pages,
    /// `/debug/pprof/profile` and `heap`, unless they are switched off.
    pub profiles: Option<Profiles>,
}

impl Filter for OperatorPaths {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let path = request.uri().path();
        if let Some(profiles) = &self.profiles
            && let Some(kind) = Kind::at(path)
        {
            let query = request.uri().query().unwrap_or_default().to_owned();
            return Box::pin(async move { profiles.answer(kind, &query).await });
        }
        match path {
            "/metrics" => Box::pin(async { self.metrics.answer() }),
            "/statusz" => Box::pin(async move { self.pages.statusz(&request.into_parts().0) }),
            "/flagz" => Box::pin(async move { self.pages.flagz(&request.into_parts().0) }),
            "/version" | "/version/" => Box::pin(async move { version_answer(request.method()) }),
            _ if path.starts_with("/version/") => {
                Box::pin(async { status_response(&Status::unknown_resource()) })
            }
            _ if is_health(path) => Box::pin(async move {
                let query = request.uri().query().unwrap_or_default();
                let answered = self.health.answer(request.uri().path(), query).await;
                answered.unwrap_or_else(crate::http::page_not_found)
            }),
            _ => next.run(request),
        }
    }
}

fn is_health(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "healthz" | "livez" | "readyz")
}

fn version_answer(method: &Method) -> Response {
    match *method {
        Method::GET => version::answer(),
        // Routes of the reference's API container know GET alone, also not HEAD.
        Method::HEAD => {
            let mut response = http::Response::new(crate::http::Body::empty());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let media = http::HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, media);
            response
        }
        _ => status_response(&Status::method_not_allowed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::health::Check;
    use crate::http::{Body, text_response};

    #[tokio::test]
    async fn own_paths_are_answered_and_others_passed_on() {
        let health = Health {
            livez: vec![Check::ping("ping")],
            ..Health::default()
        };
        let paths = OperatorPaths {
            health,
            metrics: Metrics::new(Box::new(|_| false)),
            pages: Pages::new("test", [].into(), &[], std::sync::Arc::new(Vec::new)),
            profiles: None,
        };
        let teapot = handler_fn(|_| async { text_response(StatusCode::IM_A_TEAPOT, "") });
        let chain = Chain::new(vec![Box::new(paths)], teapot).into_handler();
        let cases = [
            ("GET", "/livez", 200),
            ("GET", "/livez/ping", 200),
            ("GET", "/livez/nope", 404),
            ("GET", "/livezz", 418),
            ("GET", "/metrics", 200),
            ("GET", "/metrics/nope", 418),
            ("GET", "/statusz", 200),
            ("GET", "/flagz", 200),
            ("GET", "/debug/pprof/profile", 418),
            ("GET", "/version", 200),
            ("POST", "/version", 405),
            ("GET", "/version/x", 404),
            ("GET", "/api", 418),
        ];
        for (method, path, code) in cases {
            let request = http::Request::builder()
                .method(method)
                .uri(path)
                .body(Body::empty());
            let response = answer(chain.clone(), request.expect("a request")).await;
            assert_eq!(response.status(), code, "{method} {path}");
        }
    }
}
