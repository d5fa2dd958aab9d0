//! Webhooks that know tokens, in every state that they and the tokens can be in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schema::{Value, json, tree};
use shardplane_auth::authenticate::webhook::Webhook;
use shardplane_auth::authenticate::{Authenticated, Authenticator, Tokens, unix_seconds};
use shardplane_auth::limits::{ANSWER_BYTES_MAX, TOKEN_BYTES_MAX};

use smol_str::SmolStr;

use crate::server::{Server, caller, serve};

const LONG: Duration = Duration::from_secs(3_600);
/// Long enough that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

fn tokens(server: &Server, remembered_for: Duration, audiences: &[&str]) -> Tokens {
    tokens_at(&server.url, Duration::from_secs(5), remembered_for, audiences)
}

fn tokens_at(url: &str, timeout: Duration, remembered_for: Duration, audiences: &[&str]) -> Tokens {
    let webhook = Webhook::new(caller(url, timeout), "v1", remembered_for);
    let audiences = audiences.iter().map(SmolStr::new).collect();
    Tokens::new(vec![Authenticator::Webhook(Box::new(webhook))], audiences)
}

/// A webhook that answers every review with a status.
async fn answering(status: impl FnMut(&str) -> Value + Send + 'static) -> Server {
    let mut status = status;
    serve(move |_, review| {
        assert_eq!(review.str_at(&["kind"]), Some("TokenReview"));
        assert_eq!(review.str_at(&["apiVersion"]), Some("authentication.k8s.io/v1"));
        let status = status(review.str_at(&["spec", "token"]).unwrap_or_default());
        (200, json::to_string(&tree!({"status": status})))
    })
    .await
}

fn joe() -> Value {
    tree!({"authenticated": true, "user": {"username": "joe", "uid": "7", "groups": ["g"], "extra": {"k": ["v"]}}})
}

/// A token in the form of a JWT, whose signature is the webhook's affair.
fn ending(exp: i64) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(json::to_string(value));
    format!(
        "{}.{}.c2ln",
        part(&tree!({"alg": "RS256"})),
        part(&tree!({"exp": exp}))
    )
}

async fn review(tokens: &Tokens, token: &str, audiences: &[&str]) -> Result<Authenticated, String> {
    let audiences: Vec<_> = audiences.iter().map(SmolStr::new).collect();
    tokens.review(token, &audiences).await
}

#[tokio::test]
async fn a_token_webhook_names_users() {
    let server = answering(|_| joe()).await;
    let tokens = tokens(&server, LONG, &["us"]);
    let found = tokens.user("good").await.expect("known");
    assert_eq!((found.user.name.as_str(), found.user.uid.as_str()), ("joe", "7"));
    assert_eq!(found.user.extra["k"], ["v"]);
    assert_eq!(
        (found.audiences.as_slice(), found.until),
        (&["us".into()][..], None)
    );
}

#[tokio::test]
async fn refusals_are_told() {
    let server = answering(|token| match token {
        "told" => tree!({"authenticated": false, "error": "told so"}),
        "silent" => tree!({}),
        // An error beside a user is none.
        "both" => tree!({"authenticated": true, "error": "odd", "user": {"username": "joe"}}),
        _ => tree!({"authenticated": false, "user": {"username": "root", "groups": ["system:masters"]}}),
    })
    .await;
    let tokens = tokens(&server, LONG, &["us"]);
    let error = |token: &'static str| {
        let tokens = &tokens;
        async move { tokens.user(token).await.expect_err("refused") }
    };
    assert_eq!(error("told").await, "[invalid bearer token, told so]");
    assert_eq!(error("silent").await, "invalid bearer token");
    assert_eq!(error("other").await, "invalid bearer token");
    assert!(tokens.user("both").await.is_ok());
    // A refusal is an answer, and remembered; one with an error is not.
    let asked = server.asked.load(Ordering::SeqCst);
    error("other").await;
    assert_eq!(server.asked.load(Ordering::SeqCst), asked);
    error("told").await;
    assert_eq!(server.asked.load(Ordering::SeqCst), asked + 1);
}

/// A token, for whom it is asked, and for whom it is then.
type Case<'a> = (&'a str, &'a [&'a str], Option<&'a [&'a str]>);

