//! What the codecs cost for a pod of 4 KB: time, and instructions where valgrind is installed, which noise does not touch.
//! `cargo bench -p shardplane-schema`.

use std::hint::black_box;

use schema::{TypeId, Types, Value, envelope, json, proto, splice, transcode};

const TEXT: &[u8] = include_bytes!("pod.json");
const ROUNDS: usize = 20;
const PER_ROUND: u32 = 2_000;
/// How often a case runs under valgrind to even out what the process does besides.
const COUNTED: u64 = 200;

struct Pod {
    id: TypeId,
    value: Value,
    printed: Vec<u8>,
    stored: Vec<u8>,
}

/// A name, what is measured, and how many bytes of JSON it stands for.
type Case = (&'static str, fn(&Pod));

const CASES: &[Case] = &[
    ("JSON decode", |pod| {
        drop(black_box(json::decode(Types::builtin(), pod.id, &pod.printed)))
    }),
    ("JSON encode", |pod| {
        let mut out = Vec::with_capacity(8192);
        json::encode(Types::builtin(), pod.id, &pod.value, &mut out);
        black_box(out);
    }),
    ("protobuf decode", |pod| {
        drop(black_box(proto::decode(Types::builtin(), pod.id, &pod.stored)))
    }),
    ("protobuf encode", |pod| {
        let mut out = Vec::with_capacity(8192);
        proto::encode(Types::builtin(), pod.id, &pod.value, &mut out);
        black_box(out);
    }),
    ("protobuf to JSON", |pod| {
        let mut out = Vec::with_capacity(8192);
        let done = transcode::to_json(
            Types::builtin(),
            pod.id,
            &pod.stored,
            "v1",
            "Pod",
            Some(123_456),
            &mut out,
        );
        black_box((done.is_ok(), out));
    }),
    ("protobuf spliced", |pod| {
        let mut out = Vec::with_capacity(8192);
        let done = splice::splice(&pod.stored, 123_456, &mut out);
        black_box((done.is_ok(), out));
    }),
    ("read metadata", |pod| {
        drop(black_box(proto::peek_meta(&pod.stored)))
    }),
];

fn pod() -> Pod {
    let types = Types::builtin();
    let id = types.id("io.k8s.api.core.v1.Pod").expect("a built-in type");
    let value = json::decode(types, id, TEXT).expect("a pod").value;
    let mut printed = Vec::new();
    json::encode(types, id, &value, &mut printed);
    let bytes = envelope::encode(types, id, &value);
    let stored = envelope::split(&bytes).expect("own bytes").body.to_vec();
    Pod {
        id,
        value,
        printed,
        stored,
    }
}

fn main() {
    let pod = pod();
    if let Some((name, times)) = measure::asked() {
        let case = CASES.iter().find(|(have, _)| *have == name).expect("a case");
        (0..times).for_each(|_| case.1(&pod));
        return;
    }
    println!(
        "a pod of {} bytes in JSON, {} in protobuf",
        pod.printed.len(),
        pod.stored.len()
    );
    for (name, run) in CASES {
        let seconds = measure::best(ROUNDS, PER_ROUND, || run(&pod));
        let speed = pod.printed.len() as f64 / seconds / 1e6;
        let counted = measure::told(measure::instructions(name, COUNTED, &[]));
        println!(
            "{name:18} {:7.2} us {speed:7.0} MB/s of JSON   {counted}",
            seconds * 1e6
        );
    }
}
