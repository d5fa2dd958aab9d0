//! Passes requests on: who the client is, where the request goes, to whom it is sent and to whom next. The decisions are
//! [`crate::decision`]'s and [`crate::choice`]'s; bodies are never looked at.

mod connection_headers;

use std::future::ready;
use std::sync::Arc;

use futures_util::future::Either;
use http::request::Parts;
use http::{HeaderValue, header};
use serve::filters::{GoodUntil, Held};
use serve::http::{Body, Handler, Request, Response, status_response};
use serve::request_info::RequestInfo;
use serve::status::Status;
use serve::tls::ClientAuthority;
use serve::upgrade::{self, Upgradable};
use smol_str::SmolStr;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::choice::choose;
use crate::decision::{decide, is_repeatable};
use crate::ejection::Outcome;
use crate::frontends::{Frontends, address};
use crate::identity::Identity;
use crate::limits::TRIES_MAX;
use crate::members::{Members, Tier};
use crate::metrics::Routes;
use crate::upstream::{self, Failed, Safety, Upstream, Upstreams};
use connection_headers::strip;

/// What passes requests on.
pub struct Proxy {
    /// Who the members are.
    pub members: watch::Receiver<Arc<Members>>,
    /// The ways to them.
    pub upstreams: Upstreams,
    /// Where frontends are when no record tells of any.
    pub frontends: Frontends,
    /// Whose client certificates name users.
    pub clients: Arc<ClientAuthority>,
    /// How clients are named to the tiers.
    pub identity: Arc<Identity>,
    /// What is counted.
    pub routes: Routes,
}

/// A request that is passed on. It is on the heap: what moves it about while it waits has no room for it.
struct Passed {
    head: Parts,
    info: Arc<RequestInfo>,
    /// None while it is on its way, and once some of it is gone.
    body: Option<Body>,
    /// The client's wish for another protocol, where it is to be passed on.
    upgrade: Option<Upgradable>,
    /// The end of the certificate that the client goes by.
    credential: Option<GoodUntil>,
}

impl Proxy {
    /// What answers requests.
    pub fn into_handler(self) -> Handler {
        let proxy = Arc::new(self);
        serve::filter::handler_fn(move |request| match proxy.receive(request) {
            Ok(passed) => Either::Left(proxy.clone().answer(passed)),
            Err(status) => Either::Right(ready(status_response(&status))),
        })
    }

    /// What is to be passed on of a client's request.
    fn receive(&self, request: Request) -> Result<Box<Passed>, Status> {
        let info = RequestInfo::of(&request).map_err(|error| Status::bad_request(error.to_string()))?;
        let (mut head, body) = request.into_parts();
        // A watch on a WebSocket is an ordinary one to the tiers: events become messages here.
        let upgrade = head.extensions.remove::<Upgradable>();
        let upgrade = upgrade.filter(|_| upgrade::is_wished(&head.headers) && info.verb != "watch");
        // First: what the client says of its connection must not take out what is said of the client.
        strip(&mut head.headers, upgrade.is_some());
        let credential = self.identity.declare(&mut head, &self.clients)?;
        Ok(Box::new(Passed {
            head,
            info,
            body: Some(body),
            upgrade,
            credential,
        }))
    }

    async fn answer(self: Arc<Self>, mut passed: Box<Passed>) -> Response {
        let members = self.members.borrow().clone();
        let mut response = self.pass(&mut passed, &members).await;
        if let Some(credential) = passed.credential.take() {
            response.extensions_mut().insert(Held::by(credential));
        }
        response
    }

    /// To the tier that is decided on; what nobody of the watch tier answers, to a frontend.
    async fn pass(&self, passed: &mut Passed, members: &Members) -> Response {
        let (tier, addresses) = passed.decide(members);
        let failed = match self.send(tier, addresses, passed).await {
            Ok(response) => return response,
            Err(failed) => failed,
        };
        let may_ask_others = failed.safety == Safety::Unsent || passed.is_repeatable();
        if tier != Tier::WatchCache || !may_ask_others || passed.body.is_none() {
            return no_answer(failed.safety);
        }
        tracing::debug!(error = %failed.error, "nobody of the watch tier answers");
        let frontends = members.frontends().map(|member| member.address.clone());
        let sent = self.send(Tier::Frontend, frontends.collect(), passed).await;
        sent.unwrap_or_else(|failed| no_answer(failed.safety))
    }