#[tokio::test]
async fn a_token_counts_for_its_audiences_alone() {
    let server = answering(|token| {
        let audiences = match token {
            "silent" => return joe(),
            "none" => tree!([]),
            "ours" => tree!(["us", "more"]),
            _ => tree!(["them"]),
        };
        let mut status = joe();
        status.as_map_mut().expect("a map").insert("audiences", audiences);
        status
    })
    .await;
    let ours = tokens(&server, LONG, &["us"]);
    let cases: [Case<'_>; 9] = [
        ("ours", &["us"], Some(&["us"])),
        ("ours", &["more", "them", "us"], Some(&["us", "more"])),
        ("ours", &["them"], None),
        ("theirs", &["us"], None),
        ("theirs", &["them"], Some(&["them"])),
        // A webhook that knows of no audiences answers for this server, and for nobody else.
        ("silent", &["us"], Some(&["us"])),
        ("silent", &["them"], None),
        ("none", &["them"], None),
        ("silent", &["them", "us"], Some(&["us"])),
    ];
    for (token, wanted, found) in cases {
        let told = review(&ours, token, wanted).await;
        let told = told.ok().map(|found| found.audiences);
        let found = found.map(|list| list.iter().map(SmolStr::new).collect());
        assert_eq!(told, found, "{token} for {wanted:?}");
    }
    // A server without audiences of its own asks for none.
    let of_nobody = tokens(&server, LONG, &[]);
    assert!(review(&of_nobody, "silent", &[]).await.is_ok());
}

#[tokio::test]
async fn a_revoked_token_is_good_for_as_long_as_answers_are_remembered() {
    let revoked = Arc::new(AtomicBool::new(false));
    let is_revoked = revoked.clone();
    let server = answering(move |_| match is_revoked.load(Ordering::SeqCst) {
        true => tree!({"authenticated": false}),
        false => joe(),
    })
    .await;
    let [long, short, not] = [LONG, Duration::from_millis(300), Duration::ZERO]
        .map(|remembered_for| tokens(&server, remembered_for, &["us"]));
    for tokens in [&long, &short, &not] {
        assert!(review(tokens, "t", &["us"]).await.is_ok());
    }
    revoked.store(true, Ordering::SeqCst);
    assert!(review(&not, "t", &["us"]).await.is_err());
    let begun = Instant::now();
    while review(&short, "t", &["us"]).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "still good");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(review(&long, "t", &["us"]).await.is_ok());
    // An answer for one audience is none for another.
    assert!(review(&long, "t", &["us", "them"]).await.is_err());
}

