//! Webhooks that decide.

use std::sync::atomic::Ordering;
use std::time::Duration;

use schema::{json, tree};
use shardplane_auth::User;
use shardplane_auth::authorize::webhook::{Settings, Webhook};
use shardplane_auth::authorize::{Attributes, Verdict};
use shardplane_auth::limits::ANSWER_BYTES_MAX;

use crate::server::{caller, serve};

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
    let text = serve(|_, _| {
        (
            200,
            "{\"status\":{\"allowed\":true,\"denied\":\"true\"}}".to_owned(),
        )
    })
    .await;
    let large = serve(|_, _| {
        let reason = "x".repeat(ANSWER_BYTES_MAX);
        (
            200,
            format!("{{\"status\":{{\"allowed\":true,\"reason\":\"{reason}\"}}}}"),
        )
    })
    .await;
    let away = serve(|_, _| (200, String::new())).await;
    away.away.store(true, Ordering::SeqCst);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let late = format!("http://{}", silent.local_addr().expect("bound"));
    let get = Attributes::resource("get", "", "pods", "a", "p");
    for url in [
        &broken.url,
        &garbage.url,
        &both.url,
        &text.url,
        &large.url,
        &away.url,
        &late,
    ] {
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
