//! What the tool does for each event that it gets, in instructions: with TLS, frames and the record, when the same events come to many
//! watches; and with the bytes of one watch alone, when every event is another. `cargo bench -p shardplane-load`. The system's share of it,
//! and what it is beside the server's, is what `tools/bench load` tells.

#[path = "reading/server.rs"]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use watchload::target::{Protocol, Target};
use watchload::watch::{Log, Media, Plan, Read, Recent, Wanted, Watch, Watches};

const EVENTS: usize = 10_000;
/// How the stream is cut: as an HTTP/2 frame has a part of an event, one event or so, or many.
const PIECES: [(&str, usize); 3] = [
    ("other events, pieces of 1 KB", 1_024),
    ("other events, pieces of an event or so", 1_200),
    ("other events, pieces of 16 KB", 16_384),
];
/// What reads and records them.
const PIECES_READER: &str = "reading::read";
/// A third above what was measured, so that a compiler may differ and a pass more over the bytes is found.
const PIECE_INSTRUCTIONS_MAX: u64 = 3_500;

const OVER_TLS: &str = "the same events to 100 watches, with TLS and frames";
const WATCHES: usize = 100;
const SHARED_EVENTS: usize = 50;
/// What reads and records, when the system has said that there is something.
const READER: &str = "watchload::watch::http2::session::Session::poll";
/// A fifth above what was measured, with AES but without AVX-512, which valgrind does not have.
const OVER_TLS_INSTRUCTIONS_MAX: u64 = 4_300;

fn main() {
    if let Some((case, times)) = measure::asked() {
        (0..times).for_each(|_| run(&case));
        return;
    }
    println!(
        "| reading an event of {} bytes | instructions |\n|---|---|",
        event(1).len()
    );
    let over_tls = measure::instructions_of(OVER_TLS, 1, READER);
    tell(
        OVER_TLS,
        over_tls,
        WATCHES * SHARED_EVENTS,
        OVER_TLS_INSTRUCTIONS_MAX,
    );
    for (name, _) in PIECES {
        let counted = measure::instructions_of(name, 1, PIECES_READER);
        tell(name, counted, EVENTS, PIECE_INSTRUCTIONS_MAX);
    }
}

fn tell(name: &str, counted: Option<u64>, events: usize, most: u64) {
    let each = counted.map(|all| all / events as u64);
    println!("| {name} | {} |", measure::told(each));
    let right = each.is_none_or(|each| (1..=most).contains(&each));
    assert!(right, "{name}: not 1 to {most}");
}

fn run(case: &str) {
    match PIECES.iter().find(|(name, _)| *name == case) {
        Some((_, piece)) => read((1..=EVENTS).flat_map(event).collect(), *piece),
        None => read_over_tls(),
    }
}

fn event(revision: usize) -> Vec<u8> {
    let (name, data) = (format!("watchload-{:06}", revision % 100), "x".repeat(1_024));
    let event = format!(
        "{{\"type\":\"MODIFIED\",\"object\":{{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"{name}\",\
         \"namespace\":\"watchload\",\"resourceVersion\":\"{revision}\"}},\"data\":{{\"payload\":\"{data}\"}}}}}}\n"
    );
    event.into_bytes()
}

#[inline(never)]
fn read(stream: Vec<u8>, piece: usize) {
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

fn read_over_tls() {
    let config = server::start(WATCHES, (1..=SHARED_EVENTS).map(event).collect());
    let target = Arc::new(Target::new(&config, false).expect("a target"));
    let plan = Plan {
        media: Media::Json,
        protocol: Protocol::Http2,
        streams_per_connection: WATCHES,
        stream_window_bytes: 262_144,
        threads: 1,
        timeout_seconds: 600,
        resume: false,
    };
    let wanted = vec![Wanted::after("/api/v1/configmaps", 0); WATCHES];
    let watches = Watches::start(&target, plan, wanted, Instant::now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let arrived = runtime.expect("a runtime").block_on(async {
        watches.all_open().await.expect("a right server");
        let all = (WATCHES * SHARED_EVENTS) as u64;
        watches.arrived(all, Duration::from_secs(300)).await
    });
    let each = watches.finish().iter().map(|watch| watch.deliveries.len()).max();
    assert_eq!((arrived, each), (true, Some(SHARED_EVENTS)));
}
