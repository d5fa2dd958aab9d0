//! What it costs to tell whether an object is selected, when only its facts are kept: 10,000 pods, none of which matches.
//! `cargo bench -p shardplane-render`.

use std::hint::black_box;

use kinds::{Catalog, Facts, Selectable};
use object::selector::{field, label};
use render::Selection;
use schema::tree;

const PODS: usize = 10_000;
/// Rounds are short, well below a scheduler's time slice: a longer one is never left alone on a busy machine.
const ROUNDS: usize = 400;
const PER_ROUND: u32 = 1;

/// A name, label and field selectors. Labels are scanned in key order, so that it matters where the key stands.
const CASES: [(&str, &str, &str); 6] = [
    ("first label", "app.kubernetes.io/instance=none", ""),
    ("last label", "track=none", ""),
    ("absent label", "zzz=none", ""),
    (
        "four labels",
        "app.kubernetes.io/name=web,tier in (front,back),!gone,track=none",
        "",
    ),
    ("a node", "", "spec.nodeName=none"),
    ("a phase and a label", "tier=frontend", "status.phase=Failed"),
];

fn main() {
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    let selectable = Selectable::of(pods);
    let facts: Vec<Facts> = (0..PODS).map(|at| pod(&selectable, at)).collect();
    let bytes: usize = facts.iter().map(Facts::heap_bytes).sum();
    println!("{PODS} pods, {} bytes of facts each on the heap", bytes / PODS);
    for (name, labels, fields) in CASES {
        let selection = Selection::of(
            pods,
            pods,
            label::Selector::parse(labels).expect("labels"),
            &field::Selector::parse(fields).expect("fields"),
        )
        .expect("fields of pods");
        let run = || {
            let matching = facts
                .iter()
                .filter(|facts| selection.matches_facts(facts, "production", "web"));
            assert_eq!(black_box(matching.count()), 0);
        };
        let seconds = measure::best(ROUNDS, PER_ROUND, run);
        println!("{name:20} {:6.1} ns an object", seconds * 1e9 / PODS as f64);
    }
}

/// With the labels and fields of a web application's pod.
fn pod(selectable: &Selectable, at: usize) -> Facts {
    let object = tree!({
        "metadata": {"name": (format!("web-{at}")), "namespace": "production", "labels": {
            "app.kubernetes.io/instance": (format!("web-{}", at % 100)), "app.kubernetes.io/name": "web",
            "app.kubernetes.io/version": "1.25.3", "pod-template-hash": (format!("7d4b9c6f{}", at % 10)),
            "tier": "frontend", "track": "stable"
        }},
        "spec": {"nodeName": (format!("node-{}.eu-central-1.internal", at % 500)), "serviceAccountName": "web",
            "restartPolicy": "Always", "schedulerName": "default-scheduler"},
        "status": {"phase": "Running", "podIPs": [{"ip": (format!("10.1.{}.{}", at / 250, at % 250))}]}
    });
    Facts::of(selectable, &object)
}
