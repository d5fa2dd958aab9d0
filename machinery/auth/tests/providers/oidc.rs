//! OIDC providers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schema::{Value, json, tree};
use shardplane_auth::authenticate::oidc::{Mapping, Oidc, Prefixed, Provider, Source};
use shardplane_auth::authenticate::unix_seconds;
use shardplane_auth::client::{Client, Trust};
use shardplane_auth::jwt::Algorithm;
use shardplane_auth::jwt::keys::SigningKey;
use shardplane_auth::limits::TOKEN_BYTES_MAX;

use crate::server::{Server, serve};

type ChangeClaims<'a> = &'a dyn Fn(&mut schema::Map);

pub fn a_key() -> SigningKey {
    SigningKey::of_pem(
        rcgen::KeyPair::generate()
            .expect("a key")
            .serialize_pem()
            .as_bytes(),
    )
    .expect("good")
}

pub fn oidc(issuer: &str) -> Oidc {
    let client = Client::new(&Trust::default()).expect("a client");
    let algorithms = vec![Algorithm::ES256];
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
pub async fn provider(keys: Arc<Mutex<Vec<Value>>>) -> Server {
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
async fn signatures_cannot_be_forged() {
    let key = a_key();
    let server = provider(Arc::new(Mutex::new(vec![
        key.public().to_jwk(),
        // Nobody's shared secret counts, whoever publishes it.
        tree!({"kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256"}),
        tree!({"kty": "EC", "crv": "P-256", "kid": "not a point", "x": "AA", "y": "AA"}),
    ])))
    .await;
    let oidc = oidc(&server.url);
    let claims =
        tree!({"iss": (server.url.clone()), "aud": "us", "sub": "joe", "exp": (unix_seconds() + 60)});
    let good = key.token(&claims).expect("signed");
    assert!(oidc.user(&good).await.is_ok());
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (_, payload) = signed.split_once('.').expect("three parts");
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(json::to_string(value));
    let with_header = |header: Value| format!("{}.{payload}", part(&header));
    let by_secret = |header: Value, secret: &[u8]| {
        let signed = with_header(header);
        let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&secret, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    };
    let kid = key.public().id.clone();
    let root = tree!({"iss": (server.url.clone()), "aud": "us", "sub": "root", "exp": (unix_seconds() + 60)});
    let forged = [
        format!("{}.", with_header(tree!({"alg": "none"}))),
        format!("{}.{signature}", with_header(tree!({"alg": "none"}))),
        format!(
            "{}.{signature}",
            with_header(tree!({"alg": "ES384", "kid": (kid.clone())}))
        ),
        format!(
            "{}.{signature}",
            with_header(tree!({"alg": "RS256", "kid": (kid.clone())}))
        ),
        format!(
            "{}.{signature}",
            with_header(tree!({"alg": "ES256", "kid": "not a point"}))
        ),
        // Shared secrets made of what everybody can read: the classic confusion of kinds of keys.
        by_secret(tree!({"alg": "HS256", "kid": "shared"}), b"secret"),
        by_secret(
            tree!({"alg": "HS256", "kid": (kid.clone())}),
            json::to_string(&key.public().to_jwk()).as_bytes(),
        ),
        // A key in the token itself is no key.
        {
            let own = a_key();
            let token = own.token(&root).expect("signed");
            let (_, rest) = token.split_once('.').expect("three parts");
            let header = tree!({"alg": "ES256", "jwk": (own.public().to_jwk())});
            format!("{}.{rest}", part(&header))
        },
        format!("{signed}."),
        format!("{signed}.{}", &signature[..signature.len() - 2]),
        format!(
            "{}.{}.{signature}",
            signed.split_once('.').expect("three parts").0,
            part(&root)
        ),
        a_key().token(&claims).expect("signed"),
    ];
    for token in forged {
        let error = oidc.user(&token).await.expect_err(&token);
        assert!(error.starts_with("oidc: verify token: "), "{error}");
    }
    // No tokens of anybody: others may know them.
    for token in [
        String::new(),
        "..".to_owned(),
        signed.to_owned(),
        format!("{good}.{signature}"),
        format!("{good}{}", "A".repeat(TOKEN_BYTES_MAX)),
        format!(
            "{}.{signature}",
            with_header(tree!({"alg": "ES256", "crit": ["exp"]}))
        ),
    ] {
        assert_eq!(oidc.user(&token).await, Ok(None), "{token}");
    }
}

#[tokio::test]
async fn keys_that_a_provider_exchanges_count_and_its_old_ones_do_not() {
    let (old, new) = (a_key(), a_key());
    let keys = Arc::new(Mutex::new(vec![old.public().to_jwk()]));
    let server = provider(keys.clone()).await;
    let claims =
        tree!({"iss": (server.url.clone()), "aud": "us", "sub": "joe", "exp": (unix_seconds() + 60)});
    let (of_old, of_new) = (
        old.token(&claims).expect("signed"),
        new.token(&claims).expect("signed"),
    );
    let before = oidc(&server.url);
    assert!(before.user(&of_old).await.is_ok() && before.user(&of_new).await.is_err());
    *keys.lock().expect("no panics") = vec![new.public().to_jwk()];
    let after = oidc(&server.url);
    assert!(after.user(&of_new).await.is_ok() && after.user(&of_old).await.is_err());
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
