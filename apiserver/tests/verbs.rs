//! Every verb through the handler, in memory, over the embedded store in a folder of its own.

#[path = "verbs/pods.rs"]
mod pods;
#[path = "verbs/server.rs"]
#[allow(dead_code)]
mod server;

use serde_json::json;
use server::Server;

const MAPS: &str = "/api/v1/namespaces/ns/configmaps";

fn map(name: &str) -> serde_json::Value {
    json!({"metadata": {"name": name, "labels": {"app": name}}, "data": {"a": "1"}})
}

#[tokio::test]
async fn object_lives_from_create_to_delete() {
    let server = Server::start().await;
    let created = server.post(MAPS, &map("a")).await.expect_code(201);
    assert_eq!(created["metadata"]["namespace"], "ns");
    assert_eq!(created["apiVersion"], "v1");
    let read = server.get(&format!("{MAPS}/a")).await.expect_code(200);
    assert_eq!(read, created);
    let again = server.post(MAPS, &map("a")).await.expect_code(409);
    assert_eq!(again["message"], "configmaps \"a\" already exists");
    let same = server.put(&format!("{MAPS}/a"), &read).await.expect_code(200);
    assert_eq!(
        same["metadata"]["resourceVersion"], read["metadata"]["resourceVersion"],
        "nothing changed"
    );
    let mut next = read.clone();
    next["data"]["a"] = json!("2");
    let written = server.put(&format!("{MAPS}/a"), &next).await.expect_code(200);
    assert_ne!(
        written["metadata"]["resourceVersion"],
        read["metadata"]["resourceVersion"]
    );
    next["data"]["a"] = json!("3");
    let stale = server.put(&format!("{MAPS}/a"), &next).await.expect_code(409);
    assert_eq!(stale["reason"], "Conflict");
    let gone = server.delete(&format!("{MAPS}/a")).await.expect_code(200);
    assert_eq!(gone["details"]["name"], "a");
    server.get(&format!("{MAPS}/a")).await.expect_code(404);
}

