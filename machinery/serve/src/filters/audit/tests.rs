use super::*;
use crate::feed::tests::Scripted;
use crate::filter::{Chain, answer, handler_fn};
use crate::http::{Body, read_body, status_response, text_response};
use crate::status::Status;
use auth::User;
use auth::audit::{Log, Policy};
use std::path::Path;

const POLICY: &[u8] = b"{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: RequestResponse}]}";

/// The events of one request, as lines of the log.
async fn events(uri: &str, handler: crate::http::Handler, stages: usize) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.log");
    let response = answered(uri, handler, &path).await;
    read_body(response.into_body(), 10_000)
        .await
        .expect("a short body");
    lines(&path, stages).await
}

/// The answer to a request that is told about in this log.
async fn answered(uri: &str, handler: crate::http::Handler, path: &Path) -> Response {
    let log = Log {
        path: path.to_owned(),
        bytes_max: 0,
        kept_max: 0,
        kept_for: std::time::Duration::ZERO,
    };
    let audit = Audit {
        audit: Some(audit::Audit {
            policy: Arc::new(Policy::parse(POLICY).expect("a good policy")),
            sinks: vec![log.start().expect("a writable folder")],
        }),
    };
    let chain = Chain::new(vec![Box::new(audit)], handler).into_handler();
    let mut request = http::Request::builder()
        .method(if uri.contains("watch") { "GET" } else { "POST" })
        .uri(uri)
        .header("audit-id", "an-id")
        .body(Body::full(r#"{"kind":"ConfigMap"}"#))
        .expect("a request");
    request.extensions_mut().insert(User::new("joe", "", &[]));
    answer(chain, request).await
}

/// The log's lines when there are this many.
async fn lines(path: &Path, stages: usize) -> Vec<Value> {
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<Value> = text
            .lines()
            .filter_map(|line| json::parse(line.as_bytes()).ok())
            .collect();
        if lines.len() >= stages {
            return lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn both_bodies_and_notes_are_told() {
    let handler = handler_fn(|request: Request| async move {
        Trail::of(&request).expect("told about").annotate("k", "v");
        let body = read_body(request.into_body(), 1_000).await.expect("a short body");
        text_response(
            http::StatusCode::CREATED,
            String::from_utf8_lossy(&body).into_owned(),
        )
    });
    let told = events("/api/v1/namespaces/a/configmaps", handler, 2).await;
    assert_eq!(told[0].str_at(&["stage"]), Some("RequestReceived"));
    let last = &told[1];
    assert_eq!(last.str_at(&["stage"]), Some("ResponseComplete"));
    assert_eq!(last.str_at(&["auditID"]), Some("an-id"));
    assert_eq!(last.str_at(&["requestObject", "kind"]), Some("ConfigMap"));
    assert_eq!(last.int_at(&["responseStatus", "code"]), Some(201));
    assert_eq!(last.str_at(&["annotations", "k"]), Some("v"));
    assert_eq!(last.str_at(&["user", "username"]), Some("joe"));
}

#[tokio::test]
async fn a_watch_stays_a_feed_and_its_end_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.log");
    let watch = handler_fn(|_| async { http::Response::new(Body::feed(Scripted::default())) });
    let response = answered("/api/v1/configmaps?watch=1", watch, &path).await;
    let feed = response.into_body().into_feed().expect("still a feed");
    let stage = |line: &Value| line.str_at(&["stage"]).map(str::to_owned);
    assert_eq!(
        stage(&lines(&path, 2).await[1]).as_deref(),
        Some("ResponseStarted")
    );
    drop(feed);
    assert_eq!(
        stage(&lines(&path, 3).await[2]).as_deref(),
        Some("ResponseComplete")
    );
}

#[test]
fn protobuf_is_told_as_json() {
    let types = Types::builtin();
    let id = types.id("io.k8s.api.core.v1.ConfigMap").expect("a known type");
    let sent = schema::tree!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "c"}});
    let copy = |bytes: Vec<u8>| {
        let (body, copy) = copied(Body::full(bytes), true);
        futures_util::FutureExt::now_or_never(read_body(body, 10_000));
        copy.object()
    };
    let told = copy(envelope::encode(types, id, &sent)).expect("told");
    assert_eq!(told.str_at(&["data", "b"]), Some("c"));
    assert_eq!(told.str_at(&["kind"]), Some("ConfigMap"));
    assert_eq!(copy(envelope::wrap("v1", "Nothing", b"")), None);
    assert_eq!(copy(b"k8s\0garbage".to_vec()), None);
}

#[tokio::test]
async fn failures_tell_why() {
    let handler = handler_fn(|_| async { status_response(&Status::unauthorized()) });
    let told = events("/api/v1/namespaces/a/configmaps", handler, 2).await;
    assert_eq!(
        told[1].str_at(&["responseStatus", "reason"]),
        Some("Unauthorized")
    );
}

#[test]
fn a_token_in_a_query_is_not_told() {
    for (uri, told) in [
        (
            "/api?a=1&access_token=secret&b=2",
            "/api?a=1&access_token=[masked]&b=2",
        ),
        ("/api?access_token=", "/api?access_token=[masked]"),
        ("/api?no_access_token=1", "/api?no_access_token=1"),
        ("/api", "/api"),
    ] {
        assert_eq!(told_uri(&Uri::from_static(uri)), told);
    }
}
