//! Passes requests on: who the client is, where the request goes, to whom it is sent and to whom next. The decisions are
//! [`crate::decision`]'s and [`crate::choice`]'s; bodies are never looked at.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serve::filters::Held;
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

/// What belongs to one connection alone (RFC 9110, 7.6.1), beside what `Connection` names.
const OF_CONNECTIONS: [HeaderName; 7] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::HOST,
];

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

/// A request that is passed on.
struct Passed {
    head: Parts,
    info: Arc<RequestInfo>,
    /// The client's wish for another protocol, where it is to be passed on.
    upgrade: Option<Upgradable>,
}

impl Proxy {
    /// What answers requests.
    pub fn into_handler(self) -> Handler {
        let proxy = Arc::new(self);
        serve::filter::handler_fn(move |request| {
            let proxy = proxy.clone();
            async move { proxy.answer(request).await }
        })
    }

    async fn answer(&self, request: Request) -> Response {
        let info = match RequestInfo::of(&request) {
            Ok(info) => info,
            Err(error) => return status_response(&Status::bad_request(error.to_string())),
        };
        let (mut head, body) = request.into_parts();
        // A watch on a WebSocket is an ordinary one to the tiers: events become messages here.
        let upgrade = head.extensions.remove::<Upgradable>();
        let upgrade = upgrade.filter(|_| upgrade::is_wished(&head.headers) && info.verb != "watch");
        // First: what the client says of its connection must not take out what is said of the client.
        strip(&mut head.headers, upgrade.is_some());
        let credential = match self.identity.declare(&mut head, &self.clients) {
            Ok(credential) => credential,
            Err(status) => return status_response(&status),
        };
        let passed = Passed { head, info, upgrade };
        let members = self.members.borrow().clone();
        let mut response = self.pass(passed, body, &members).await;
        if let Some(credential) = credential {
            response.extensions_mut().insert(Held::by(credential));
        }
        response
    }

    /// To the tier that is decided on; what nobody of the watch tier answers, to a frontend.
    async fn pass(&self, mut passed: Passed, body: Body, members: &Members) -> Response {
        let query = passed.head.uri.query().unwrap_or_default();
        let decision = decide(&passed.head.method, &passed.info, query, members);
        let (tier, unit) = (decision.tier, decision.unit);
        let addresses = decision.members.iter().map(|member| member.address.clone());
        let failed = match self.send(tier, addresses.collect(), &mut passed, body).await {
            Ok(response) => return response,
            Err(failed) => failed,
        };
        let may_ask_others = failed.safety == Safety::Unsent || passed.is_repeatable();
        match failed.body {
            Some(body) if tier == Tier::WatchCache && may_ask_others => {
                tracing::debug!(error = %failed.error, ?unit, "nobody of the watch tier answers");
                let frontends = members.frontends().map(|member| member.address.clone());
                let sent = self.send(Tier::Frontend, frontends.collect(), &mut passed, body);
                sent.await.unwrap_or_else(|failed| no_answer(&failed))
            }
            body => no_answer(&Failed { body, ..failed }),
        }
    }

    /// To one of these, and to another as long as that is safe.
    async fn send(
        &self,
        tier: Tier,
        mut addresses: Vec<SmolStr>,
        passed: &mut Passed,
        body: Body,
    ) -> Result<Response, Failed> {
        if addresses.is_empty() && tier == Tier::Frontend {
            addresses = self.frontends.seeds().to_vec();
        }
        let ways: Vec<Arc<Upstream>> = addresses
            .iter()
            .map(|address| self.upstreams.to(address))
            .collect();
        let mut tried = Vec::new();
        let mut failed = Failed::nobody(body);
        while tried.len() < TRIES_MAX {
            // Loads change while a request waits.
            let candidates: Vec<_> = ways.iter().map(|way| way.as_candidate()).collect();
            let Some(at) = choose(&candidates, &tried, Instant::now(), rand::random::<f64>) else {
                break;
            };
            let Some(body) = failed.body.take() else { break };
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
        let mut response = answered?;
        way.take_load(response.headers_mut());
        // What an extension server behind a frontend answers is not the frontend's fault.
        way.note(Outcome::Well);
        let is_switch = response.status() == http::StatusCode::SWITCHING_PROTOCOLS;
        strip(response.headers_mut(), is_switch);
        *response.version_mut() = http::Version::HTTP_11;
        Ok(response)
    }
}

impl Passed {
    fn is_repeatable(&self) -> bool {
        is_repeatable(&self.head.method, &self.info)
    }
}

impl Failed {
    /// There was nobody to ask.
    fn nobody(body: Body) -> Self {
        Self {
            error: upstream::Error::Nobody,
            safety: Safety::Unsent,
            body: Some(body),
        }
    }
}

/// Takes out what belongs to a connection. For an upgrade what asks for it stays.
fn strip(headers: &mut HeaderMap, is_upgrade: bool) {
    for name in &OF_CONNECTIONS {
        headers.remove(name);
    }
    let named: Vec<HeaderValue> = headers.get_all(header::CONNECTION).iter().cloned().collect();
    let named = named.iter().filter_map(|list| list.to_str().ok());
    for name in named.flat_map(|list| list.split(',')).map(str::trim) {
        if !name.eq_ignore_ascii_case("upgrade") && !name.eq_ignore_ascii_case("connection") {
            headers.remove(name);
        }
    }
    headers.remove(header::CONNECTION);
    if is_upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    } else {
        headers.remove(header::UPGRADE);
    }
}

/// What a client hears when nobody answers. It is told to come again only if nothing can have happened: clients repeat by themselves
/// what says so.
fn no_answer(failed: &Failed) -> Response {
    let message = "no server answers this request";
    match failed.safety {
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

    fn stripped(list: &[(&'static str, &'static str)], is_upgrade: bool) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, HeaderValue::from_static(value));
        }
        strip(&mut headers, is_upgrade);
        headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn what_belongs_to_a_connection_ends_here() {
        let sent = [
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("host", "a"),
            ("te", "trailers"),
            ("accept", "*/*"),
        ];
        assert_eq!(stripped(&sent, false), ["accept"]);
        let upgrade = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];
        assert_eq!(stripped(&upgrade, false), Vec::<String>::new());
        let mut kept = stripped(&upgrade, true);
        kept.sort_unstable();
        assert_eq!(kept, ["connection", "upgrade"]);
    }

    #[test]
    fn only_what_certainly_did_not_happen_is_to_be_repeated() {
        let failed = |safety| Failed {
            safety,
            ..Failed::nobody(Body::empty())
        };
        let unsent = no_answer(&failed(Safety::Unsent));
        assert_eq!((unsent.status().as_u16(), unsent.headers().len()), (503, 2));
        let unknown = no_answer(&failed(Safety::Unknown));
        assert_eq!(unknown.status(), 502);
        assert!(!unknown.headers().contains_key(header::RETRY_AFTER));
    }
}
