//! What a write does to the bytes of a 4 KB pod, apart from all else: decode, default and encode for the store.
//! `cargo bench -p shardplane-apiserver --bench pod`: time, and instructions where valgrind is installed.

use std::hint::black_box;

use kinds::defaults::{self, Now};
use kinds::{Catalog, Resource};
use schema::{Types, envelope, json};

const TEXT: &[u8] = include_bytes!("../../machinery/schema/benches/pod.json");
const NOW: Now<'static> = Now("2026-01-01T00:00:00Z");
const ROUNDS: usize = 20;
const PER_ROUND: u32 = 500;
const COUNTED: u64 = 200;
const CASE: &str = "decode, default and encode";

fn write(resource: &Resource) {
    let types = Types::builtin();
    let mut pod = json::decode(types, resource.type_id, TEXT).expect("a pod").value;
    defaults::apply(resource.type_id, &mut pod, NOW);
    black_box(envelope::encode(types, resource.type_id, &pod));
}

fn main() {
    let resource = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    if let Some((_, times)) = measure::asked() {
        (0..times).for_each(|_| write(resource));
        return;
    }
    let seconds = measure::best(ROUNDS, PER_ROUND, || write(resource));
    let counted = measure::told(measure::instructions(CASE, COUNTED, &[]));
    println!(
        "{CASE} of a pod of {} bytes of JSON: {:.2} us   {counted}",
        TEXT.len(),
        seconds * 1e6
    );
}
