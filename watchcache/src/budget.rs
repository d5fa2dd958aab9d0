//! One budget for the histories of all resources: now and then each ring is told what it may hold. The rule is the ring
//! crate's.

use std::sync::Arc;
use std::time::Duration;

use crate::unit::Unit;

/// How often the budget is shared out.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the histories of all resources may hold together, and what each may keep whatever the others need.
#[derive(Clone, Copy, Debug)]
pub struct History {
    pub bytes: usize,
    pub floor_bytes: usize,
}

/// Shares `history` among the units that there are at the time, for as long as the process runs.
pub async fn keep(units: impl Fn() -> Vec<Arc<Unit>>, history: History) {
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        share(&units(), history);
    }
}

/// Tells each unit what it may hold: as long as there is room for all, nobody gives anything up, however fast it came.
pub fn share(units: &[Arc<Unit>], history: History) {
    let held = |unit: &Arc<Unit>| {
        unit.generation()
            .map_or(0, |generation| generation.ring().span().bytes)
    };
    if units.iter().map(held).sum::<usize>() <= history.bytes {
        units.iter().for_each(|unit| unit.allot(history.bytes));
        return;
    }
    let now_ms = crate::unit::now_ms();
    let samples: Vec<_> = units
        .iter()
        .map(|unit| {
            let span = unit.generation().map(|generation| generation.ring().span());
            ring::budget::Sample {
                held_bytes: span.map_or(0, |span| span.bytes),
                oldest_age_ms: span
                    .and_then(|span| span.oldest_ms)
                    .map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms)),
                floor_bytes: history.floor_bytes,
            }
        })
        .collect();
    for (unit, allotted) in units.iter().zip(ring::budget::share(history.bytes, &samples)) {
        unit.allot(allotted);
    }
}
