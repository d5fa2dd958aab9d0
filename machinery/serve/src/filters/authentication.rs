//! Finds out who makes a request, from a front proxy's headers, its client certificate or bearer token, and puts the [`User`]
//! into its extensions. Credentials that are not good are answered with 401; who sends none is anonymous, where that is admitted.

mod subprotocol;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use auth::User;
use auth::audit;
use auth::authenticate::Tokens;
use auth::authenticate::anonymous::Anonymous;
use auth::authenticate::front_proxy::Names;
use auth::metrics;
use http::request::Parts;
use http::{HeaderMap, header};

use super::audit::tell_failed;
use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, status_response};
use crate::peer::Peer;
use crate::status::Status;
use crate::tls::ClientAuthority;

/// The authenticators, asked in order; the first that knows the user wins.
pub struct Authentication {
    /// Proxies that may name users, where there are any.
    pub front_proxy: Option<FrontProxy>,
    /// Of client certificates.
    pub clients: Arc<ClientAuthority>,
    /// Of bearer tokens.
    pub tokens: Arc<Tokens>,
    /// Who may come without credentials.
    pub anonymous: Anonymous,
    /// What is counted.
    pub metrics: metrics::Authentication,
    /// Who is told of requests whose user is not found.
    pub audit: Option<audit::Audit>,
}

/// In a request's extensions: from when on its credential is no longer good (seconds since 1970), if it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoodUntil(pub i64);

/// Who was found, and for how long that holds.
struct Found {
    user: User,
    until: Option<i64>,
}

impl Found {
    fn lasting(user: User) -> Self {
        Self { user, until: None }
    }
}

/// Why nobody was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// There are credentials, and they are not good.
    BadCredentials,
    /// There are none, and they are needed.
    NoCredentials,
}

impl Unknown {
    /// As metrics name it.
    fn result(self) -> &'static str {
        match self {
            Self::BadCredentials => "error",
            Self::NoCredentials => "failure",
        }
    }
}

/// Proxies that may name users.
#[derive(Clone)]
pub struct FrontProxy {
    /// Of their certificates; not that of clients.
    pub authority: Arc<ClientAuthority>,
    /// Which headers they name users in, and which of them may.
    pub names: Names,
}

impl FrontProxy {
    /// Whether somebody is one of them, by the certificate of the connection.
    pub(super) fn is_proxy(&self, peer: &Peer) -> bool {
        let name = peer.has_certificate().then(|| peer.proxy_name(&self.authority));
        name.is_some_and(|name| name.is_ok_and(|name| self.names.allows(&name)))
    }

    /// The user that a proxy names; `None` if there is no proxy, or it names nobody.
    fn user(&self, request: &Parts) -> Option<User> {
        let named = self.names.user(&request.headers)?;
        let peer = request
            .extensions
            .get::<Peer>()
            .filter(|peer| peer.has_certificate())?;
        match peer.proxy_name(&self.authority) {
            Ok(name) if self.names.allows(&name) => Some(named.authenticated()),
            Ok(name) => {
                tracing::debug!(name, "a proxy of this name may not name users");
                None
            }
            Err(why) => {
                tracing::debug!(why, "headers that name a user came without a proxy's certificate");
                None
            }
        }
    }
}

impl Authentication {
    async fn find(&self, request: &Parts) -> Result<Found, Unknown> {
        if let Some(user) = self.front_proxy.as_ref().and_then(|proxy| proxy.user(request)) {
            return Ok(Found::lasting(user));
        }
        let peer = request
            .extensions
            .get::<Peer>()
            .filter(|peer| peer.has_certificate());
        let by_certificate = peer.map(|peer| peer.user(&self.clients));
        if let Some(Ok(known)) = by_certificate {
            self.metrics.count_certificate(known.until);
            return Ok(Found {
                user: known.user,
                until: Some(known.until),
            });
        }
        if let Some(Err(why)) = &by_certificate {
            tracing::debug!(why, "a client certificate was not accepted");
        }
        match self.by_token(&request.headers).await {
            Some(found) => found,
            None if by_certificate.is_some() && peer.is_some_and(|peer| !self.comes_from_proxy(peer)) => {
                Err(Unknown::BadCredentials)
            }
            None if self.anonymous.admits(request.uri.path()) => Ok(Found::lasting(User::anonymous())),
            None => Err(Unknown::NoCredentials),
        }
    }

