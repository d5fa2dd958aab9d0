//! Frontends as what knows the members: their records are written and read there. Which frontend is asked does not matter; one that
//! does not answer is passed over.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use schema::{Value, json};
use serve::http::{Body, Response, read_body};
use smol_str::SmolStr;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::choice::choose;
use crate::ejection::Outcome;
use crate::limits::{RECORD_BYTES_MAX, RECORD_TIMEOUT, RECORD_TRY_TIMEOUT, TRIES_MAX};
use crate::members::Members;
use crate::upstream::{Upstream, Upstreams};

/// Who writes records, as field managers are named.
const MANAGER: &str = "shardplane";
const APPLY: &str = "application/apply-patch+yaml";

/// Why no frontend answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// None is known, or none can be reached.
    #[error("no frontend can be reached: {0}")]
    Away(String),
    /// One answered, but not well.
    #[error("a frontend answers {code}: {message}")]
    Answer {
        /// The status.
        code: u16,
        /// What it says.
        message: String,
    },
}

/// All frontends that are known. Clones share them.
#[derive(Clone)]
pub struct Frontends {
    upstreams: Upstreams,
    /// Where to begin when no record tells of any: `host:port`, names of several addresses too.
    seeds: Arc<[SmolStr]>,
    members: watch::Receiver<Arc<Members>>,
    /// Headers that name us; none if the certificate does. Tokens among them are exchanged.
    named: Arc<ArcSwap<HeaderMap>>,
}

impl Frontends {
    /// From these seeds on, with these headers to say who asks.
    pub fn new(
        upstreams: Upstreams,
        seeds: Vec<SmolStr>,
        members: watch::Receiver<Arc<Members>>,
        named: Arc<ArcSwap<HeaderMap>>,
    ) -> Self {
        Self {
            upstreams,
            seeds: seeds.into(),
            members,
            named,
        }
    }

    /// Where frontends are: those that records tell of, and the seeds, which may be others by now.
    pub fn addresses(&self) -> Vec<SmolStr> {
        let mut known: Vec<SmolStr> = {
            let members = self.members.borrow();
            members.frontends().map(|member| member.address.clone()).collect()
        };
        let seeds = self.seeds.iter().filter(|seed| !known.contains(seed));
        let seeds: Vec<SmolStr> = seeds.cloned().collect();
        known.extend(seeds);
        known
    }

    /// Where to begin.
    pub fn seeds(&self) -> &[SmolStr] {
        &self.seeds
    }