#[tokio::test]
async fn a_token_that_ends_is_asked_about_again() {
    let server = answering(|_| joe()).await;
    let tokens = tokens(&server, LONG, &["us"]);
    let far = unix_seconds() + 1_000;
    let found = review(&tokens, &ending(far), &["us"]).await.expect("known");
    assert_eq!(found.until, Some(far));
    // Past: the webhook says that it is good all the same, and when it ends is not known.
    let past = review(&tokens, &ending(unix_seconds() - 10), &["us"])
        .await
        .expect("known");
    assert_eq!(past.until, None);
    let soon = ending(unix_seconds() + 2);
    review(&tokens, &soon, &["us"]).await.expect("known");
    let asked = server.asked.load(Ordering::SeqCst);
    let begun = Instant::now();
    while server.asked.load(Ordering::SeqCst) == asked {
        review(&tokens, &soon, &["us"]).await.expect("known");
        assert!(begun.elapsed() < PATIENCE, "never asked again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn answers_that_are_no_reviews_let_nobody_in() {
    let masters = r#""username":"root","groups":["system:masters"]"#;
    let status = |inner: &str| format!("{{\"status\":{inner}}}");
    let with_user = |user: &str| status(&format!("{{\"authenticated\":true,\"user\":{user}}}"));
    let answers = [
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "<html>".to_owned(),
        "{".to_owned(),
        "{}".to_owned(),
        status("null"),
        status("true"),
        status("[]"),
        status(&format!("[{{\"authenticated\":true,\"user\":{{{masters}}}}}]")),
        status(&format!("{{\"authenticated\":\"true\",\"user\":{{{masters}}}}}")),
        status(&format!("{{\"authenticated\":1,\"user\":{{{masters}}}}}")),
        status(&format!(
            "{{\"authenticated\":true,\"audiences\":\"us\",\"user\":{{{masters}}}}}"
        )),
        status(&format!(
            "{{\"authenticated\":true,\"audiences\":[1],\"user\":{{{masters}}}}}"
        )),
        status("{\"authenticated\":true}"),
        with_user("null"),
        with_user("{}"),
        with_user("\"root\""),
        with_user("[\"root\"]"),
        with_user("{\"username\":\"\"}"),
        with_user("{\"username\":7}"),
        with_user("{\"username\":\"joe\",\"uid\":7}"),
        with_user("{\"username\":\"joe\",\"groups\":\"g\"}"),
        with_user("{\"username\":\"joe\",\"groups\":[\"g\",1]}"),
        with_user("{\"username\":\"joe\",\"extra\":[]}"),
        with_user("{\"username\":\"joe\",\"extra\":{\"k\":\"v\"}}"),
        with_user(&format!("{{\"username\":\"{}\"}}", "x".repeat(ANSWER_BYTES_MAX))),
    ];
    let next = Arc::new(Mutex::new(String::new()));
    let told = next.clone();
    let server = serve(move |_, _| (200, told.lock().expect("no panics").clone())).await;
    let tokens = tokens(&server, LONG, &["us"]);
    for answer in answers {
        next.lock().expect("no panics").clone_from(&answer);
        let found = review(&tokens, "t", &["us"]).await;
        assert!(
            found.is_err(),
            "{} gives {found:?}",
            &answer[..answer.len().min(200)]
        );
    }
    // None of it was remembered.
    *next.lock().expect("no panics") = with_user("{\"username\":\"joe\"}");
    assert!(review(&tokens, "t", &["us"]).await.is_ok());
}

#[tokio::test]
async fn tokens_that_are_too_long_or_none_are_not_asked_about() {
    let server = answering(|_| joe()).await;
    let tokens = tokens(&server, LONG, &["us"]);
    let longest = "x".repeat(TOKEN_BYTES_MAX);
    for token in [String::new(), format!("{longest}x")] {
        assert_eq!(
            tokens.user(&token).await.map(drop),
            Err("invalid bearer token".to_owned())
        );
        assert!(review(&tokens, &token, &["us"]).await.is_err());
    }
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
    assert!(tokens.user(&longest).await.is_ok());
}

#[tokio::test]
async fn a_webhook_that_fails_lets_nobody_in_until_it_is_back() {
    let codes = Arc::new(Mutex::new(Vec::new()));
    let next = codes.clone();
    let server = serve(move |_, _| {
        let code = next.lock().expect("no panics").pop().unwrap_or(200);
        (code, json::to_string(&tree!({"status": (joe())})))
    })
    .await;
    let tokens = tokens(&server, LONG, &["us"]);
    let failed = "[invalid bearer token, the token webhook failed]".to_owned();
    let asked = |codes: &Arc<Mutex<Vec<u16>>>, list: &[u16]| {
        codes.lock().expect("no panics").extend(list);
        server.asked.load(Ordering::SeqCst)
    };
    // Asked again once: whoever is overloaded may have recovered.
    for retried in [500, 503, 429] {
        let before = asked(&codes, &[retried, retried]);
        assert_eq!(
            review(&tokens, "a", &["us"]).await,
            Err(failed.clone()),
            "{retried}"
        );
        assert_eq!(server.asked.load(Ordering::SeqCst), before + 2, "{retried}");
    }
    // A refusal of the question is no answer; nor is a success without content, or being sent elsewhere.
    for told in [400, 401, 403, 404, 204, 302] {
        let before = asked(&codes, &[told]);
        assert_eq!(review(&tokens, "a", &["us"]).await, Err(failed.clone()), "{told}");
        assert_eq!(server.asked.load(Ordering::SeqCst), before + 1, "{told}");
    }
    asked(&codes, &[503]);
    assert!(review(&tokens, "recovers", &["us"]).await.is_ok());
    server.away.store(true, Ordering::SeqCst);
    assert_eq!(review(&tokens, "a", &["us"]).await, Err(failed));
    assert!(
        review(&tokens, "recovers", &["us"]).await.is_ok(),
        "it was known before"
    );
    server.away.store(false, Ordering::SeqCst);
    assert!(review(&tokens, "a", &["us"]).await.is_ok());
}

#[tokio::test]
async fn a_webhook_that_is_late_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("bound"));
    let tokens = tokens_at(&url, Duration::from_millis(100), LONG, &["us"]);
    let found = tokio::time::timeout(PATIENCE, tokens.user("t"))
        .await
        .expect("in time");
    assert_eq!(
        found.map(drop),
        Err("[invalid bearer token, the token webhook failed]".to_owned())
    );
}
