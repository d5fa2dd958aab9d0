//! Random histories: writes, compactions, lost streams and restarts against watchers and lists, all checked against a model
//! (invariants I1 to I8 of the design). A failure shrinks to the shortest history that fails.
//!
//! `SHARDPLANE_FULL=1` plays 10,000 of them.

mod client;
mod memory;
mod model;
mod world;

use proptest::prelude::*;
use proptest::test_runner::Config;

use world::{Step, World};

/// Histories of an ordinary run, and of a full one.
const HISTORIES: (u32, u32) = (150, 10_000);
/// Steps of a history.
const STEPS: usize = 60;

fn cases() -> u32 {
    match std::env::var_os("SHARDPLANE_FULL") {
        Some(_) => HISTORIES.1,
        None => HISTORIES.0,
    }
}

proptest! {
    #![proptest_config(Config { cases: cases(), max_shrink_iters: 4_000, ..Config::default() })]

    #[test]
    fn what_watchers_and_lists_see_is_what_happened(steps in prop::collection::vec(Step::any(), 1..STEPS)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.play(step).await;
            }
            world.finish().await;
        });
    }
}