    /// By a token in a header or, where that is none or not good, in a subprotocol; nothing without any.
    async fn by_token(&self, headers: &HeaderMap) -> Option<Result<Found, Unknown>> {
        let mut outcome = None;
        for token in [bearer_token(headers), subprotocol::token(headers)]
            .into_iter()
            .flatten()
        {
            match self.tokens.user(&token).await {
                Ok(found) => {
                    return Some(Ok(Found {
                        user: found.user.clone().authenticated(),
                        until: found.until,
                    }));
                }
                Err(why) => {
                    tracing::debug!(why, "a token was not accepted");
                    outcome = Some(Err(Unknown::BadCredentials));
                }
            }
        }
        outcome
    }

    /// Whether a certificate is that of a proxy, and so says nothing of a user whom the proxy does not name: a router passes on
    /// requests of who sent it no credentials.
    fn comes_from_proxy(&self, peer: &Peer) -> bool {
        self.front_proxy
            .as_ref()
            .is_some_and(|proxies| proxies.is_proxy(peer))
    }

    /// [`Self::find`], counted.
    async fn counted(&self, request: &Parts) -> Result<Found, Unknown> {
        let begun = Instant::now();
        let found = self.find(request).await;
        let result = match &found {
            Ok(found) => {
                self.metrics.count_user(&found.user.name);
                "success"
            }
            Err(unknown) => unknown.result(),
        };
        self.metrics.attempts.count(result, begun.elapsed());
        found
    }

    /// Nothing behind needs secrets, or may believe what only a proxy may say.
    fn clean(&self, headers: &mut HeaderMap) {
        headers.remove(header::AUTHORIZATION);
        subprotocol::strip(headers);
        if let Some(proxy) = &self.front_proxy {
            proxy.names.strip(headers);
        }
        Names::default().strip(headers);
    }
}

impl Filter for Authentication {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let (mut parts, body) = request.into_parts();
        Box::pin(async move {
            match self.counted(&parts).await {
                Ok(found) => {
                    self.clean(&mut parts.headers);
                    parts.extensions.insert(found.user);
                    if let Some(until) = found.until {
                        parts.extensions.insert(GoodUntil(until));
                    }
                    next.run(Request::from_parts(parts, body)).await
                }
                Err(_) => {
                    if let Some(audit) = &self.audit {
                        tell_failed(audit, &Request::from_parts(parts, body));
                    }
                    status_response(&Status::unauthorized())
                }
            }
        })
    }
}

/// Whether a request brings a token, be it good or not.
pub fn brings_token(headers: &HeaderMap) -> bool {
    bearer_token(headers).is_some() || subprotocol::token(headers).is_some()
}

