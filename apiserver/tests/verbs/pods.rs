//! What is asked of a pod beside itself: its node, and its logs.

use serde_json::{Value, json};

use super::server::Server;

const PODS: &str = "/api/v1/namespaces/ns/pods";

async fn with_pod(spec: Value) -> (Server, Value) {
    let server = Server::start().await;
    let account = json!({"metadata": {"name": "default"}});
    server
        .post("/api/v1/namespaces/ns/serviceaccounts", &account)
        .await
        .expect_code(201);
    let mut pod =
        json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main", "image": "i"}]}});
    let fields = spec.as_object().expect("fields").clone();
    pod["spec"].as_object_mut().expect("a spec").extend(fields);
    let pod = server.post(PODS, &pod).await.expect_code(201);
    (server, pod)
}

/// The message that refuses a binding.
async fn refused(server: &Server, metadata: Value, code: u16) -> String {
    let mut binding = json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}});
    let more = metadata.as_object().expect("fields").clone();
    binding["metadata"]
        .as_object_mut()
        .expect("metadata")
        .extend(more);
    let answer = server
        .post(&format!("{PODS}/p/binding"), &binding)
        .await
        .expect_code(code);
    answer["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_binding_is_for_the_pod_that_it_names() {
    let (server, pod) = with_pod(json!({})).await;
    let (uid, version) = (&pod["metadata"]["uid"], &pod["metadata"]["resourceVersion"]);
    let key = "StorageError: invalid object, Code: 4, Key: /registry/pods/ns/p, ResourceVersion: 0, AdditionalErrorMsg";
    let start = format!("Operation cannot be fulfilled on pods/binding \"p\": {key}: Precondition failed: ");
    assert_eq!(
        refused(&server, json!({"uid": "other"}), 409).await,
        format!(
            "{start}UID in precondition: other, UID in object meta: {}",
            uid.as_str().expect("a uid")
        )
    );
    assert_eq!(
        refused(&server, json!({"resourceVersion": "1"}), 409).await,
        format!(
            "{start}ResourceVersion in precondition: 1, ResourceVersion in object meta: {}",
            version.as_str().expect("a version")
        )
    );
    let right = json!({"uid": uid, "resourceVersion": version});
    assert_eq!(refused(&server, right, 201).await, "");
    let start =
        "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n\"";
    assert_eq!(refused(&server, json!({}), 409).await, start);
}

#[tokio::test]
async fn a_gated_pod_gets_no_node() {
    let (server, _) = with_pod(json!({"schedulingGates": [{"name": "g"}]})).await;
    let why =
        "Operation cannot be fulfilled on pods/binding \"p\": pod p has non-empty .spec.schedulingGates";
    assert_eq!(refused(&server, json!({}), 409).await, why);
}

#[tokio::test]
async fn a_binding_has_a_node_as_its_target() {
    let (server, _) = with_pod(json!({})).await;
    for (target, why) in [
        (
            json!({"kind": "Pod", "name": "n"}),
            "target.kind: Unsupported value: \"Pod\"",
        ),
        (json!({"kind": "Node"}), "target.name: Required value"),
    ] {
        let binding = json!({"metadata": {"name": "p"}, "target": target});
        let path = format!("{PODS}/p/binding");
        let answer = server.post(&path, &binding).await.expect_code(500);
        let message = answer["message"].as_str().expect("a message");
        assert!(message.starts_with(why), "{message}");
    }
}

#[tokio::test]
async fn options_of_logs_are_bounded() {
    let (server, _) = with_pod(json!({})).await;
    for (query, path) in [
        ("tailLines=-1", "tailLines"),
        ("limitBytes=0", "limitBytes"),
        ("sinceSeconds=0", "sinceSeconds"),
        ("sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z", ""),
    ] {
        let answer = server
            .get(&format!("{PODS}/p/log?{query}"))
            .await
            .expect_code(422);
        let field = &answer["details"]["causes"][0]["field"];
        assert_eq!(field.as_str().unwrap_or_default(), path, "{query}");
    }
    server
        .get(&format!("{PODS}/p/log?tailLines=0&limitBytes=1&sinceSeconds=1"))
        .await
        .expect_code(204);
}
