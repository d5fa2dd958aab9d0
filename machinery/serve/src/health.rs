//! `/healthz`, `/livez` and `/readyz`: named checks and the texts that the reference answers with.
//! What is checked is the caller's to say.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::http::{Response, text_response};
use crate::query::Query;

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// One named check. Clones share it.
#[derive(Clone)]
pub struct Check {
    name: Arc<str>,
    probe: Arc<dyn Fn() -> Outcome + Send + Sync>,
}

impl Check {
    /// The server answers at all, so this holds.
    pub fn ping(name: &str) -> Self {
        Self::immediate(name, || Ok(()))
    }

    /// Told at once; the error says what is wrong.
    pub fn immediate(name: &str, probe: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Self {
        let probe = move || -> Outcome { Box::pin(std::future::ready(probe())) };
        Self {
            name: name.into(),
            probe: Arc::new(probe),
        }
    }

    /// Told after asking somebody. It must bound its own time.
    pub fn new<F>(name: &str, probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let probe = move || -> Outcome { Box::pin(probe()) };
        Self {
            name: name.into(),
            probe: Arc::new(probe),
        }
    }

    /// As it stands in paths and texts.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The checks of the three paths.
#[derive(Clone, Default)]
pub struct Health {
    /// `/healthz`, the old one.
    pub healthz: Vec<Check>,
    /// `/livez`: whether a restart is needed.
    pub livez: Vec<Check>,
    /// `/readyz`: whether to send requests.
    pub readyz: Vec<Check>,
    /// How checks went.
    pub outcomes: Outcomes,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    name: String,
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    name: String,
    r#type: &'static str,
    status: &'static str,
}

/// How checks went when they were last asked for, and how often each way, under the names of the reference. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    last: Family<Named, Gauge>,
    all: Family<Ended, Counter>,
}

impl Outcomes {
    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let last = "Whether a health check held when it was last asked for";
        registry.register("kubernetes_healthcheck", last, self.last.clone());
        let all = "Health checks that were asked for";
        registry.register("kubernetes_healthchecks", all, self.all.clone());
    }

    fn count(&self, r#type: &'static str, name: &str, held: bool) {
        let name = name.to_owned();
        let status = if held { "success" } else { "error" };
        let ended = Ended {
            name: name.clone(),
            r#type,
            status,
        };
        self.all.get_or_create(&ended).inc();
        self.last
            .get_or_create(&Named { name, r#type })
            .set(i64::from(held));
    }
}

impl Health {
    /// The answer for a path below one of the three; `None` for other paths.
    pub async fn answer(&self, path: &str, query: &str) -> Option<Response> {
        let (name, rest) = match path.strip_prefix('/')?.split_once('/') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path.strip_prefix('/')?, None),
        };
        let (name, checks) = match name {
            "healthz" => ("healthz", &self.healthz),
            "livez" => ("livez", &self.livez),
            "readyz" => ("readyz", &self.readyz),
            _ => return None,
        };
        Some(match rest {
            None => self.all(name, checks, &Query::parse(query)).await,
            Some(wanted) => one(checks, wanted).await,
        })
    }

    /// All checks; verbose on failure, else when asked. Why a check failed is for the log alone: the paths are public.
    async fn all(&self, name: &'static str, checks: &[Check], query: &Query) -> Response {
        let mut excluded: Vec<&str> = query.all("exclude").collect();
        let mut text = String::new();
        let mut failed = false;
        for check in checks {
            if excluded.contains(&check.name()) {
                excluded.retain(|name| *name != check.name());
                text += &format!("[+]{} excluded: ok\n", check.name());
                continue;
            }
            let outcome = (check.probe)().await;
            self.outcomes.count(name, check.name(), outcome.is_ok());
            match outcome {
                Ok(()) => text += &format!("[+]{} ok\n", check.name()),
                Err(why) => {
                    tracing::warn!(check = check.name(), why, "{name} check failed");
                    text += &format!("[-]{} failed: reason withheld\n", check.name());
                    failed = true;
                }
            }
        }
        if !excluded.is_empty() {
            excluded.sort_unstable();
            excluded.dedup();
            let names: Vec<_> = excluded.iter().map(|name| format!("{name:?}")).collect();
            text += &format!(
                "warn: some health checks cannot be excluded: no matches for {}\n",
                names.join(",")
            );
        }
        if failed {
            return text_response(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("{text}{name} check failed\n"),
            );
        }
        match query.has("verbose") {
            true => text_response(StatusCode::OK, format!("{text}{name} check passed\n")),
            false => text_response(StatusCode::OK, "ok"),
        }
    }
}

async fn one(checks: &[Check], name: &str) -> Response {
    let Some(check) = checks.iter().find(|check| check.name() == name) else {
        return crate::http::page_not_found();
    };
    match (check.probe)().await {
        Ok(()) => text_response(StatusCode::OK, "ok"),
        Err(why) => {
            let text = format!("internal server error: {why}\n");
            text_response(StatusCode::INTERNAL_SERVER_ERROR, text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::read_body;

    fn health(etcd: Result<(), String>) -> Health {
        let checks = vec![
            Check::ping("ping"),
            Check::new("etcd", move || std::future::ready(etcd.clone())),
            Check::ping("poststarthook/rbac/bootstrap-roles"),
        ];
        Health {
            healthz: checks.clone(),
            livez: checks.clone(),
            readyz: checks,
            outcomes: Outcomes::default(),
        }
    }

    async fn text(health: &Health, path: &str, query: &str) -> (u16, String) {
        let response = health.answer(path, query).await.expect("a health path");
        let code = response.status().as_u16();
        let body = read_body(response.into_body(), 10_000)
            .await
            .expect("a short body");
        (code, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn texts_when_all_is_well() {
        let health = health(Ok(()));
        assert_eq!(text(&health, "/healthz", "").await, (200, "ok".to_owned()));
        let all = "[+]ping ok\n[+]etcd ok\n[+]poststarthook/rbac/bootstrap-roles ok\n";
        assert_eq!(
            text(&health, "/livez", "verbose").await,
            (200, format!("{all}livez check passed\n"))
        );
        assert_eq!(
            text(&health, "/readyz/poststarthook/rbac/bootstrap-roles", "")
                .await
                .0,
            200
        );
        assert_eq!(
            text(&health, "/readyz/nope", "").await,
            (404, "404 page not found\n".to_owned())
        );
        assert!(health.answer("/version", "").await.is_none());
    }

    #[tokio::test]
    async fn failures_are_told_without_their_reason() {
        let health = health(Err("secret".to_owned()));
        let (code, told) = text(&health, "/readyz", "").await;
        assert_eq!(code, 500);
        assert_eq!(
            told,
            "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/rbac/bootstrap-roles ok\nreadyz check failed\n"
        );
        assert_eq!(
            text(&health, "/readyz/etcd", "").await,
            (500, "internal server error: secret\n".to_owned())
        );
    }

    #[tokio::test]
    async fn checks_can_be_left_out() {
        let health = health(Err("down".to_owned()));
        let (code, told) = text(&health, "/livez", "exclude=etcd&verbose=true&exclude=nope").await;
        assert_eq!(code, 200);
        assert!(told.contains("[+]etcd excluded: ok\n"));
        assert!(told.contains("warn: some health checks cannot be excluded: no matches for \"nope\"\n"));
    }
}
