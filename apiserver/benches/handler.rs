//! The request tier without sockets, over the embedded store: what create, get and list cost.
//!
//! `cargo bench -p shardplane-apiserver --bench handler` prints microseconds of one request, the best of several rounds, and
//! its instructions where valgrind is installed. A create includes the store's fsync; with 64 writers they share it.

mod tier;

use std::time::Instant;

use tier::Tier;

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
    tier: Tier,
    pod: serde_json::Value,
}

impl Bench {
    async fn new() -> Self {
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
        let bench = Self {
            tier: Tier::start().await,
            pod,
        };
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
        self.tier.send(method, path, "application/json", body).await;
    }
}
