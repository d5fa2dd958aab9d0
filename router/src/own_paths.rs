//! The paths that are about the router itself: `/router/livez` and `/router/readyz`, which everybody may ask, and `/router/metrics`,
//! `/router/flagz`, `/router/debug/pprof/profile`, `/router/debug/pprof/heap` and `/statusz`, for which a frontend says who may. `/livez`, `/readyz` and `/metrics` are a frontend's, as clients expect them; but a
//! router that stops says so, for whoever balances load between routers.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, StatusCode};
use schema::tree;
use serve::filter::{Answer, Filter, Next};
use serve::health::Health;
use serve::http::{Request, Response, page_not_found, status_response, text_response};
use serve::metrics::Metrics;
use serve::pages::Pages;
use serve::profile::{Kind, Profiles};
use serve::shutdown::Shutdown;
use serve::status::Status;
use serve::tls::ClientAuthority;
use tokio::sync::Semaphore;

use crate::frontends::{Error, Frontends};
use crate::identity::Identity;
use crate::statusz::Statusz;

/// Where a frontend is asked what a user may do.
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Below which the router's health and numbers are.
const OWN: &str = "/router";

/// Answers these paths; passes on all others.
pub struct OwnPaths {
    /// `/router/livez`, `/router/readyz` and below.
    pub health: Health,
    /// Whether the router is to go on.
    pub shutdown: Shutdown,
    /// `/router/metrics`.
    pub metrics: Metrics,
    /// `/statusz`.
    pub statusz: Statusz,
    /// `/router/flagz`.
    pub pages: Pages,
    /// `/router/debug/pprof/profile` and `heap`, unless they are switched off.
    pub profiles: Option<Profiles>,
    /// Who says who may.
    pub frontends: Frontends,
    /// Whose client certificates name users.
    pub clients: Arc<ClientAuthority>,
    /// How clients are named to frontends.
    pub identity: Arc<Identity>,
    /// Room for questions to frontends.
    pub asking: Semaphore,
}

impl OwnPaths {
    /// An answer for who may have it.
    async fn guarded(&self, request: Request, path: &'static str) -> Response {
        let Ok(asking) = self.asking.try_acquire() else {
            let why = "too many ask for this at once, please try again later";
            return status_response(&Status::too_many_requests(why, 1));
        };
        let (mut head, _) = request.into_parts();
        if let Err(status) = self.identity.declare(&mut head, &self.clients) {
            return status_response(&status);
        }
        match self.allows(&head.headers, path).await {
            Ok(true) => {
                // What takes long holds up nobody who asks.
                drop(asking);
                self.answer(&head, path).await
            }
            // Who is nobody may not even ask.
            Ok(false) | Err(Error::Answer { code: 403, .. }) => {
                status_response(&Status::forbidden_path(&format!("cannot get path \"{path}\"")))
            }
            Err(Error::Answer { code: 401, .. }) => status_response(&Status::unauthorized()),
            Err(error) => {
                tracing::debug!(%error, path, "nobody says who may read it");
                text_response(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "no frontend says whether you may\n",
                )
            }
        }
    }

    async fn answer(&self, head: &Parts, path: &'static str) -> Response {
        match (path, Kind::at(path), &self.profiles) {
            ("/metrics", ..) => self.metrics.answer(),
            ("/flagz", ..) => self.pages.flagz(head),
            (_, Some(kind), Some(profiles)) => {
                profiles.answer(kind, head.uri.query().unwrap_or_default()).await
            }
            (_, Some(_), None) => page_not_found(),
            _ => self.statusz.answer(head),
        }
    }

    /// Whether whoever these headers name may get a path.
    async fn allows(&self, headers: &HeaderMap, path: &str) -> Result<bool, Error> {
        let review = tree!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"nonResourceAttributes": {"path": path, "verb": "get"}},
        });
        let credentials = self.identity.credentials(headers);
        let answer = self.frontends.post_as(REVIEWS, &credentials, &review).await?;
        Ok(answer.bool_at(&["status", "allowed"]).unwrap_or(false))
    }
}

impl Filter for OwnPaths {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let path = request.uri().path();
        match path.strip_prefix(OWN).filter(|below| below.starts_with('/')) {
            Some("/metrics") => Box::pin(self.guarded(request, "/metrics")),
            Some("/flagz") => Box::pin(self.guarded(request, "/flagz")),
            Some(below) if let Some(kind) = Kind::at(below) => Box::pin(self.guarded(request, kind.path())),
            Some(below) if is_health(below) => Box::pin(async move {
                let uri = request.uri();
                let below = uri.path().strip_prefix(OWN).unwrap_or_default();
                let answered = self.health.answer(below, uri.query().unwrap_or_default());
                answered.await.unwrap_or_else(page_not_found)
            }),
            _ if path == "/statusz" => Box::pin(self.guarded(request, "/statusz")),
            _ if path == "/readyz" && self.shutdown.is_requested() => Box::pin(async {
                let text = "[-]router failed: the router is shutting down\nreadyz check failed\n";
                text_response(StatusCode::INTERNAL_SERVER_ERROR, text)
            }),
            _ => next.run(request),
        }
    }
}

fn is_health(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "healthz" | "livez" | "readyz")
}
