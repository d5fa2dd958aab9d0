//! The matrix of service account tokens: what is good, and every way in which a token may be bad. Also fuzzing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use schema::{Value, json, tree};
use shardplane_auth::authenticate::service_account::ServiceAccounts;
use shardplane_auth::authenticate::service_account::documents::Documents;
use shardplane_auth::authenticate::service_account::mint::{Bound, Minter};
use shardplane_auth::authenticate::{Authenticator, Tokens, unix_seconds};
use shardplane_auth::jwt::keys::{KeySet, PublicKey, SigningKey};
use shardplane_auth::objects::{Kind, Objects};
use smol_str::SmolStr;

const ISSUER: &str = "https://kubernetes.default.svc";

#[derive(Default)]
struct Cluster(Mutex<HashMap<(Kind, String, String), Value>>);

#[async_trait]
impl Objects for Cluster {
    async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Value>, String> {
        let objects = self.0.lock().expect("no panics");
        Ok(objects
            .get(&(kind, namespace.to_owned(), name.to_owned()))
            .cloned())
    }
}

impl Cluster {
    fn put(&self, kind: Kind, namespace: &str, name: &str, uid: &str) -> Value {
        let object = tree!({"metadata": {"namespace": namespace, "name": name, "uid": uid}});
        self.set(kind, namespace, name, Some(object.clone()));
        object
    }

    fn set(&self, kind: Kind, namespace: &str, name: &str, object: Option<Value>) {
        let mut objects = self.0.lock().expect("no panics");
        let key = (kind, namespace.to_owned(), name.to_owned());
        match object {
            Some(object) => drop(objects.insert(key, object)),
            None => drop(objects.remove(&key)),
        }
    }
}

struct World {
    cluster: Arc<Cluster>,
    account: Value,
    pem: String,
    key: SigningKey,
    tokens: Tokens,
}

fn pem() -> String {
    rcgen::KeyPair::generate().expect("a key").serialize_pem()
}

fn world() -> World {
    let cluster = Arc::new(Cluster::default());
    let account = cluster.put(Kind::ServiceAccount, "n", "sa", "u1");
    let pem = pem();
    let key = SigningKey::of_pem(pem.as_bytes()).expect("a good key");
    let keys = Arc::new(KeySet::new(vec![key.public().clone()]));
    let accounts = ServiceAccounts::new(vec![ISSUER.into()], keys, cluster.clone());
    let tokens = Tokens::new(
        vec![Authenticator::ServiceAccounts(accounts)],
        vec![ISSUER.into()],
    );
    World {
        cluster,
        account,
        pem,
        key,
        tokens,
    }
}

impl World {
    fn mint(&self, bound: Bound<'_>, audiences: &[&str]) -> String {
        let minter = Minter::new(ISSUER, self.key.clone(), true);
        let audiences: Vec<SmolStr> = audiences.iter().map(SmolStr::new).collect();
        minter
            .mint(&self.account, bound, &audiences, 3_600, unix_seconds())
            .expect("signed")
            .token
    }

    fn good(&self) -> String {
        self.mint(Bound::default(), &[ISSUER])
    }

    /// The claims of a good token, changed, signed by the same key.
    fn changed(&self, change: impl FnOnce(&mut schema::Map)) -> String {
        let good = self.good();
        let claims = good.split('.').nth(1).expect("three parts");
        let mut claims = json::parse(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
        change(claims.as_map_mut().expect("a map"));
        self.key.token(&claims).expect("signed")
    }

    async fn error(&self, token: &str) -> String {
        self.tokens.user(token).await.expect_err("a bad token")
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json::to_string(value))
}

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
async fn what_a_token_is_bound_to_is_checked_as_it_is_now() {
    let world = world();
    let pod = world.cluster.put(Kind::Pod, "n", "p", "u2");
    let secret = world.cluster.put(Kind::Secret, "n", "s", "u3");
    let node = world.cluster.put(Kind::Node, "", "w", "u4");
    let to_pod = world.mint(
        Bound {
            pod: Some(&pod),
            node: Some(&node),
            ..Bound::default()
        },
        &[ISSUER],
    );
    let to_secret = world.mint(
        Bound {
            secret: Some(&secret),
            ..Bound::default()
        },
        &[ISSUER],
    );
    let to_node = world.mint(
        Bound {
            node: Some(&node),
            ..Bound::default()
        },
        &[ISSUER],
    );
    let review = |token: String| {
        let tokens = &world.tokens;
        async move { tokens.review(&token, &[ISSUER.into()]).await }
    };
    let user = review(to_pod.clone()).await.expect("good").user;
    for (key, value) in [
        ("pod-name", "p"),
        ("pod-uid", "u2"),
        ("node-name", "w"),
        ("node-uid", "u4"),
    ] {
        assert_eq!(
            user.extra[format!("authentication.kubernetes.io/{key}").as_str()],
            [value]
        );
    }
    for token in [&to_secret, &to_node] {
        review(token.clone()).await.expect("good");
    }
    world.cluster.put(Kind::Pod, "n", "p", "another");
    world.cluster.set(Kind::Secret, "n", "s", None);
    world.cluster.set(Kind::Node, "", "w", None);
    for token in [to_pod, to_secret, to_node] {
        assert!(review(token).await.is_err());
    }
    let plain = world.good();
    review(plain.clone()).await.expect("good");
    let old = tree!({"metadata": {"namespace": "n", "name": "sa", "uid": "u1", "deletionTimestamp": "2020-01-01T00:00:00Z"}});
    world.cluster.set(Kind::ServiceAccount, "n", "sa", Some(old));
    assert!(
        review(plain.clone())
            .await
            .expect_err("deleted")
            .contains("has been deleted")
    );
    world.cluster.put(Kind::ServiceAccount, "n", "sa", "u9");
    assert!(
        review(plain)
            .await
            .expect_err("another")
            .contains("does not match claim")
    );
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

proptest! {
    #[test]
    fn any_bytes_are_refused_calmly(token in "\\PC{0,300}") {
        prop_assert!(shardplane_auth::jwt::Unverified::parse(&token).is_none());
    }

    #[test]
    fn damaged_tokens_are_refused(at in 0usize..2_000, to in "[A-Za-z0-9_.-]") {
        let world = world();
        let good = world.good();
        let at = at % good.len();
        let damaged = format!("{}{to}{}", &good[..at], &good[at + 1..]);
        // The last characters of parts hold bits that decode to nothing; those are refused too, or decode to the same.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let outcome = runtime.block_on(world.tokens.review(&damaged, &[ISSUER.into()]));
        prop_assert!(damaged == good || outcome.is_err(), "{damaged}");
    }
}