    /// To one of these, and to another as long as that is safe.
    async fn send(
        &self,
        tier: Tier,
        mut addresses: Vec<SmolStr>,
        passed: &mut Passed,
    ) -> Result<Response, Failed> {
        if addresses.is_empty() && tier == Tier::Frontend {
            addresses = self.frontends.seeds().to_vec();
        }
        let ways: Vec<Arc<Upstream>> = addresses.iter().map(|to| self.upstreams.to(to)).collect();
        let mut tried = Vec::new();
        let mut failed = Failed::nobody();
        while tried.len() < TRIES_MAX {
            let Some(at) = choose_way(&ways, &tried) else {
                break;
            };
            let Some(body) = passed.body.take() else { break };
            if !tried.is_empty() {
                self.routes.retried(tier);
            }
            tried.push(at);
            match self.exchange(&ways[at], passed, body).await {
                Ok(response) => {
                    self.routes.answered(tier, response.status());
                    return Ok(response);
                }
                Err(error) => failed = error,
            }
            passed.body = failed.body.take();
            tracing::debug!(error = %failed.error, safety = ?failed.safety, "a request had no answer");
            if failed.safety == Safety::Unknown && !passed.is_repeatable() {
                break;
            }
        }
        self.routes.failed(tier);
        Err(failed)
    }

    async fn exchange(
        &self,
        way: &Arc<Upstream>,
        passed: &mut Passed,
        body: Body,
    ) -> Result<Response, Failed> {
        address(&mut passed.head, way.address());
        let answered = match &passed.upgrade {
            // On the heap: other requests have no room for it.
            Some(wish) => {
                let wish = wish.clone();
                Box::pin(upstream::upgrade(way, &self.upstreams, &passed.head, body, wish)).await
            }
            None => {
                let is_watch = passed.info.verb == "watch";
                way.exchange(&self.upstreams, &passed.head, body, is_watch).await
            }
        };
        answered.map(|response| received(response, way))
    }
}

/// The one to ask next; none if all were asked. Loads change while a request waits.
fn choose_way(ways: &[Arc<Upstream>], tried: &[usize]) -> Option<usize> {
    let candidates: Vec<_> = ways.iter().map(|way| way.as_candidate()).collect();
    choose(&candidates, tried, Instant::now(), rand::random::<f64>)
}

/// What a client is shown of a member's answer.
fn received(mut response: Response, way: &Upstream) -> Response {
    way.take_load(response.headers_mut());
    // What an extension server behind a frontend answers is not the frontend's fault.
    way.note(Outcome::Well);
    let is_switch = response.status() == http::StatusCode::SWITCHING_PROTOCOLS;
    strip(response.headers_mut(), is_switch);
    *response.version_mut() = http::Version::HTTP_11;
    response
}

impl Passed {
    /// The tier that it goes to, and where that is.
    fn decide(&self, members: &Members) -> (Tier, Vec<SmolStr>) {
        let query = self.head.uri.query().unwrap_or_default();
        let decision = decide(&self.head.method, &self.info, query, members);
        let addresses = decision.members.iter().map(|member| member.address.clone());
        (decision.tier, addresses.collect())
    }

    fn is_repeatable(&self) -> bool {
        is_repeatable(&self.head.method, &self.info)
    }
}

impl Failed {
    /// There was nobody to ask.
    fn nobody() -> Self {
        Self {
            error: upstream::Error::Nobody,
            safety: Safety::Unsent,
            body: None,
        }
    }
}

/// What a client hears when nobody answers. It is told to come again only if nothing can have happened: clients repeat by themselves
/// what says so.
fn no_answer(safety: Safety) -> Response {
    let message = "no server answers this request";
    match safety {
        Safety::Unsent => {
            let mut response = status_response(&Status::unavailable(message));
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        Safety::Unknown => status_response(&Status::failure(
            502,
            "InternalError",
            "the server that had this request broke off; it is not known whether it was carried out",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITING_BYTES_MAX: usize = 1_200;

    /// Thousands wait at a time, and what they had room for is not given back soon.
    #[test]
    fn a_request_that_waits_has_little_room() {
        fn room<F: Future>(_: impl Fn(Arc<Proxy>, Box<Passed>) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = room(Proxy::answer);
        assert!(bytes <= WAITING_BYTES_MAX, "{bytes}");
    }

    #[test]
    fn only_what_certainly_did_not_happen_is_to_be_repeated() {
        let unsent = no_answer(Safety::Unsent);
        assert_eq!((unsent.status().as_u16(), unsent.headers().len()), (503, 2));
        let unknown = no_answer(Safety::Unknown);
        assert_eq!(unknown.status(), 502);
        assert!(!unknown.headers().contains_key(header::RETRY_AFTER));
    }
}
