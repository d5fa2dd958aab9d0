//! The request tier without sockets, over the embedded store: what create, get and list cost.
//!
//! `cargo bench -p shardplane-apiserver --bench handler` prints microseconds of one request, the best of several rounds, and
//! its instructions where valgrind is installed. A create includes the store's fsync; with 64 writers they share it.

use std::sync::Arc;
use std::time::Instant;

use auth::User;
use bytes::Bytes;
use http_body_util::BodyExt;
use serve::http::{Body, Handler};
use shardplane_apiserver::{Config, build};
use storage::Embedded;
use tower::ServiceExt;

const ROUNDS: usize = 10;
const WRITERS: usize = 64;
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";
const POD: &[u8] = include_bytes!("../../machinery/schema/benches/pod.json");

/// What is measured: a name, how many turns a round has, and how many are counted.
struct Case {
    name: &'static str,
    turns: usize,
    counted: u64,
    what: What,
}

enum What {
    CreateMap,
    CreateMaps,
    CreatePod,
    Get(&'static str),
}

const CASES: &[Case] = &[
    case("create of a config map, one writer", 100, 40, What::CreateMap),
    case("create of 64 config maps by 64 writers", 10, 2, What::CreateMaps),
    case("create of a 4 KB pod, one writer", 100, 40, What::CreatePod),
    case(
        "get of a config map",
        2_000,
        200,
        What::Get("/api/v1/namespaces/default/configmaps/seen-0"),
    ),
    case(
        "get of a 4 KB pod",
        2_000,
        200,
        What::Get("/api/v1/namespaces/default/pods/seen"),
    ),
    case(
        "list of 500 config maps",
        20,
        5,
        What::Get("/api/v1/namespaces/default/configmaps?limit=500"),
    ),
];

const fn case(name: &'static str, turns: usize, counted: u64, what: What) -> Case {
    Case {
        name,
        turns,
        counted,
        what,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let bench = Bench::new().await;
    if let Some((name, times)) = measure::asked() {
        let case = CASES.iter().find(|case| case.name == name).expect("a case");
        for turn in 0..times as usize {
            bench.run(case, turn).await;
        }
        return;
    }
    for case in CASES {
        let mut best = f64::INFINITY;
        for round in 0..ROUNDS {
            let start = Instant::now();
            for turn in 0..case.turns {
                bench.run(case, round * case.turns + turn).await;
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e6 / case.turns as f64);
        }
        let counted = measure::told(measure::instructions(case.name, case.counted, &[]));
        println!("{:40} {best:9.1} us   {counted}", case.name);
    }
}

/// A server with 500 config maps and a pod.
struct Bench {
    handler: Handler,
    pod: serde_json::Value,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Embedded::open(folder.path()).expect("an empty store");
        let mut pod: serde_json::Value = serde_json::from_slice(POD).expect("a pod");
        let fresh = serde_json::json!({"namespace": "default", "labels": pod["metadata"]["labels"], "annotations": pod["metadata"]["annotations"]});
        pod["metadata"] = fresh;
        if let Some(pod) = pod.as_object_mut() {
            pod.remove("status");
        }
        for field in ["nodeName", "serviceAccountName", "serviceAccount"] {
            if let Some(spec) = pod["spec"].as_object_mut() {
                spec.remove(field);
            }
        }
        let tier = build(Config::default(), Arc::new(store));
        tier.cache().start().await;
        let handler = tier.handler();
        let bench = Self {
            handler,
            pod,
            _folder: folder,
        };
        let named = r#"{"metadata":{"name":"default"}}"#;
        for path in ["/api/v1/namespaces", "/api/v1/namespaces/default/serviceaccounts"] {
            bench.send("POST", path, named.to_owned()).await;
        }
        for at in 0..500 {
            bench.create_map(&format!("seen-{at}")).await;
        }
        bench.create_pod("seen").await;
        bench
    }

    async fn run(&self, case: &Case, turn: usize) {
        match case.what {
            What::CreateMap => self.create_map(&format!("one-{turn}")).await,
            What::CreatePod => self.create_pod(&format!("pod-{turn}")).await,
            What::CreateMaps => {
                let names: Vec<String> = (0..WRITERS)
                    .map(|writer| format!("many-{turn}-{writer}"))
                    .collect();
                futures_util::future::join_all(names.iter().map(|name| self.create_map(name))).await;
            }
            What::Get(path) => self.send("GET", path, String::new()).await,
        }
    }

    async fn create_map(&self, name: &str) {
        self.send(
            "POST",
            MAPS,
            format!(r#"{{"metadata":{{"name":"{name}"}},"data":{{"key":"value"}}}}"#),
        )
        .await;
    }

    async fn create_pod(&self, name: &str) {
        let mut pod = self.pod.clone();
        pod["metadata"]["name"] = name.into();
        self.send("POST", PODS, pod.to_string()).await;
    }

    async fn send(&self, method: &str, path: &str, body: String) {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(User::new("admin", "", &[User::MASTERS]))
            .body(Body::full(Bytes::from(body)))
            .expect("a request");
        let response = self
            .handler
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
        let code = response.status();
        let bytes = response
            .into_body()
            .collect()
            .await
            .expect("a whole body")
            .to_bytes();
        assert!(
            code.is_success(),
            "{method} {path}: {code} {}",
            String::from_utf8_lossy(&bytes)
        );
    }
}
