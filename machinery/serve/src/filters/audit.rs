//! Takes audit events from requests: who asks for what, what is decided on the way, and what is answered. What is told of which
//! request, and where to, is `auth`'s.

mod copy;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth::audit::{self, Event, Level, Stage};
use http::request::Parts;
use http::{HeaderMap, header};
use schema::time::Time;
use schema::{SmolStr, Value, json};

use super::authorization::Asked;
use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, Response};
use crate::peer::Peer;
use crate::request_info::RequestInfo;
use copy::{Copy, copied};

/// Tells of requests. It stands behind authentication.
#[derive(Clone, Debug)]
pub struct Audit {
    /// What is told, and where to; nothing is without it.
    pub audit: Option<audit::Audit>,
}

/// The event of a request under way, in its extensions: filters and handlers note what they decide.
#[derive(Clone, Debug)]
pub struct Trail {
    event: Arc<Mutex<Event>>,
    audit: audit::Audit,
}

impl Trail {
    /// Of a request, if it is told about.
    pub fn of(request: &Request) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// Notes something.
    pub fn annotate(&self, key: &str, text: &str) {
        self.event().annotate(key, text);
    }

    /// Notes as whom the request is made.
    pub fn impersonated(&self, user: &auth::User) {
        self.event().set_impersonated(user);
    }

    fn event(&self) -> MutexGuard<'_, Event> {
        self.event.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, stage: Stage) {
        let event = self.event().at(stage, Time::now());
        event.into_iter().for_each(|event| self.audit.tell(event));
    }
}

impl Filter for Audit {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let (request, begun) = self.begin(request);
        let Some((trail, sent)) = begun else {
            return next.run(request);
        };
        let is_long = RequestInfo::of(&request).is_ok_and(|info| info.is_long_running());
        Box::pin(async move {
            trail.tell(Stage::RequestReceived);
            let mut broken = Broken(Some(trail.clone()));
            let response = next.run(request).await;
            broken.0 = None;
            if let Some(object) = sent.object() {
                trail.event().set_request_object(object);
            }
            answered(trail, response, is_long)
        })
    }
}

/// A request whose handling broke down tells so when it is dropped.
struct Broken(Option<Trail>);

impl Drop for Broken {
    fn drop(&mut self) {
        if let Some(trail) = self.0.take().filter(|_| std::thread::panicking()) {
            trail.event().set_status(500, None);
            trail.tell(Stage::Panic);
        }
    }
}

/// The answer on its way: it is told about when it is sent.
fn answered(trail: Trail, response: Response, is_long: bool) -> Response {
    let (parts, body) = response.into_parts();
    let code = parts.status.as_u16();
    trail.event().set_status(code, None);
    if is_long {
        trail.tell(Stage::ResponseStarted);
    }
    let is_json = is_json(&parts.headers);
    let wanted = trail.event().level() >= Level::RequestResponse && !is_long || code >= 400;
    let (body, copy) = copied(body, is_json && wanted);
    Response::from_parts(parts, body.holding(Sent { trail, code, copy }))
}

/// An answer that tells so when it is sent or given up.
struct Sent {
    trail: Trail,
    code: u16,
    copy: Copy,
}

impl Drop for Sent {
    fn drop(&mut self) {
        if let Some(object) = self.copy.object() {
            let mut event = self.trail.event();
            if self.code >= 400 {
                event.set_status(self.code, Some(&object));
            }
            event.set_response_object(object);
        }
        self.trail.tell(Stage::ResponseComplete);
    }
}

impl Audit {
    /// The request with its trail, if it is told about, and the copy that its body leaves as it is read.
    fn begin(&self, request: Request) -> (Request, Option<(Trail, Copy)>) {
        let (Some(audit), Ok(asked)) = (&self.audit, Asked::of(&request)) else {
            return (request, None);
        };
        let attributes = asked.attributes();
        let told = audit.policy.of(&asked.user, &attributes);
        let level = told.level;
        if level == Level::None {
            return (request, None);
        }
        let (mut parts, body) = request.into_parts();
        let uri = parts.uri.path_and_query().map_or("", |uri| uri.as_str());
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let id = text("audit-id").unwrap_or_default();
        let mut event = Event::new(told, id, uri, &asked.user, &attributes, Time::now());
        event.set_source(&sources(&parts), text("user-agent").unwrap_or_default());
        let trail = Trail {
            event: Arc::new(Mutex::new(event)),
            audit: audit.clone(),
        };
        parts.extensions.insert(trail.clone());
        let (body, sent) = copied(body, level >= Level::Request && is_json(&parts.headers));
        let request = Request::from_parts(parts, body);
        (request, Some((trail, sent)))
    }
}

