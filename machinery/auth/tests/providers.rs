//! OIDC providers and webhooks as real HTTP servers, which also answer garbage, are late, and go away.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use schema::{Value, json, tree};
use shardplane_auth::User;
use shardplane_auth::authenticate::oidc::{Mapping, Oidc, Prefixed, Provider, Source};
use shardplane_auth::authenticate::webhook::Webhook as TokenWebhook;
use shardplane_auth::authenticate::{Authenticator, Tokens, unix_seconds};
use shardplane_auth::authorize::webhook::{Settings, Webhook};
use shardplane_auth::authorize::{Attributes, Verdict};
use shardplane_auth::client::{Caller, Client, Kubeconfig, Trust};
use shardplane_auth::jwt::keys::SigningKey;

type ChangeClaims<'a> = &'a dyn Fn(&mut schema::Map);
type Answer = Arc<Mutex<Box<dyn FnMut(&str, &Value) -> (u16, String) + Send>>>;

struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

/// A server on a free port that answers every request by a function of path and body.
async fn serve(answer: impl FnMut(&str, &Value) -> (u16, String) + Send + 'static) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let answer: Answer = Arc::new(Mutex::new(Box::new(answer)));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, count) = (answer.clone(), count.clone());
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let (answer, count) = (answer.clone(), count.clone());
                async move {
                    count.fetch_add(1, Ordering::SeqCst);
                    let path = request.uri().path().to_owned();
                    let body = request
                        .into_body()
                        .collect()
                        .await
                        .map(|body| body.to_bytes())
                        .unwrap_or_default();
                    let body = json::parse(&body).unwrap_or_default();
                    let (code, text) = (answer.lock().expect("no panics"))(&path, &body);
                    let response = Response::builder()
                        .status(code)
                        .body(Full::new(Bytes::from(text)));
                    Ok::<_, Infallible>(response.expect("a response"))
                }
            });
            tokio::spawn(async move {
                let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Server { url, asked, task }
}

fn caller(url: &str, timeout: Duration) -> Caller {
    let kubeconfig = Kubeconfig {
        server: url.to_owned(),
        ..Kubeconfig::default()
    };
    let caller = Caller::new(kubeconfig, timeout).expect("a client");
    caller.with_tries(2, Duration::from_millis(1))
}

fn a_key() -> SigningKey {
    SigningKey::of_pem(
        rcgen::KeyPair::generate()
            .expect("a key")
            .serialize_pem()
            .as_bytes(),
    )
    .expect("good")
}

fn oidc(issuer: &str) -> Oidc {
    let client = Client::new(&Trust::default()).expect("a client");
    let algorithms = vec![jsonwebtoken::Algorithm::ES256];
    let mapping = Mapping {
        username: Source::Claim(Prefixed {
            claim: "sub".to_owned(),
            prefix: "oidc:".to_owned(),
        }),
        ..Mapping::default()
    };
    Oidc::new(
        Provider::new(issuer, None, client, algorithms),
        vec!["us".into()],
        mapping,
    )
}

/// A provider with a key; what it says of itself is its own URL.
async fn provider(keys: Arc<Mutex<Vec<Value>>>) -> Server {
    let url = Arc::new(Mutex::new(String::new()));
    let own = url.clone();
    let server = serve(move |path, _| {
        let own = own.lock().expect("no panics");
        match path {
            "/.well-known/openid-configuration" => (
                200,
                json::to_string(&tree!({"issuer": (own.clone()), "jwks_uri": (format!("{own}/keys"))})),
            ),
            _ => (
                200,
                json::to_string(&tree!({"keys": (Value::List(keys.lock().expect("no panics").clone()))})),
            ),
        }
    })
    .await;
    url.lock().expect("no panics").clone_from(&server.url);
    server
}

#[tokio::test]
async fn tokens_of_a_provider_are_checked_in_every_way() {
    let key = a_key();
    let server = provider(Arc::new(Mutex::new(vec![key.public().to_jwk()]))).await;
    let oidc = oidc(&server.url);
    let now = unix_seconds();
    let claims = |change: &dyn Fn(&mut schema::Map)| {
        let mut claims = tree!({"iss": (server.url.clone()), "aud": "us", "sub": "joe", "exp": (now + 60)});
        change(claims.as_map_mut().expect("a map"));
        key.token(&claims).expect("signed")
    };
    let (user, until) = oidc.user(&claims(&|_| {})).await.expect("good").expect("its own");
    assert_eq!((user.name.as_str(), until), ("oidc:joe", now + 60));
    let bad: [(&str, ChangeClaims<'_>); 5] = [
        ("expired", &|claims| drop(claims.insert("exp", now - 5))),
        ("expiry", &|claims| drop(claims.remove("exp"))),
        ("audience", &|claims| drop(claims.insert("aud", "them"))),
        ("not valid yet", &|claims| drop(claims.insert("nbf", now + 3_600))),
        ("sub", &|claims| drop(claims.remove("sub"))),
    ];
    for (told, change) in bad {
        let error = oidc.user(&claims(change)).await.expect_err(told);
        assert!(error.starts_with("oidc: ") && error.contains(told), "{error}");
    }
    assert_eq!(
        oidc.user(&claims(&|claims| drop(claims.insert("iss", "https://other"))))
            .await,
        Ok(None)
    );
    assert_eq!(oidc.user("no.token.at all").await, Ok(None));
    // Discovery and the key set were each read once, however many tokens came.
    assert_eq!(server.asked.load(Ordering::SeqCst), 2);
    let forged =
        a_key().token(&tree!({"iss": (server.url.clone()), "aud": "us", "sub": "joe", "exp": (now + 60)}));
    assert!(
        oidc.user(&forged.expect("signed"))
            .await
            .expect_err("forged")
            .contains("signature")
    );
    assert_eq!(
        server.asked.load(Ordering::SeqCst),
        2,
        "unknown keys do not make us ask again at once"
    );
}

#[tokio::test]
async fn a_provider_that_is_gone_or_lies_lets_nobody_in() {
    let now = unix_seconds();
    let key = a_key();
    let token = |issuer: &str| {
        key.token(&tree!({"iss": issuer, "aud": "us", "sub": "joe", "exp": (now + 60)}))
            .expect("signed")
    };
    let liar = serve(|_, _| {
        (
            200,
            "{\"issuer\":\"https://other\",\"jwks_uri\":\"x\"}".to_owned(),
        )
    })
    .await;
    assert!(
        oidc(&liar.url)
            .user(&token(&liar.url))
            .await
            .expect_err("a liar")
            .contains("issuer did not match")
    );
    let garbage = serve(|_, _| (200, "<html>".to_owned())).await;
    assert!(oidc(&garbage.url).user(&token(&garbage.url)).await.is_err());
    garbage.task.abort();
    let gone = garbage.url.clone();
    assert!(oidc(&gone).user(&token(&gone)).await.is_err());
}

#[tokio::test]
async fn a_webhook_decides_and_is_remembered() {
    let server = serve(|_, review| {
        let user = review.str_at(&["spec", "user"]).unwrap_or_default();
        let status = match user {
            "good" => tree!({"allowed": true, "reason": "fine"}),
            "bad" => tree!({"allowed": false, "denied": true, "reason": "never"}),
            _ => tree!({"allowed": false}),
        };
        (200, json::to_string(&tree!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "status": status})))
    })
    .await;
    let webhook = Webhook::new(caller(&server.url, Duration::from_secs(5)), Settings::default());
    let get = Attributes::resource("get", "", "pods", "a", "p");
    let ask = |name: &str| {
        let (webhook, user) = (&webhook, User::new(name, "", &[]));
        async move { webhook.decide(&user, &get).await }
    };
    assert_eq!(ask("good").await.reason, "fine");
    assert_eq!(ask("bad").await.verdict, Verdict::Deny);
    assert_eq!(ask("other").await.verdict, Verdict::NoOpinion);
    assert_eq!(ask("good").await.verdict, Verdict::Allow);
    assert_eq!(server.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_webhook_that_fails_means_what_is_configured() {
    let broken = serve(|_, _| (500, String::new())).await;
    let garbage = serve(|_, _| (200, "[]".to_owned())).await;
    let both = serve(|_, _| (200, "{\"status\":{\"allowed\":true,\"denied\":true}}".to_owned())).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let late = format!("http://{}", silent.local_addr().expect("bound"));
    let get = Attributes::resource("get", "", "pods", "a", "p");
    for url in [&broken.url, &garbage.url, &both.url, &late] {
        for denies in [false, true] {
            let settings = Settings {
                denies_on_failure: denies,
                ..Settings::default()
            };
            let webhook = Webhook::new(caller(url, Duration::from_millis(200)), settings);
            let decision = webhook.decide(&User::new("joe", "", &[]), &get).await;
            let wanted = if denies { Verdict::Deny } else { Verdict::NoOpinion };
            assert_eq!(decision.verdict, wanted, "{url}");
            assert!(decision.error.is_some(), "{url}");
        }
    }
    assert_eq!(
        broken.asked.load(Ordering::SeqCst),
        4,
        "asked again once each time"
    );
}

/// A token in the form of a JWT, `{"alg":"RS256"}` and `{"exp":4102444800}`, whose signature is the webhook's affair.
const ENDING: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln";

#[tokio::test]
async fn a_token_webhook_names_users() {
    let server = serve(|_, review| {
        let status = match review.str_at(&["spec", "token"]) {
            Some("good") => tree!({"authenticated": true, "user": {"username": "joe", "groups": ["g"], "extra": {"k": ["v"]}}}),
            Some("aimed") => tree!({"authenticated": true, "audiences": ["them"], "user": {"username": "joe"}}),
            Some("wrong") => tree!({"authenticated": false, "error": "told so"}),
            Some(token) if token == ENDING => tree!({"authenticated": true, "user": {"username": "sue"}}),
            _ => tree!({"authenticated": false}),
        };
        (200, json::to_string(&tree!({"status": status})))
    })
    .await;
    let webhook = TokenWebhook::new(
        caller(&server.url, Duration::from_secs(5)),
        "v1",
        Duration::from_secs(60),
    );
    let tokens = Tokens::new(vec![Authenticator::Webhook(Box::new(webhook))], vec!["us".into()]);
    let found = tokens.user("good").await.expect("known");
    assert_eq!(
        (found.user.name.as_str(), found.user.extra["k"].as_slice()),
        ("joe", &["v".into()][..])
    );
    assert_eq!(
        (found.audiences.as_slice(), found.until),
        (&["us".into()][..], None)
    );
    assert_eq!(
        tokens.user(ENDING).await.expect("known").until,
        Some(4_102_444_800)
    );
    assert_eq!(tokens.user("aimed").await, Err("invalid bearer token".to_owned()));
    assert_eq!(tokens.user("other").await, Err("invalid bearer token".to_owned()));
    assert_eq!(
        tokens.user("wrong").await,
        Err("[invalid bearer token, told so]".to_owned())
    );
}