    /// Reads an object or a list.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        let asked = self.ask(Method::GET, path, "application/json", Bytes::new());
        let response = within(asked).await?;
        value(response).await
    }

    /// Opens a watch; the body is what comes.
    pub async fn watch(&self, path: &str) -> Result<Body, Error> {
        let asked = self.ask(Method::GET, path, "application/json", Bytes::new());
        let response = within(asked).await?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => value(response).await.map(|_| Body::empty()),
        }
    }

    /// Brings an object to what it should be, be it there or not.
    pub async fn apply(&self, path: &str, object: &Value) -> Result<Value, Error> {
        let mut bytes = Vec::new();
        json::write(object, &mut bytes);
        let path = format!("{path}?fieldManager={MANAGER}&force=true");
        value(within(self.ask(Method::PATCH, &path, APPLY, bytes.into())).await?).await
    }

    /// Deletes an object.
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        value(within(self.ask(Method::DELETE, path, "application/json", Bytes::new())).await?).await
    }

    /// Asks with another's headers, whose answer is for it to judge.
    pub async fn post_as(&self, path: &str, headers: &HeaderMap, object: &Value) -> Result<Value, Error> {
        let mut bytes = Vec::new();
        json::write(object, &mut bytes);
        let head = head(Method::POST, path, "application/json", headers);
        value(within(self.send(head, bytes.into())).await?).await
    }

    async fn ask(&self, method: Method, path: &str, media: &str, content: Bytes) -> Result<Response, Error> {
        self.send(head(method, path, media, &self.named.load()), content)
            .await
    }

    /// Records may be written twice without harm: whatever fails is asked of the next, and so is one that takes too long.
    async fn send(&self, mut head: http::request::Parts, content: Bytes) -> Result<Response, Error> {
        let ways: Vec<Arc<Upstream>> = self
            .addresses()
            .iter()
            .map(|address| self.upstreams.to(address))
            .collect();
        let candidates: Vec<_> = ways.iter().map(|way| way.as_candidate()).collect();
        let (mut tried, mut why) = (Vec::new(), "none is known".to_owned());
        while tried.len() < TRIES_MAX {
            let Some(at) = choose(&candidates, &tried, Instant::now(), rand::random::<f64>) else {
                break;
            };
            tried.push(at);
            let way = &ways[at];
            address(&mut head, way.address());
            let asked = way.exchange(&self.upstreams, &head, Body::full(content.clone()), false);
            let Ok(answered) = tokio::time::timeout(RECORD_TRY_TIMEOUT, asked).await else {
                way.note(Outcome::Unreachable);
                why = format!("{} does not answer", way.address());
                continue;
            };
            match answered {
                Ok(response) if response.status().is_server_error() => {
                    way.note(Outcome::Badly);
                    why = format!("{} answers {}", way.address(), response.status());
                }
                Ok(response) => {
                    way.note(Outcome::Well);
                    return Ok(response);
                }
                Err(failed) => why = failed.error.to_string(),
            }
        }
        Err(Error::Away(why))
    }
}

fn head(method: Method, path: &str, media: &str, named: &HeaderMap) -> http::request::Parts {
    let mut head = http::Request::new(()).into_parts().0;
    head.method = method;
    head.uri = path.parse().unwrap_or_default();
    let json = HeaderValue::from_static("application/json");
    head.headers.insert(header::ACCEPT, json);
    if let Ok(media) = HeaderValue::from_str(media) {
        head.headers.insert(header::CONTENT_TYPE, media);
    }
    let agent = HeaderValue::from_static(concat!("shardplane/", env!("CARGO_PKG_VERSION")));
    head.headers.insert(header::USER_AGENT, agent);
    for (name, value) in named {
        head.headers.append(name.clone(), value.clone());
    }
    head
}

/// The head of a request to an address, with these headers to say who asks.
pub fn head_to(to: &SmolStr, method: Method, path: &str, named: &HeaderMap) -> http::request::Parts {
    let mut head = head(method, path, "application/json", named);
    address(&mut head, to);
    head
}

/// Sends a head to an address.
pub(crate) fn address(head: &mut http::request::Parts, address: &SmolStr) {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = http::Uri::builder()
        .scheme("https")
        .authority(address.as_str())
        .path_and_query(path)
        .build();
    // Both parts were read as such before.
    if let Ok(uri) = uri {
        head.uri = uri;
    }
}

async fn within(asked: impl Future<Output = Result<Response, Error>>) -> Result<Response, Error> {
    let answered = tokio::time::timeout(RECORD_TIMEOUT, asked).await;
    answered.unwrap_or_else(|_| Err(Error::Away("no answer in time".to_owned())))
}

async fn value(response: Response) -> Result<Value, Error> {
    let code = response.status().as_u16();
    let is_success = response.status().is_success();
    let wrong = |message: String| Error::Answer { code, message };
    let read = tokio::time::timeout(RECORD_TIMEOUT, read_body(response.into_body(), RECORD_BYTES_MAX)).await;
    let bytes = read
        .map_err(|_| wrong("no answer in time".to_owned()))?
        .map_err(|status| wrong(status.message))?;
    let value = json::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
    match is_success {
        true => Ok(value),
        false => Err(wrong(value.str_at(&["message"]).unwrap_or_default().to_owned())),
    }
}