/// Where a request came from: what proxies say first, the other end of the connection last.
fn sources(parts: &Parts) -> Vec<SmolStr> {
    let forwarded = parts.headers.get("x-forwarded-for");
    let forwarded = forwarded.and_then(|list| list.to_str().ok()).unwrap_or_default();
    let mut sources: Vec<SmolStr> = forwarded
        .split(',')
        .map(str::trim)
        .filter(|address| address.parse::<std::net::IpAddr>().is_ok())
        .map(SmolStr::new)
        .collect();
    if let Some(peer) = parts.extensions.get::<Peer>() {
        let address = SmolStr::new(peer.address.ip().to_string());
        if sources.last() != Some(&address) {
            sources.push(address);
        }
    }
    sources
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|media| media.to_str().ok());
    media.is_none_or(|media| media.contains("json"))
}

impl Copy {
    /// The body as an object; `None` if it was not copied whole, or is none.
    fn object(&self) -> Option<Value> {
        self.bytes().and_then(|bytes| json::parse(&bytes).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, read_body, status_response, text_response};
    use crate::status::Status;
    use auth::User;
    use auth::audit::{Log, Policy};

    const POLICY: &[u8] = b"{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: RequestResponse}]}";

    /// The events of one request, as lines of the log.
    async fn events(uri: &str, handler: crate::http::Handler, stages: usize) -> Vec<Value> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.log");
        let log = Log {
            path: path.clone(),
            bytes_max: 0,
            kept_max: 0,
            kept_for: std::time::Duration::ZERO,
        };
        let audit = Audit {
            audit: Some(audit::Audit {
                policy: Arc::new(Policy::parse(POLICY).expect("a good policy")),
                sinks: vec![log.start().expect("a writable folder")],
            }),
        };
        let chain = Chain::new(vec![Box::new(audit)], handler).into_handler();
        let mut request = http::Request::builder()
            .method("POST")
            .uri(uri)
            .header("audit-id", "an-id")
            .body(Body::full(r#"{"kind":"ConfigMap"}"#))
            .expect("a request");
        request.extensions_mut().insert(User::new("joe", "", &[]));
        let response = answer(chain, request).await;
        read_body(response.into_body(), 10_000)
            .await
            .expect("a short body");
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<Value> = text
                .lines()
                .filter_map(|line| json::parse(line.as_bytes()).ok())
                .collect();
            if lines.len() >= stages {
                return lines;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn both_bodies_and_notes_are_told() {
        let handler = handler_fn(|request: Request| async move {
            Trail::of(&request).expect("told about").annotate("k", "v");
            let body = read_body(request.into_body(), 1_000).await.expect("a short body");
            text_response(
                http::StatusCode::CREATED,
                String::from_utf8_lossy(&body).into_owned(),
            )
        });
        let told = events("/api/v1/namespaces/a/configmaps", handler, 2).await;
        assert_eq!(told[0].str_at(&["stage"]), Some("RequestReceived"));
        let last = &told[1];
        assert_eq!(last.str_at(&["stage"]), Some("ResponseComplete"));
        assert_eq!(last.str_at(&["auditID"]), Some("an-id"));
        assert_eq!(last.str_at(&["requestObject", "kind"]), Some("ConfigMap"));
        assert_eq!(last.int_at(&["responseStatus", "code"]), Some(201));
        assert_eq!(last.str_at(&["annotations", "k"]), Some("v"));
        assert_eq!(last.str_at(&["user", "username"]), Some("joe"));
    }

    #[tokio::test]
    async fn failures_tell_why() {
        let handler = handler_fn(|_| async { status_response(&Status::unauthorized()) });
        let told = events("/api/v1/namespaces/a/configmaps", handler, 2).await;
        assert_eq!(
            told[1].str_at(&["responseStatus", "reason"]),
            Some("Unauthorized")
        );
    }
}
