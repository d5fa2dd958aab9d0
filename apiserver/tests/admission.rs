//! Admission through the API: what plugins change and refuse, and what quotas are charged and given back.

#[path = "verbs/server.rs"]
#[allow(dead_code)] // shared with the tests of verbs
mod server;

use serde_json::{Value, json};
use server::Server;

const PODS: &str = "/api/v1/namespaces/ns/pods";
const MAPS: &str = "/api/v1/namespaces/ns/configmaps";
const QUOTA: &str = "/api/v1/namespaces/ns/resourcequotas/q";

async fn server() -> Server {
    let server = Server::start().await;
    let account = json!({"metadata": {"name": "default"}});
    let accounts = "/api/v1/namespaces/ns/serviceaccounts";
    server.post(accounts, &account).await.expect_code(201);
    server
}

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "i"}]}})
}

/// A quota whose controller has seen that nothing is used.
async fn limit(server: &Server, name: &str, hard: &str) {
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {name: hard}}});
    let quotas = "/api/v1/namespaces/ns/resourcequotas";
    let mut quota = server.post(quotas, &quota).await.expect_code(201);
    quota["status"] = json!({"hard": {name: hard}, "used": {name: "0"}});
    let status = format!("{QUOTA}/status");
    server.put(&status, &quota).await.expect_code(200);
}

async fn used(server: &Server) -> Value {
    server.get(QUOTA).await.expect_code(200)["status"]["used"].clone()
}

#[tokio::test]
async fn a_bound_pod_knows_where_its_node_is() {
    let server = server().await;
    let labels = json!({"topology.kubernetes.io/zone": "z", "other": "x"});
    let node = json!({"metadata": {"name": "n", "labels": labels}});
    server.post("/api/v1/nodes", &node).await.expect_code(201);
    server.post(PODS, &pod("p")).await.expect_code(201);
    let binding = json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}});
    server
        .post(&format!("{PODS}/p/binding"), &binding)
        .await
        .expect_code(201);
    let bound = server.get(&format!("{PODS}/p")).await.expect_code(200);
    assert_eq!(bound["spec"]["nodeName"], "n");
    assert_eq!(
        bound["metadata"]["labels"],
        json!({"topology.kubernetes.io/zone": "z"})
    );
}

#[tokio::test]
async fn limit_ranges_count_at_once() {
    let server = server().await;
    let limits = json!([{"type": "Container", "default": {"cpu": "500m"}, "max": {"cpu": "1"}}]);
    let range = json!({"metadata": {"name": "lr"}, "spec": {"limits": limits}});
    let ranges = "/api/v1/namespaces/ns/limitranges";
    server.post(ranges, &range).await.expect_code(201);
    let made = server.post(PODS, &pod("p")).await.expect_code(201);
    assert_eq!(
        made["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container main; cpu limit for container main"
    );
    let mut large = pod("large");
    large["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "2"}});
    let refused = server.post(PODS, &large).await.expect_code(403);
    assert_eq!(
        refused["message"],
        "pods \"large\" is forbidden: maximum cpu usage per Container is 1, but limit is 2"
    );
}

#[tokio::test]
async fn what_is_not_stored_is_not_charged() {
    let server = server().await;
    limit(&server, "configmaps", "3").await;
    let map = |name: &str| json!({"metadata": {"name": name}});
    server.post(MAPS, &map("one")).await.expect_code(201);
    server.post(MAPS, &map("one")).await.expect_code(409);
    server.post(MAPS, &map("No Name")).await.expect_code(422);
    let dry_run = format!("{MAPS}?dryRun=All");
    server.post(&dry_run, &map("two")).await.expect_code(201);
    assert_eq!(used(&server).await, json!({"configmaps": "1"}));
    let versioned = json!({"metadata": {"name": "two", "resourceVersion": "1"}});
    server.post(MAPS, &versioned).await.expect_code(500);
    assert_eq!(used(&server).await, json!({"configmaps": "1"}));
}

#[tokio::test]
async fn generated_names_and_updates_that_create_are_charged_once() {
    let server = server().await;
    limit(&server, "count/leases.coordination.k8s.io", "2").await;
    let leases = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";
    let generated = json!({"metadata": {"generateName": "l-"}});
    server.post(leases, &generated).await.expect_code(201);
    let named = json!({"metadata": {"name": "named"}, "spec": {}});
    server
        .put(&format!("{leases}/named"), &named)
        .await
        .expect_code(201);
    let mut changed = server.get(&format!("{leases}/named")).await.expect_code(200);
    changed["spec"] = json!({"holderIdentity": "me"});
    server
        .put(&format!("{leases}/named"), &changed)
        .await
        .expect_code(200);
    assert_eq!(
        used(&server).await,
        json!({"count/leases.coordination.k8s.io": "2"})
    );
    let refused = server.post(leases, &generated).await.expect_code(403);
    let message = refused["message"].as_str().unwrap_or_default();
    assert!(
        message.ends_with("limited: count/leases.coordination.k8s.io=2"),
        "{message}"
    );
}

#[tokio::test]
async fn namespaces_are_made_for_what_is_created_in_them() {
    let server = Server::with(&["NamespaceAutoProvision"]).await;
    let map = |name: &str| json!({"metadata": {"name": name}});
    let maps = "/api/v1/namespaces/new/configmaps";
    server
        .post(&format!("{maps}?dryRun=All"), &map("a"))
        .await
        .expect_code(404);
    server.get("/api/v1/namespaces/new").await.expect_code(404);
    let (one, other) = (map("a"), map("b"));
    let (one, other) = tokio::join!(server.post(maps, &one), server.post(maps, &other));
    one.expect_code(201);
    other.expect_code(201);
    // As any client makes it.
    let made = server.get("/api/v1/namespaces/new").await.expect_code(200);
    assert_eq!(made["metadata"]["labels"]["kubernetes.io/metadata.name"], "new");
    assert_eq!(made["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(made["status"]["phase"], "Active");
    // A namespace that its own rules refuse is not made.
    let refused = server
        .post("/api/v1/namespaces/No/configmaps", &map("a"))
        .await
        .expect_code(403);
    let message = refused["message"].as_str().unwrap_or_default();
    let begin =
        "configmaps \"a\" is forbidden: Namespace \"No\" is invalid: metadata.name: Invalid value: \"No\"";
    assert!(message.starts_with(begin), "{message}");
    server
        .put("/api/v1/namespaces/other/configmaps/a", &map("a"))
        .await
        .expect_code(404);
    server.get("/api/v1/namespaces/other").await.expect_code(404);
}

#[tokio::test]
async fn namespaces_are_not_made_unless_asked_for() {
    let server = server().await;
    let map = json!({"metadata": {"name": "a"}});
    server
        .post("/api/v1/namespaces/new/configmaps", &map)
        .await
        .expect_code(404);
}

#[tokio::test]
async fn a_namespace_that_goes_stays_as_it_is() {
    let server = Server::with(&["NamespaceAutoProvision"]).await;
    server.delete("/api/v1/namespaces/ns").await.expect_code(200);
    let map = json!({"metadata": {"name": "a"}});
    let refused = server.post(MAPS, &map).await.expect_code(403);
    let message = refused["message"].as_str().unwrap_or_default();
    assert!(message.ends_with("because it is being terminated"), "{message}");
}