#[tokio::test]
async fn patches_apply() {
    let server = Server::start().await;
    server.post(MAPS, &map("a")).await.expect_code(201);
    let path = format!("{MAPS}/a");
    let merged = server
        .patch(&path, "merge", r#"{"data":{"b":"2","a":null}}"#)
        .await
        .expect_code(200);
    assert_eq!(merged["data"], json!({"b": "2"}));
    let json_patched = server
        .patch(&path, "json", r#"[{"op":"add","path":"/data/c","value":"3"}]"#)
        .await
        .expect_code(200);
    assert_eq!(json_patched["data"]["c"], "3");
    let strategic = server
        .patch(&path, "strategic-merge", r#"{"metadata":{"labels":{"x":"y"}}}"#)
        .await
        .expect_code(200);
    assert_eq!(strategic["metadata"]["labels"], json!({"app": "a", "x": "y"}));
    let refused = server
        .patch(&path, "json", r#"[{"op":"test","path":"/data/c","value":"9"}]"#)
        .await;
    refused.expect_code(422);
    server.patch(&path, "apply", "{}").await.expect_code(415);
}

#[tokio::test]
async fn lists_come_in_consistent_pages() {
    let server = Server::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        server.post(MAPS, &map(name)).await.expect_code(201);
    }
    let first = server.get(&format!("{MAPS}?limit=2")).await.expect_code(200);
    assert_eq!(first["kind"], "ConfigMapList");
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    server.post(MAPS, &map("bb")).await.expect_code(201);
    let token = first["metadata"]["continue"].as_str().expect("there is more");
    let second = server
        .get(&format!("{MAPS}?limit=9&continue={token}"))
        .await
        .expect_code(200);
    let names: Vec<_> = second["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| &item["metadata"]["name"])
        .collect();
    assert_eq!(
        names,
        ["c", "d", "e"],
        "the list is that of the first page's revision"
    );
    let selected = server
        .get(&format!("{MAPS}?labelSelector=app%3Dbb"))
        .await
        .expect_code(200);
    assert_eq!(selected["items"].as_array().map(Vec::len), Some(1));
    let deleted = server
        .delete(&format!("{MAPS}?labelSelector=app+in+(a,b)"))
        .await
        .expect_code(200);
    assert_eq!(deleted["items"].as_array().map(Vec::len), Some(2));
    let left = server.get("/api/v1/configmaps").await.expect_code(200);
    assert_eq!(left["items"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn finalizers_hold_what_is_deleted() {
    let server = Server::start().await;
    let mut held = map("held");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    server.post(MAPS, &held).await.expect_code(201);
    let path = format!("{MAPS}/held");
    let pending = server.delete(&path).await.expect_code(200);
    assert!(pending["metadata"]["deletionTimestamp"].is_string());
    let again = server.post(MAPS, &map("held")).await.expect_code(409);
    assert_eq!(
        again["message"],
        "object is being deleted: configmaps \"held\" already exists"
    );
    server
        .patch(&path, "merge", r#"{"metadata":{"finalizers":null}}"#)
        .await
        .expect_code(200);
    server.get(&path).await.expect_code(404);
}

#[tokio::test]
async fn dry_runs_store_nothing() {
    let server = Server::start().await;
    let made = server
        .post(&format!("{MAPS}?dryRun=All"), &map("a"))
        .await
        .expect_code(201);
    assert!(made["metadata"]["uid"].is_string());
    assert!(made["metadata"]["resourceVersion"].is_null());
    server.get(&format!("{MAPS}/a")).await.expect_code(404);
    server.post(MAPS, &map("a")).await.expect_code(201);
    server
        .delete(&format!("{MAPS}/a?dryRun=All"))
        .await
        .expect_code(200);
    server.get(&format!("{MAPS}/a")).await.expect_code(200);
}

#[tokio::test]
async fn scale_sets_replicas_and_status_does_not() {
    let server = Server::start().await;
    let path = "/apis/apps/v1/namespaces/ns/deployments";
    let deployment = json!({"metadata": {"name": "d"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }});
    let created = server.post(path, &deployment).await.expect_code(201);
    assert_eq!(created["spec"]["replicas"], 1);
    let scale = server.get(&format!("{path}/d/scale")).await.expect_code(200);
    assert_eq!(scale["status"]["selector"], "a=b");
    let scaled = server
        .patch(&format!("{path}/d/scale"), "merge", r#"{"spec":{"replicas":3}}"#)
        .await
        .expect_code(200);
    assert_eq!(scaled["spec"]["replicas"], 3);
    let patch = r#"{"spec":{"replicas":9},"status":{"replicas":2}}"#;
    let status = server
        .patch(&format!("{path}/d/status"), "merge", patch)
        .await
        .expect_code(200);
    assert_eq!(
        (&status["spec"]["replicas"], &status["status"]["replicas"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(status["metadata"]["generation"], 2);
}

#[tokio::test]
async fn watch_tells_what_changes() {
    let server = Server::start().await;
    server.post(MAPS, &map("a")).await.expect_code(201);
    let mut watch = server
        .watch(&format!("{MAPS}?watch=1&labelSelector=app%3Da"))
        .await;
    assert_eq!(watch.next().await["type"], "ADDED");
    let path = format!("{MAPS}/a");
    server
        .patch(&path, "merge", r#"{"data":{"b":"2"}}"#)
        .await
        .expect_code(200);
    assert_eq!(watch.next().await["type"], "MODIFIED");
    server
        .patch(&path, "merge", r#"{"metadata":{"labels":{"app":"z"}}}"#)
        .await
        .expect_code(200);
    assert_eq!(watch.next().await["type"], "DELETED");
    server
        .patch(&path, "merge", r#"{"metadata":{"labels":{"app":"a"}}}"#)
        .await
        .expect_code(200);
    assert_eq!(watch.next().await["type"], "ADDED");
    server.delete(&path).await.expect_code(200);
    let last = watch.next().await;
    assert_eq!(
        (&last["type"], &last["object"]["metadata"]["name"]),
        (&json!("DELETED"), &json!("a"))
    );
}

#[tokio::test]
async fn initial_events_end_with_a_bookmark() {
    let server = Server::start().await;
    server.post(MAPS, &map("a")).await.expect_code(201);
    let query = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let mut watch = server.watch(&format!("{MAPS}?{query}")).await;
    assert_eq!(watch.next().await["type"], "ADDED");
    let bookmark = watch.next().await;
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

#[tokio::test]
async fn answers_take_the_form_that_is_wanted() {
    let server = Server::start().await;
    server.post(MAPS, &map("a")).await.expect_code(201);
    let table = server
        .get_as(MAPS, "application/json;as=Table;v=v1;g=meta.k8s.io")
        .await
        .expect_code(200);
    assert_eq!(table["rows"][0]["cells"][0], "a");
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let partial = format!("{MAPS}/a");
    let partial = server
        .get_as(
            &partial,
            "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        )
        .await;
    assert!(partial.expect_code(200)["data"].is_null());
    let binary = server
        .raw(&format!("{MAPS}/a"), "application/vnd.kubernetes.protobuf")
        .await;
    assert!(binary.starts_with(b"k8s\0"));
    let lines = server.raw(&format!("{MAPS}/a"), "application/yaml").await;
    assert!(lines.starts_with(b"apiVersion: v1\n"));
    server.get_as(MAPS, "text/html").await.expect_code(406);
}

#[tokio::test]
async fn what_is_not_there_is_answered_as_the_reference_does() {
    let server = Server::start().await;
    let unknown = server.get("/api/v1/nope").await.expect_code(404);
    assert_eq!(
        unknown["message"],
        "the server could not find the requested resource"
    );
    server.delete("/api/v1/pods").await.expect_code(405);
    server
        .get("/apis/storage.k8s.io/v1/namespaces/ns/storageclasses")
        .await
        .expect_code(404);
    let text = server.raw("/apis/nope/v1/things", "application/json").await;
    assert_eq!(text, b"404 page not found\n");
    let bad = server
        .post(MAPS, &json!({"kind": "Nope", "apiVersion": "v1"}))
        .await
        .expect_code(400);
    assert_eq!(
        bad["message"],
        "Nope in version \"v1\" cannot be handled as a ConfigMap: no kind \"Nope\" is registered for version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
    );
}
