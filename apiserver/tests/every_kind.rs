//! Every stored kind goes round: created, read in every form, written back unchanged, patched, watched, deleted.
//! The objects are those of the behaviour corpus.

#[path = "verbs/server.rs"]
#[allow(dead_code)]
mod server;

use serde_json::{Value, json};
use server::Server;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/cases/02-crud.json");
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Collection and object of each kind's `create` step.
fn kinds() -> Vec<(String, String, Value)> {
    let text = std::fs::read_to_string(CORPUS).expect("the corpus is part of the repository");
    let corpus: Value =
        serde_json::from_str(&text.replace("${ns}", "ns").replace("${p}", "p")).expect("JSON");
    let scenarios = corpus["scenarios"].as_array().into_iter().flatten();
    let create = |scenario: &Value| {
        let step = scenario["steps"]
            .as_array()?
            .iter()
            .find(|step| step["id"] == "create")?
            .clone();
        Some((
            scenario["name"].as_str()?.to_owned(),
            step["path"].as_str()?.to_owned(),
            step["body"].clone(),
        ))
    };
    scenarios.filter_map(create).collect()
}

#[tokio::test]
async fn every_kind_goes_round() {
    let kinds = kinds();
    assert!(kinds.len() > 50, "the corpus has every kind");
    let server = Server::start().await;
    server
        .post(
            "/api/v1/namespaces/ns/serviceaccounts",
            &json!({"metadata": {"name": "default"}}),
        )
        .await
        .expect_code(201);
    for (name, collection, body) in kinds {
        go_round(&server, &name, &collection, &body).await;
    }
}

async fn go_round(server: &Server, kind: &str, collection: &str, body: &Value) {
    let created = server.post(collection, body).await;
    assert_eq!(created.code(), 201, "{kind}: {}", created.body());
    let created = created.expect_code(201);
    let name = created["metadata"]["name"].as_str().expect("a name");
    let path = format!("{collection}/{name}");
    let read = server.get(&path).await.expect_code(200);
    assert_eq!(read, created, "{kind}");
    // What a kind's defaults on read add is written by its first update; from then on nothing changes.
    let settled = server.put(&path, &read).await.expect_code(200);
    let revision = settled["metadata"]["resourceVersion"]
        .as_str()
        .expect("a version")
        .to_owned();
    for media in [PROTOBUF, "application/yaml", "application/json"] {
        let bytes = server.raw(&path, media).await;
        let code = server.damaged("PUT", &path, media, bytes).await;
        assert_eq!(code, 200, "{kind} as {media}");
        let after = server.get(&path).await.expect_code(200);
        assert_eq!(
            after["metadata"]["resourceVersion"],
            revision.as_str(),
            "{kind} as {media} changed"
        );
    }
    let table = server.get_as(&path, TABLE).await.expect_code(200);
    assert_eq!(table["rows"][0]["object"]["metadata"]["name"], name, "{kind}");
    let partial = server.get_as(&path, PARTIAL).await.expect_code(200);
    for field in ["name", "uid", "resourceVersion", "labels"] {
        assert_eq!(partial["metadata"][field], settled["metadata"][field], "{kind}");
    }
    let query = format!("watch=1&resourceVersion={revision}&fieldSelector=metadata.name%3D{name}");
    let mut watch = server.watch(&format!("{collection}?{query}")).await;
    let patched = server
        .patch(&path, "merge", r#"{"metadata":{"labels":{"round":"trip"}}}"#)
        .await
        .expect_code(200);
    assert_eq!(patched["metadata"]["labels"]["round"], "trip", "{kind}");
    let event = watch.next().await;
    assert_eq!(
        (&event["type"], &event["object"]),
        (&json!("MODIFIED"), &patched),
        "{kind}"
    );
    server
        .delete(&format!(
            "{path}?gracePeriodSeconds=0&propagationPolicy=Background"
        ))
        .await
        .expect_code(200);
    let event = watch.next().await;
    assert!(
        event["type"] == "DELETED" || event["object"]["metadata"]["deletionTimestamp"].is_string(),
        "{kind}"
    );
}