/// The token of an `Authorization: Bearer` header. An empty one counts as none; what is no text is a token, and a bad one.
fn bearer_token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes().trim_ascii();
    let mut words = value.split(|byte| *byte == b' ');
    let is_bearer = words.next()?.eq_ignore_ascii_case(b"bearer");
    let token = words.next().filter(|token| is_bearer && !token.is_empty())?;
    Some(String::from_utf8_lossy(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, text_response};
    use auth::authenticate::Authenticator;
    use auth::tokens::StaticTokens;
    use rustls::pki_types::CertificateDer;

    fn chain(anonymous: Anonymous) -> crate::http::Handler {
        let tokens = StaticTokens::parse("admintoken,admin,u,\"system:masters\"").expect("well formed");
        let nobody = || Arc::new(ClientAuthority::load(&[]).expect("nothing to read"));
        let filter = Authentication {
            front_proxy: Some(FrontProxy {
                authority: nobody(),
                names: Names {
                    allowed: vec!["proxy".to_owned()],
                    ..Names::default()
                },
            }),
            clients: nobody(),
            tokens: Arc::new(Tokens::new(vec![Authenticator::Static(tokens)], Vec::new())),
            anonymous,
            metrics: metrics::Authentication::default(),
            audit: None,
        };
        let who = handler_fn(|request: Request| async move {
            let secrets = ["authorization", "x-remote-user", "x-remote-group"];
            assert!(secrets.iter().all(|name| !request.headers().contains_key(*name)));
            let user = request.extensions().get::<User>().expect("set by the filter");
            text_response(http::StatusCode::OK, user.name.to_string())
        });
        Chain::new(vec![Box::new(filter)], who).into_handler()
    }

    async fn sent(headers: &[(&'static str, &str)], certificate: Option<&[u8]>) -> (u16, String) {
        let mut request = http::Request::new(Body::empty());
        for (name, value) in headers {
            let value = http::HeaderValue::from_bytes(value.as_bytes()).expect("a header");
            request.headers_mut().insert(*name, value);
        }
        let chain_of_peer = certificate
            .map(|der| CertificateDer::from(der.to_vec()))
            .into_iter()
            .collect();
        request
            .extensions_mut()
            .insert(Peer::new(([127, 0, 0, 1], 1).into(), chain_of_peer));
        let response = answer(chain(Anonymous::Yes), request).await;
        let code = response.status().as_u16();
        let body = crate::http::read_body(response.into_body(), 1_000)
            .await
            .expect("a short body");
        (code, String::from_utf8_lossy(&body).into_owned())
    }

    async fn outcome(authorization: &str, certificate: Option<&[u8]>) -> (u16, String) {
        match authorization {
            "" => sent(&[], certificate).await,
            value => sent(&[("authorization", value)], certificate).await,
        }
    }

    #[tokio::test]
    async fn tokens_and_their_absence_name_users() {
        assert_eq!(
            outcome("Bearer admintoken", None).await,
            (200, "admin".to_owned())
        );
        assert_eq!(
            outcome("bearer admintoken", None).await,
            (200, "admin".to_owned())
        );
        assert_eq!(outcome("", None).await, (200, "system:anonymous".to_owned()));
        assert_eq!(
            outcome("Bearer ", None).await,
            (200, "system:anonymous".to_owned())
        );
        assert_eq!(
            outcome("Basic eDp5", None).await,
            (200, "system:anonymous".to_owned())
        );
    }

    #[tokio::test]
    async fn bad_credentials_are_refused() {
        for token in ["other", "admintoken\u{e9}", "admin token", "\u{ff}"] {
            assert_eq!(outcome(&format!("Bearer {token}"), None).await.0, 401, "{token}");
        }
        let (code, body) = outcome("", Some(b"not a certificate")).await;
        assert_eq!(code, 401);
        assert!(body.contains(r#""message":"Unauthorized","reason":"Unauthorized","code":401"#));
        assert_eq!(
            outcome("Bearer admintoken", Some(b"not a certificate")).await.0,
            200
        );
    }

    #[tokio::test]
    async fn a_token_may_be_a_subprotocol_of_a_web_socket() {
        let socket = async |authorization: &str, protocols: &str| {
            let upgrade = [("connection", "Upgrade"), ("upgrade", "websocket")];
            let protocols = [("sec-websocket-protocol", protocols)];
            let authorization = [("authorization", authorization)];
            sent(&[&upgrade[..], &protocols, &authorization].concat(), None).await
        };
        // `admintoken` and `other`.
        let [good, bad] = ["YWRtaW50b2tlbg", "b3RoZXI"]
            .map(|token| format!("base64url.bearer.authorization.k8s.io.{token}, v4.channel.k8s.io"));
        assert_eq!(socket("", &good).await, (200, "admin".to_owned()));
        assert_eq!(socket("Bearer other", &good).await, (200, "admin".to_owned()));
        assert_eq!(socket("Bearer admintoken", &bad).await, (200, "admin".to_owned()));
        assert_eq!(socket("", &bad).await.0, 401);
        assert_eq!(socket("", "v4.channel.k8s.io").await.1, "system:anonymous");
    }

    #[tokio::test]
    async fn headers_of_a_proxy_name_nobody_without_its_certificate() {
        let spoofed = [("x-remote-user", "root"), ("x-remote-group", "system:masters")];
        assert_eq!(sent(&spoofed, None).await, (200, "system:anonymous".to_owned()));
        assert_eq!(sent(&spoofed, Some(b"not a certificate")).await.0, 401);
    }

    #[tokio::test]
    async fn anonymous_may_be_kept_out() {
        let code = |anonymous| async move {
            let request = http::Request::builder().uri("/livez").body(Body::empty());
            answer(chain(anonymous), request.expect("a request"))
                .await
                .status()
                .as_u16()
        };
        assert_eq!(code(Anonymous::No).await, 401);
        assert_eq!(code(Anonymous::To(vec!["/livez".to_owned()])).await, 200);
        assert_eq!(code(Anonymous::To(vec!["/readyz".to_owned()])).await, 401);
    }
}
