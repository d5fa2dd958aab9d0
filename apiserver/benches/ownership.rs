//! What field ownership costs in a write: apply without a change, apply of one changed field, and plain update, each of a 4 KB
//! pod that ten managers own together. `cargo bench -p shardplane-apiserver --bench ownership`.
//!
//! Instructions are those of the whole request through the handler chain over an embedded store, and those within the upkeep
//! of managedFields (for an apply: with the merge). The bench fails if upkeep is half of the request or more.

mod tier;

use std::time::Instant;

use tier::Tier;

const POD: &str = "/api/v1/namespaces/default/pods/p";
const MANAGERS: usize = 10;
const COUNTED: u64 = 40;
const ROUNDS: usize = 200;

/// A write: its name, and the request of a turn.
type Case = (&'static str, fn(u64, &serde_json::Value) -> Request);

/// Method, path, content type and body.
type Request = (&'static str, String, &'static str, String);

/// Where ownership is kept up.
const UPKEEP: [&str; 2] = ["*managed_fields::track*", "*ApplyObject*applied*"];

const CASES: &[Case] = &[
    ("apply, nothing changes", |_, _| apply("manager-0", "0", "a")),
    ("apply, one field changes", |turn, _| {
        apply("manager-0", "0", &format!("value-{turn}"))
    }),
    ("plain update of one field", |turn, pod| {
        let mut pod = pod.clone();
        pod["metadata"]["annotations"]["note-1"] = format!("turn-{turn}").into();
        (
            "PUT",
            format!("{POD}?fieldManager=manager-1"),
            "application/json",
            pod.to_string(),
        )
    }),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Some((name, times)) = measure::asked() {
        let case = CASES.iter().find(|(have, _)| *have == name).expect("a case");
        let bench = Bench::new().await;
        for turn in 0..times {
            bench.run(case, turn).await;
        }
        return;
    }
    let bench = Bench::new().await;
    println!(
        "a pod of {} bytes in JSON with {MANAGERS} managers",
        bench.pod.to_string().len()
    );
    for case in CASES {
        let mut best = f64::INFINITY;
        for turn in 0..ROUNDS {
            let start = Instant::now();
            bench.run(case, turn as u64).await;
            best = best.min(start.elapsed().as_secs_f64());
        }
        let whole = measure::instructions(case.0, COUNTED, &[]);
        let upkeep = measure::instructions(case.0, COUNTED, &UPKEEP);
        println!(
            "{:26} {:7.1} us   whole: {}   upkeep: {}",
            case.0,
            best * 1e6,
            measure::told(whole),
            measure::told(upkeep)
        );
        if let (Some(whole), Some(upkeep)) = (whole, upkeep) {
            assert!(upkeep > 0, "nothing was counted within {UPKEEP:?}");
            assert!(upkeep * 2 < whole, "upkeep is {upkeep} of {whole} instructions");
        }
    }
}

/// A server and the pod in it.
struct Bench {
    tier: Tier,
    pod: serde_json::Value,
}

impl Bench {
    async fn new() -> Self {
        let mut bench = Self {
            tier: Tier::start().await,
            pod: serde_json::Value::Null,
        };
        bench
            .send((
                "POST",
                "/api/v1/namespaces/default/pods?fieldManager=creator".into(),
                "application/json",
                pod(),
            ))
            .await;
        for manager in 0..MANAGERS - 1 {
            bench
                .send(apply(&format!("manager-{manager}"), &manager.to_string(), "a"))
                .await;
        }
        bench.pod = bench
            .send(("GET", POD.into(), "application/json", String::new()))
            .await;
        if let Some(metadata) = bench.pod["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
            assert_eq!(metadata["managedFields"].as_array().map_or(0, Vec::len), MANAGERS);
        }
        bench
    }

    async fn run(&self, case: &Case, turn: u64) {
        self.send(case.1(turn, &self.pod)).await;
    }

    async fn send(&self, (method, path, content_type, body): Request) -> serde_json::Value {
        let bytes = self.tier.send(method, &path, content_type, body).await;
        serde_json::from_slice(&bytes).expect("an object")
    }
}

/// An apply that owns a label, an annotation and an environment variable's container item.
fn apply(manager: &str, own: &str, value: &str) -> Request {
    let body = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","labels":{{"label-{own}":"x"}},"annotations":{{"note-{own}":"{value}"}}}}}}"#
    );
    (
        "PATCH",
        format!("{POD}?fieldManager={manager}&force=true"),
        "application/apply-patch+yaml",
        body,
    )
}

fn pod() -> String {
    let container = |at: usize| {
        let env: Vec<_> = (0..12)
            .map(|n| format!(r#"{{"name":"VARIABLE_{n}","value":"some value of it {n}"}}"#))
            .collect();
        format!(
            r#"{{"name":"c{at}","image":"registry.example/app:{at}","env":[{}]}}"#,
            env.join(",")
        )
    };
    let containers: Vec<_> = (0..4).map(container).collect();
    format!(
        r#"{{"metadata":{{"name":"p"}},"spec":{{"containers":[{}]}}}}"#,
        containers.join(",")
    )
}
