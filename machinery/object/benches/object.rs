//! The hot paths of this crate, timed: a strategic merge of a 4 KB pod, and a label selector's match.
//!
//! `cargo bench -p shardplane-object` prints nanoseconds for one run of each, the best of several rounds.

use std::hint::black_box;
use std::time::Instant;

use schema::Types;
use shardplane_object::patch::strategic;
use shardplane_object::selector::label::Selector;
use shardplane_object::{Map, Value, meta, tree};

const ROUNDS: usize = 20;

fn main() {
    let types = Types::builtin();
    let id = types.id("io.k8s.api.core.v1.Pod").expect("a built-in type");
    let pod = pod();
    let patch = tree!({"spec": {"containers": [
        {"name": "c1", "image": "registry.example/patched:2", "env": [{"name": "E3", "value": "changed"}]}
    ]}});
    time("clone of a 4 KB pod (part of the merge below)", 2_000, || {
        black_box(pod.clone());
    });
    time("strategic merge of a 4 KB pod", 2_000, || {
        let mut merged = pod.clone();
        strategic::apply(types, id, &mut merged, patch.clone()).expect("merges");
        black_box(merged);
    });

    let selector = Selector::parse("app=web,tier in (front,back),!legacy,release").expect("valid");
    let labels = meta::of(&pod).labels();
    time("label selector of 4 requirements", 200_000, || {
        assert!(black_box(&selector).matches(black_box(&labels)));
    });
    time("parsing that selector", 20_000, || {
        black_box(Selector::parse(black_box("app=web,tier in (front,back),!legacy,release")).expect("valid"));
    });
}

/// Prints the best round's time of one run.
fn time(name: &str, runs: u32, mut run: impl FnMut()) {
    let round = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..runs).for_each(|_| run());
        start.elapsed().as_nanos() / u128::from(runs)
    };
    let best = (0..ROUNDS).map(|_| round(&mut run)).min().unwrap_or_default();
    println!("{name}: {best} ns");
}

fn pod() -> Value {
    let container = |at: i64| {
        let env =
            |n: i64| tree!({"name": (format!("E{n}")), "value": (format!("a value of some length {n}"))});
        tree!({
            "name": (format!("c{at}")),
            "image": "registry.example/team/service:1.2.3",
            "env": (Value::List((0..12).map(env).collect())),
            "ports": [{"containerPort": 80i64, "name": "http", "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
            "volumeMounts": [{"name": "data", "mountPath": "/var/lib/data"}, {"name": "tmp", "mountPath": "/tmp"}],
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent"
        })
    };
    let labels: Map = [
        "app=web",
        "tier=front",
        "release=stable",
        "team=a",
        "pod-template-hash=7d4b9c",
    ]
    .iter()
    .filter_map(|pair| pair.split_once('='))
    .map(|(key, value)| (key.into(), Value::from(value)))
    .collect();
    tree!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-7d4b9c-x2k4q", "namespace": "default", "labels": labels},
        "spec": {"containers": (Value::List((0..3).map(container).collect())), "nodeName": "node-1"}
    })
}
