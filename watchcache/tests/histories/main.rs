//! Random histories: writes, compactions, lost streams and restarts against watchers and lists, all checked against a model
//! (invariants I1 to I8 of the design). A failure shrinks to the shortest history that fails.
//!
//! `SHARDPLANE_FULL=1` plays 10,000 of them. `SHARDPLANE_SEED=N` plays others than the usual ones.

mod bodies;
mod client;
mod grouped;
mod memory;
mod model;
mod stalled;
mod steps;
mod woken;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use world::World;

/// Histories of an ordinary run, and of a full one.
const HISTORIES: (u32, u32) = (200, 10_000);
/// Steps of a history.
const STEPS: usize = 60;
/// What histories are drawn from when nothing else is asked for: an ordinary run is the same each time.
const SEED: u64 = 4;

fn config() -> Config {
    let seed = std::env::var("SHARDPLANE_SEED").ok();
    let cases = match std::env::var_os("SHARDPLANE_FULL") {
        Some(_) => HISTORIES.1,
        None => HISTORIES.0,
    };
    Config {
        cases,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed.map_or(SEED, |seed| seed.parse().expect("a seed is a number"))),
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_watchers_and_lists_see_is_what_happened(
        settings in steps::settings(),
        steps in prop::collection::vec(steps::step(), 1..STEPS),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut world = World::new(&settings).await;
            for step in &steps {
                world.play(step).await;
            }
            world.finish().await;
        });
    }
}
