//! Takes audit events from requests: who asks for what, what is decided on the way, and what is answered. What is told of which
//! request, and where to, is `auth`'s.

mod copy;
mod failed;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth::audit::{self, Event, Level, Stage};
use http::{Extensions, HeaderMap, Uri, header};
use schema::time::Time;
use schema::{SmolStr, Types, Value, envelope, json};

use super::authorization::Asked;
use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, Response};
use crate::peer::Peer;
use crate::request_info::RequestInfo;
use copy::{Copy, copied};
pub(super) use failed::tell as tell_failed;

/// A query's parameter that holds a credential.
const TOKEN_PARAMETER: &str = "access_token";

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
    let is_object = is_object(&parts.headers);
    let wanted = trail.event().level() >= Level::RequestResponse && !is_long || code >= 400;
    let (body, copy) = copied(body, is_object && wanted);
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
        let uri = told_uri(&parts.uri);
        let id = header_text(&parts.headers, "audit-id");
        let mut event = Event::new(told, id, &uri, &asked.user, &attributes, Time::now());
        let agent = header_text(&parts.headers, "user-agent");
        event.set_source(&sources(&parts.headers, &parts.extensions), agent);
        let trail = Trail {
            event: Arc::new(Mutex::new(event)),
            audit: audit.clone(),
        };
        parts.extensions.insert(trail.clone());
        let (body, sent) = copied(body, level >= Level::Request && is_object(&parts.headers));
        let request = Request::from_parts(parts, body);
        (request, Some((trail, sent)))
    }
}

/// A request's path and query without a token that stands in it.
fn told_uri(uri: &Uri) -> Cow<'_, str> {
    let whole = uri.path_and_query().map_or("", |uri| uri.as_str());
    let Some(query) = uri.query().filter(|query| query.contains(TOKEN_PARAMETER)) else {
        return Cow::Borrowed(whole);
    };
    let told = query.split('&').map(|pair| match pair.split_once('=') {
        Some((TOKEN_PARAMETER, _)) => format!("{TOKEN_PARAMETER}=[masked]"),
        _ => pair.to_owned(),
    });
    Cow::Owned(format!("{}?{}", uri.path(), told.collect::<Vec<_>>().join("&")))
}

/// Where a request came from: what proxies say first, the other end of the connection last.
fn sources(headers: &HeaderMap, extensions: &Extensions) -> Vec<SmolStr> {
    let mut sources: Vec<SmolStr> = header_text(headers, "x-forwarded-for")
        .split(',')
        .map(str::trim)
        .filter(|address| address.parse::<std::net::IpAddr>().is_ok())
        .map(SmolStr::new)
        .collect();
    if let Some(peer) = extensions.get::<Peer>() {
        let address = SmolStr::new(peer.address.ip().to_string());
        if sources.last() != Some(&address) {
            sources.push(address);
        }
    }
    sources
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Whether a body is one that can be told, which is always told as JSON.
fn is_object(headers: &HeaderMap) -> bool {
    let media = header_text(headers, header::CONTENT_TYPE.as_str());
    media.is_empty() || media.contains("json") || media.contains("protobuf")
}

impl Copy {
    /// The body as an object; `None` if it was not copied whole, or is none.
    fn object(&self) -> Option<Value> {
        let bytes = self.bytes()?;
        match envelope::is_protobuf(&bytes) {
            true => of_protobuf(&bytes),
            false => json::parse(&bytes).ok(),
        }
    }
}

fn of_protobuf(bytes: &[u8]) -> Option<Value> {
    let (types, envelope) = (Types::builtin(), envelope::split(bytes).ok()?);
    let (group, version) = envelope
        .api_version
        .split_once('/')
        .unwrap_or(("", &envelope.api_version));
    let wanted = (group.into(), version.into(), envelope.kind.clone());
    let (id, _) = types.iter().find(|(_, schema)| schema.gvk.contains(&wanted))?;
    envelope::decode(types, id, &envelope).ok()
}
