//! Tokens that somebody is given as they are: those of a file, and those of nodes that join.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use schema::{Map, Value, tree};
use shardplane_auth::authenticate::bootstrap::BootstrapTokens;
use shardplane_auth::authenticate::{Authenticator, Tokens};
use shardplane_auth::limits::TOKEN_BYTES_MAX;
use shardplane_auth::objects::Kind;
use shardplane_auth::tokens::StaticTokens;

use crate::world::{Cluster, config};

const FILE: &str =
    "s3cret,joe,7,\"dev,ops\"\nother,\"jane, of ops\",8\n,nobody,9,system:masters\n\n\"quo\"\"ted\",q,10\n";

fn of_file(text: &str) -> Tokens {
    let tokens = StaticTokens::parse(text).expect("well formed");
    Tokens::new(vec![Authenticator::Static(tokens)], vec!["us".into()])
}

#[tokio::test]
async fn a_token_of_a_file_is_it_exactly() {
    let tokens = of_file(FILE);
    let found = tokens.user("s3cret").await.expect("listed");
    assert_eq!((found.user.name.as_str(), found.user.uid.as_str()), ("joe", "7"));
    assert_eq!(found.user.groups, ["dev", "ops", "system:authenticated"]);
    assert_eq!(
        tokens.user("other").await.expect("listed").user.name,
        "jane, of ops"
    );
    assert_eq!(tokens.user("quo\"ted").await.expect("listed").user.name, "q");
    let long = "s3cret".repeat(TOKEN_BYTES_MAX / 6 + 1);
    for token in [
        "",
        "s3cre",
        "s3cret ",
        " s3cret",
        "S3cret",
        "s3cret\0",
        "s3cret,joe",
        "joe",
        "nobody",
        "\"quo\"\"ted\"",
        &long,
    ] {
        assert_eq!(
            tokens.user(token).await.map(drop),
            Err("invalid bearer token".to_owned()),
            "{token}"
        );
    }
    for (audiences, is_good) in [(&["us"][..], true), (&["them", "us"], true), (&["them"], false)] {
        let audiences: Vec<_> = audiences.iter().map(|audience| (*audience).into()).collect();
        assert_eq!(
            tokens.review("s3cret", &audiences).await.is_ok(),
            is_good,
            "{audiences:?}"
        );
    }
}

const PATH: (Kind, &str, &str) = (Kind::Secret, "kube-system", "bootstrap-token-abcdef");
const JOINS: &str = "abcdef.0123456789abcdef";

fn secret(changes: &[(&str, Option<&str>)]) -> Value {
    let mut data: Map = [
        ("token-id", "abcdef"),
        ("token-secret", "0123456789abcdef"),
        ("usage-bootstrap-authentication", "true"),
        ("expiration", "2100-01-01T00:00:00Z"),
    ]
    .iter()
    .map(|(field, text)| ((*field).into(), Value::from(STANDARD.encode(text))))
    .collect();
    for (field, text) in changes {
        match text {
            Some(text) => drop(data.insert(*field, STANDARD.encode(text))),
            None => drop(data.remove(field)),
        }
    }
    tree!({"type": "bootstrap.kubernetes.io/token", "metadata": {"name": (PATH.2)}, "data": data})
}

fn joining() -> (std::sync::Arc<Cluster>, Tokens) {
    let cluster = std::sync::Arc::new(Cluster::default());
    let bootstrap = BootstrapTokens::new(cluster.clone());
    (
        cluster,
        Tokens::new(vec![Authenticator::Bootstrap(bootstrap)], vec!["us".into()]),
    )
}

#[tokio::test]
async fn a_token_of_a_joining_node_is_as_good_as_its_secret() {
    let (cluster, tokens) = joining();
    let review = async |token: &str| tokens.review(token, &["us".into()]).await;
    let put = |object| cluster.set(PATH.0, PATH.1, PATH.2, object);
    assert!(review(JOINS).await.is_err());
    put(Some(secret(&[])));
    let found = review(JOINS).await.expect("good");
    assert_eq!(
        (found.user.name.as_str(), found.until),
        ("system:bootstrap:abcdef", Some(4_102_444_800))
    );
    assert!(tokens.review(JOINS, &["them".into()]).await.is_err());
    for token in [
        "abcdef.0123456789abcdee",
        "abcdeg.0123456789abcdef",
        "abcdef.",
        "abcdef.0123456789ABCDEF",
        ".0123456789abcdef",
    ] {
        assert!(review(token).await.is_err(), "{token}");
    }
    let bad: [&[(&str, Option<&str>)]; 9] = [
        &[("expiration", Some("2000-01-01T00:00:00Z"))],
        &[("expiration", Some("2000"))],
        &[("usage-bootstrap-authentication", Some("false"))],
        &[("usage-bootstrap-authentication", None)],
        &[
            ("usage-bootstrap-authentication", None),
            ("usage-bootstrap-signing", Some("true")),
        ],
        &[("token-id", Some("abcdeg"))],
        &[("token-secret", Some(""))],
        &[("token-secret", None)],
        &[("auth-extra-groups", Some("system:bootstrappers:a,system:masters"))],
    ];
    for changes in bad {
        put(Some(secret(changes)));
        assert!(review(JOINS).await.is_err(), "{changes:?}");
    }
    put(Some(secret(&[("expiration", None)])));
    assert_eq!(review(JOINS).await.expect("it does not end").until, None);
    cluster.fail(true);
    assert!(review(JOINS).await.is_err());
    cluster.fail(false);
    put(None);
    assert!(review(JOINS).await.is_err());
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn any_text_is_a_file_or_none(text in "[a-z,\"\\\\ \r\n#\u{e9}]{0,60}", token in "[a-z,\" ]{0,8}") {
        if let Ok(tokens) = StaticTokens::parse(&text) {
            prop_assert!(tokens.user("").is_none());
            // Whoever is known is named in the file.
            if let Some(user) = tokens.user(&token) {
                prop_assert!(text.contains(user.name.as_str()) || text.contains('"'), "{text:?}");
            }
        }
    }
}
