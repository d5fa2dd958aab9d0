//! What a durable write of the embedded store costs: one writer, whose every write waits for a sync of its own, and 64, who
//! share syncs. The cost of a bare sync of the same disk stands beside it: `cargo bench -p shardplane-storage`.
//!
//! `TMPDIR` chooses the disk; one that is in memory measures nothing.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use shardplane_storage::{Embedded, Op, Store, Txn};

/// Bytes of a value: a small object.
const VALUE_BYTES: usize = 1024;
const WRITERS: [usize; 2] = [1, 64];
/// Writes of all writers together in one round.
const WRITES: usize = 4_096;
const ROUNDS: usize = 5;
const SYNCS: u32 = 500;
/// Writes for which instructions are counted.
const COUNTED: u64 = 640;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    if let Some((case, times)) = measure::asked() {
        let writers = case.parse().expect("a number of writers");
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Embedded::open(folder.path()).expect("a new store"));
        let writes = usize::try_from(times).expect("it is small");
        runtime.block_on(write(&store, writers, writes));
        return;
    }
    println!(
        "a sync of {VALUE_BYTES} bytes into a preallocated file: {:.3} ms",
        sync_seconds() * 1e3
    );
    println!(
        "| writers | writes per second, best of {ROUNDS} (median) | per write | syncs per write | instructions per write |"
    );
    println!("|---|---|---|---|---|");
    for writers in WRITERS {
        let (mut rates, syncs) = rounds(&runtime, writers);
        rates.sort_by(f64::total_cmp);
        let (best, median) = (rates[ROUNDS - 1], rates[ROUNDS / 2]);
        let counted = measure::told(measure::instructions(&writers.to_string(), COUNTED, &[]));
        println!(
            "| {writers} | {best:.0} ({median:.0}) | {:.0} us | {syncs:.3} | {counted} |",
            1e6 / best
        );
    }
}

/// Writes per second of each round, and syncs for each write of all of them.
fn rounds(runtime: &tokio::runtime::Runtime, writers: usize) -> (Vec<f64>, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Embedded::open(folder.path()).expect("a new store"));
    let round = |_| {
        let begin = Instant::now();
        runtime.block_on(write(&store, writers, WRITES));
        WRITES as f64 / begin.elapsed().as_secs_f64()
    };
    let rates = (0..ROUNDS).map(round).collect();
    let syncs = store.counters().syncs.load(Ordering::Relaxed) as f64;
    (rates, syncs / (ROUNDS * WRITES) as f64)
}

/// `writes` durable writes by so many writers at once.
async fn write(store: &Arc<Embedded>, writers: usize, writes: usize) {
    let mut running = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let store = store.clone();
        running.spawn(async move {
            let value = bytes::Bytes::from(vec![b'x'; VALUE_BYTES]);
            for at in 0..writes / writers {
                let key = format!("/registry/configmaps/ns-{writer}/{}", at % 100).into();
                let op = Op::Put {
                    key,
                    value: value.clone(),
                    lease: None,
                };
                store
                    .txn(Txn {
                        then: vec![op],
                        ..Txn::default()
                    })
                    .await
                    .expect("a write");
            }
        });
    }
    running.join_all().await;
}

/// The best of several rounds: one append and `fdatasync`, into space that was written before, as the store's log does it.
fn sync_seconds() -> f64 {
    use std::os::unix::fs::FileExt;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let file: &File = file.as_file();
    let total = u64::from(SYNCS) * VALUE_BYTES as u64;
    (&*file)
        .write_all(&vec![0; usize::try_from(total).expect("it is small")])
        .expect("zeros");
    file.sync_all().expect("a sync");
    let round = |_| {
        let begin = Instant::now();
        for at in 0..u64::from(SYNCS) {
            file.write_all_at(&[b'x'; VALUE_BYTES], at * VALUE_BYTES as u64)
                .expect("a write");
            file.sync_data().expect("a sync");
        }
        begin.elapsed().as_secs_f64() / f64::from(SYNCS)
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}
