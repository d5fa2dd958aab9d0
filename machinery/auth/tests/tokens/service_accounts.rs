//! Tokens of service accounts: what is good, and every way in which a token may be bad.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use schema::{Value, json, tree};
use shardplane_auth::authenticate::service_account::documents::Documents;
use shardplane_auth::authenticate::service_account::mint::Bound;
use shardplane_auth::authenticate::unix_seconds;
use shardplane_auth::jwt::keys::{PublicKey, SigningKey};
use shardplane_auth::objects::Kind;

use crate::world::{ISSUER, encoded, pem, world};

#[tokio::test]
async fn a_good_token_names_its_account() {
    let world = world();
    let found = world.tokens.user(&world.good()).await.expect("good");
    assert_eq!(found.user.name, "system:serviceaccount:n:sa");
    assert_eq!(found.user.uid, "u1");
    assert_eq!(
        found.user.groups,
        ["system:serviceaccounts", "system:serviceaccounts:n"]
    );
    let id = &found.user.extra["authentication.kubernetes.io/credential-id"][0];
    assert!(id.starts_with("JTI=") && id.len() == 40, "{id}");
    assert_eq!(found.audiences, [ISSUER]);
}

#[tokio::test]
async fn times_and_names_are_checked() {
    let world = world();
    let now = unix_seconds();
    let cases: [(&str, String); 9] = [
        (
            "expired",
            world.changed(|claims| drop(claims.insert("exp", now - 61))),
        ),
        ("expired", world.changed(|claims| drop(claims.remove("exp")))),
        (
            "not valid yet",
            world.changed(|claims| drop(claims.insert("nbf", now + 61))),
        ),
        (
            "in the future",
            world.changed(|claims| drop(claims.insert("iat", now + 61))),
        ),
        (
            "could not be validated",
            world.changed(|claims| drop(claims.insert("exp", "soon"))),
        ),
        (
            "could not be validated",
            world.changed(|claims| drop(claims.insert("sub", "system:serviceaccount:n:other"))),
        ),
        (
            "could not be validated",
            world.changed(|claims| drop(claims.remove("kubernetes.io"))),
        ),
        (
            "invalid for the target audiences",
            world.changed(|claims| drop(claims.insert("aud", tree!(["other"])))),
        ),
        (
            "invalid for the target audiences",
            world.mint(Bound::default(), &["other"]),
        ),
    ];
    for (told, token) in cases {
        let error = world.error(&token).await;
        assert!(
            error.starts_with("[invalid bearer token, ") && error.contains(told),
            "{told}: {error}"
        );
    }
    assert_eq!(
        world
            .error(&world.changed(|claims| drop(claims.insert("iss", "https://other"))))
            .await,
        "invalid bearer token"
    );
}

#[tokio::test]
async fn audiences_are_told_as_by_the_reference() {
    let world = world();
    let token = world.mint(Bound::default(), &["other-alpha"]);
    assert_eq!(
        world.error(&token).await,
        "[invalid bearer token, token audiences [\"other-alpha\"] is invalid for the target audiences \
         [\"https://kubernetes.default.svc\"]]"
    );
    let found = world
        .tokens
        .review(&token, &["other-alpha".into(), "x".into()])
        .await
        .expect("for them");
    assert_eq!(found.audiences, ["other-alpha"]);
}

#[tokio::test]
async fn signatures_cannot_be_forged() {
    let world = world();
    let good = world.good();
    let [header, claims, signature]: [&str; 3] = good
        .split('.')
        .collect::<Vec<_>>()
        .try_into()
        .expect("three parts");
    let with_header = |header: Value| format!("{}.{claims}", encoded(&header));
    let none = with_header(tree!({"alg": "none"}));
    let other = SigningKey::of_pem(pem().as_bytes()).expect("a key");
    let by_other = {
        let claims = json::parse(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
        other.token(&claims).expect("signed")
    };
    // A shared secret made of the public key: the classic confusion of kinds of keys.
    let hmac = with_header(tree!({"alg": "HS256", "kid": (world.key.public().id.clone())}));
    let secrets = [json::to_string(&world.key.public().to_jwk()), world.pem.clone()];
    let forged = secrets.iter().map(|secret| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, hmac.as_bytes());
        format!("{hmac}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    });
    let mut bad = vec![
        format!("{none}."),
        format!("{none}.{signature}"),
        format!("{}.{signature}", with_header(tree!({"alg": "RS256"}))),
        format!("{}.{signature}", with_header(tree!({"alg": "ES384"}))),
        format!(
            "{}.{signature}",
            with_header(tree!({"alg": "ES256", "crit": ["exp"]}))
        ),
        format!("{header}.{claims}."),
        format!("{header}.{claims}.{}", &signature[..signature.len() - 2]),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{}.{signature}", encoded(&tree!({"iss": ISSUER}))),
        by_other,
        format!("{good}{}", "A".repeat(20_000)),
    ];
    bad.extend(forged);
    for token in bad {
        assert!(world.tokens.user(&token).await.is_err(), "{token}");
    }
}

#[tokio::test]
async fn a_revoked_token_counts_for_a_second_at_most() {
    let world = world();
    let token = world.good();
    world.tokens.user(&token).await.expect("good");
    world.cluster.set(Kind::ServiceAccount, "n", "sa", None);
    let begun = std::time::Instant::now();
    while world.tokens.user(&token).await.is_ok() {
        assert!(begun.elapsed().as_secs() < 5, "still good");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed().as_millis() < 2_000, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn old_tokens_are_as_good_as_their_secrets() {
    let world = world();
    let token = world
        .key
        .token(&tree!({
            "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:n:sa",
            "kubernetes.io/serviceaccount/namespace": "n", "kubernetes.io/serviceaccount/secret.name": "old",
            "kubernetes.io/serviceaccount/service-account.name": "sa", "kubernetes.io/serviceaccount/service-account.uid": "u1",
        }))
        .expect("signed");
    assert!(world.error(&token).await.contains("Token has been invalidated"));
    let secret =
        |content: &str| tree!({"metadata": {"name": "old"}, "data": {"token": (STANDARD.encode(content))}});
    world
        .cluster
        .set(Kind::Secret, "n", "old", Some(secret("another")));
    assert!(world.error(&token).await.contains("Token has been invalidated"));
    world.cluster.set(Kind::Secret, "n", "old", Some(secret(&token)));
    let user = &world.tokens.user(&token).await.expect("good").user;
    assert_eq!(
        (user.name.as_str(), user.uid.as_str()),
        ("system:serviceaccount:n:sa", "u1")
    );
}

#[test]
fn keys_are_told_so_that_others_can_check() {
    let key = SigningKey::of_pem(pem().as_bytes()).expect("a key");
    let documents =
        Documents::new(ISSUER, "https://x/openid/v1/jwks", &[key.public().clone()]).expect("an https issuer");
    let keys = json::parse(documents.keys.as_bytes()).expect("JSON");
    let told = PublicKey::of_jwk(&keys.list_at(&["keys"])[0]).expect("a key");
    let token = key.token(&tree!({"a": 1i64})).expect("signed");
    let parsed = shardplane_auth::jwt::Unverified::parse(&token).expect("a token");
    assert_eq!(parsed.verify([told].iter()), Ok(()));
    assert!(Documents::new("kubernetes", "https://x", &[]).is_none());
}
