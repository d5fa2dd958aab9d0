//! What the codecs cost for a pod of 4 KB: time, and instructions where valgrind is installed, which noise does not touch.
//! `cargo bench -p shardplane-schema`.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use schema::{TypeId, Types, Value, envelope, json, proto, transcode};

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
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, times] = arguments.as_slice()
        && flag == "--count"
    {
        let case = CASES.iter().find(|(have, _)| have == name).expect("a case");
        (0..times.parse::<u64>().unwrap_or(0)).for_each(|_| case.1(&pod));
        return;
    }
    println!(
        "a pod of {} bytes in JSON, {} in protobuf",
        pod.printed.len(),
        pod.stored.len()
    );
    for (name, run) in CASES {
        let seconds = best(|| run(&pod));
        let speed = pod.printed.len() as f64 / seconds / 1e6;
        let counted = instructions(name).map_or("valgrind is not installed".into(), |count| {
            format!("{count} instructions")
        });
        println!(
            "{name:18} {:7.2} us {speed:7.0} MB/s of JSON   {counted}",
            seconds * 1e6
        );
    }
}

/// The best round's seconds for one run.
fn best(run: impl Fn()) -> f64 {
    let round = || {
        let start = Instant::now();
        (0..PER_ROUND).for_each(|_| run());
        start.elapsed().as_secs_f64() / f64::from(PER_ROUND)
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// Instructions of one run: those of many less those of none.
fn instructions(case: &str) -> Option<u64> {
    Some(counted(case, COUNTED)?.checked_sub(counted(case, 0)?)? / COUNTED)
}

fn counted(case: &str, times: u64) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--count", case, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.trim().parse().ok()
}
