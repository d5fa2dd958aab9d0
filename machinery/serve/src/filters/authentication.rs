//! Finds out who makes a request, from its client certificate or bearer token, and puts the [`User`] into its extensions.
//! Credentials that are not good are answered with 401; who sends none is anonymous.

use std::sync::Arc;

use auth::User;
use auth::tokens::StaticTokens;
use http::{HeaderMap, header};

use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, status_response};
use crate::peer::Peer;
use crate::status::Status;
use crate::tls::ClientAuthority;

/// The authenticators, asked in order; the first that knows the user wins.
pub struct Authentication {
    /// Of client certificates.
    pub clients: Arc<ClientAuthority>,
    /// Static bearer tokens.
    pub tokens: Arc<StaticTokens>,
}

impl Authentication {
    /// `None` when the request's credentials are not good.
    fn user(&self, request: &Request) -> Option<User> {
        let peer = request
            .extensions()
            .get::<Peer>()
            .filter(|peer| peer.has_certificate());
        let by_certificate = peer.map(|peer| peer.user(&self.clients));
        if let Some(Ok(user)) = by_certificate {
            return Some(user);
        }
        if let Some(Err(why)) = &by_certificate {
            tracing::debug!(why, "a client certificate was not accepted");
        }
        match bearer_token(request.headers()) {
            Some(token) => self.tokens.user(token).cloned(),
            None if by_certificate.is_some() => None,
            None => Some(User::anonymous()),
        }
    }
}

impl Filter for Authentication {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        match self.user(&request) {
            Some(user) => {
                // Nothing behind needs the secret.
                request.headers_mut().remove(header::AUTHORIZATION);
                request.extensions_mut().insert(user);
                next.run(request)
            }
            None => Box::pin(async { status_response(&Status::unauthorized()) }),
        }
    }
}

/// The token of an `Authorization: Bearer` header. An empty one counts as none.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut words = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .trim()
        .split(' ');
    let is_bearer = words.next()?.eq_ignore_ascii_case("bearer");
    words.next().filter(|token| is_bearer && !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, text_response};
    use rustls::pki_types::CertificateDer;

    fn chain() -> crate::http::Handler {
        let tokens = StaticTokens::parse("admintoken,admin,u,\"system:masters\"").expect("well formed");
        let clients = ClientAuthority::load(&[]).expect("nothing to read");
        let filter = Authentication {
            clients: Arc::new(clients),
            tokens: Arc::new(tokens),
        };
        let who = handler_fn(|request: Request| async move {
            assert!(!request.headers().contains_key("authorization"));
            let name = request
                .extensions()
                .get::<User>()
                .expect("set by the filter")
                .name
                .to_string();
            text_response(http::StatusCode::OK, name)
        });
        Chain::new(vec![Box::new(filter)], who).into_handler()
    }

    async fn outcome(authorization: &str, certificate: Option<&[u8]>) -> (u16, String) {
        let mut request = http::Request::new(Body::empty());
        if !authorization.is_empty() {
            let value = authorization.parse().expect("a header");
            request.headers_mut().insert("authorization", value);
        }
        let chain_of_peer = certificate
            .map(|der| CertificateDer::from(der.to_vec()))
            .into_iter()
            .collect();
        request
            .extensions_mut()
            .insert(Peer::new(([127, 0, 0, 1], 1).into(), chain_of_peer));
        let response = answer(chain(), request).await;
        let code = response.status().as_u16();
        let body = crate::http::read_body(response.into_body(), 1_000)
            .await
            .expect("a short body");
        (code, String::from_utf8_lossy(&body).into_owned())
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
        assert_eq!(outcome("Bearer other", None).await.0, 401);
        let (code, body) = outcome("", Some(b"not a certificate")).await;
        assert_eq!(code, 401);
        assert!(body.contains(r#""message":"Unauthorized","reason":"Unauthorized","code":401"#));
        assert_eq!(
            outcome("Bearer admintoken", Some(b"not a certificate")).await.0,
            200
        );
    }
}
