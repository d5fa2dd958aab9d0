//! What the tool does with the bytes of one event after TLS: cut out, scanned, recorded. `cargo bench -p shardplane-load`. The whole of
//! its cost, beside the server's, is what `tools/bench load` tells.

use watchload::watch::{Log, Media, Read, Recent, Wanted, Watch};

const EVENTS: usize = 10_000;
/// How the stream is cut: as an HTTP/2 frame has a part of an event, one event or so, or many.
const PIECES: [(&str, usize); 3] = [
    ("pieces of 1 KB", 1_024),
    ("pieces of an event or so", 1_200),
    ("pieces of 16 KB", 16_384),
];
/// What the watch cache alone spends on a delivery, see docs/performance.md; sockets and TLS cost it many times that.
const INSTRUCTIONS_MAX: u64 = 2_000;

fn main() {
    let stream = stream();
    if let Some((case, times)) = measure::asked() {
        let piece = PIECES
            .iter()
            .find(|(name, _)| *name == case)
            .expect("a known case")
            .1;
        (0..times).for_each(|_| read(&stream, piece));
        return;
    }
    println!(
        "| reading an event of {} bytes | instructions |\n|---|---|",
        stream.len() / EVENTS
    );
    for (name, _) in PIECES {
        let counted = measure::instructions(name, 1, &[]).map(|all| all / EVENTS as u64);
        println!("| {name} | {} |", measure::told(counted));
        assert!(
            counted.is_none_or(|count| count <= INSTRUCTIONS_MAX),
            "{name}: more than {INSTRUCTIONS_MAX}"
        );
    }
}

fn stream() -> Vec<u8> {
    let event = |revision: usize| {
        let (name, data) = (format!("watchload-{:06}", revision % 100), "x".repeat(1_024));
        format!(
            "{{\"type\":\"MODIFIED\",\"object\":{{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"{name}\",\
             \"namespace\":\"watchload\",\"resourceVersion\":\"{revision}\"}},\"data\":{{\"payload\":\"{data}\"}}}}}}\n"
        )
    };
    (1..=EVENTS).map(event).collect::<String>().into_bytes()
}

#[inline(never)]
fn read(stream: &[u8], piece: usize) {
    let mut watch = Watch::new(Wanted::after("/api/v1/configmaps", 0), Media::Json);
    watch.opened(Media::Json, 0);
    let (mut recent, mut log) = (Recent::default(), Log::default());
    let mut read = Read {
        watch: 0,
        media: Media::Json,
        at_us: 1,
        recent: &mut recent,
        log: &mut log,
    };
    let pieces = stream.chunks(piece);
    let changes: u64 = pieces
        .map(|bytes| watch.take(bytes, &mut read).expect("events"))
        .sum();
    assert_eq!(changes, EVENTS as u64);
}
