//! What was sent to watches: how many events, how large, and how long after the store told them. A watch notes an event in its thread,
//! without an atomic operation: mostly it is what the watch before it has sent, and a count goes up. What a connection's turn has sent
//! to all its watches is added up at the end of the turn.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serve::feed;
use tokio::time::Instant;

use crate::distribution::{Distribution, Local};
use crate::forms::Encoder;
use crate::limits::TALLIES_MAX;
use crate::unit::Unit;

/// Bounds of event sizes, in bytes: the reference's.
const SIZES_BYTES: &[u64] = &[1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];
/// Bounds of the time until initial events are sent, in microseconds: the reference's.
const INITIAL_US: &[u64] = &[
    50_000, 100_000, 200_000, 400_000, 600_000, 800_000, 1_000_000, 2_000_000, 4_000_000, 6_000_000,
    8_000_000, 10_000_000, 15_000_000, 20_000_000, 30_000_000, 45_000_000, 60_000_000,
];
/// Bounds of the time from the store to the socket, in microseconds. The objective, 100 ms, is one of them.
pub const LATENCY_US: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// What was sent in one form.
#[derive(Debug)]
pub struct Sent {
    /// How large events were.
    pub sizes: Distribution,
    /// How long it took until the initial events of a watch of the whole, of a namespace, of one object were sent.
    pub initial: [Distribution; 3],
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            sizes: Distribution::new(SIZES_BYTES),
            initial: std::array::from_fn(|_| Distribution::new(INITIAL_US)),
        }
    }
}

/// What was sent to all watches of a unit.
#[derive(Debug)]
pub struct Delivered {
    /// How long after the store told them events were sent.
    pub latency: Distribution,
    /// Events about what was there already.
    pub initial: AtomicU64,
}

impl Default for Delivered {
    fn default() -> Self {
        Self {
            latency: Distribution::new(LATENCY_US),
            initial: AtomicU64::new(0),
        }
    }
}

/// What a turn has sent in one form.
struct Tally {
    unit: Arc<Unit>,
    encoder: Arc<Encoder>,
    sizes: Local,
    latency: Local,
    initial: u64,
    run: Run,
}

/// Equal events, one after the other.
#[derive(Clone, Copy)]
struct Run {
    what: What,
    bytes: usize,
    count: u64,
}

impl Run {
    const NONE: Self = Self {
        what: What::Past,
        bytes: 0,
        count: 0,
    };
}

thread_local! {
    static TALLIES: RefCell<Vec<Tally>> = const { RefCell::new(Vec::new()) };
}

/// What a watch sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A change that came from the store while the watch was open.
    Change { arrived: Instant, sent: Instant },
    /// A change that had come before the watch began.
    Past,
    /// What was there when the watch began.
    Initial,
    /// How far the watch has come.
    Bookmark,
}

/// An event of so many bytes is sent to so many watches of a unit.
pub fn sent((unit, encoder): (&Arc<Unit>, &Arc<Encoder>), what: What, bytes: usize, count: u64) {
    TALLIES.with_borrow_mut(|tallies| {
        let found = tallies
            .iter()
            .position(|tally| Arc::ptr_eq(&tally.encoder, encoder));
        let at = found.unwrap_or_else(|| begin(tallies, unit, encoder));
        let tally = &mut tallies[at];
        if tally.run.what != what || tally.run.bytes != bytes {
            tally.note();
            tally.run = Run {
                what,
                bytes,
                count: 0,
            };
        }
        tally.run.count += count;
    });
}

impl Tally {
    /// Adds the run to what was sent.
    fn note(&mut self) {
        let Run { what, bytes, count } = std::mem::replace(&mut self.run, Run::NONE);
        if count == 0 {
            return;
        }
        let sizes = &self.encoder.sent().sizes;
        sizes.note(&mut self.sizes, bytes as u64, count);
        match what {
            What::Change { arrived, sent } => {
                let age = sent.saturating_duration_since(arrived);
                let age_us = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
                let latency = &self.unit.delivered().latency;
                latency.note(&mut self.latency, age_us, count);
            }
            What::Initial => self.initial += count,
            What::Past | What::Bookmark => {}
        }
    }
}

fn begin(tallies: &mut Vec<Tally>, unit: &Arc<Unit>, encoder: &Arc<Encoder>) -> usize {
    if tallies.is_empty() {
        feed::when_turn_ends(|| TALLIES.with_borrow_mut(settle));
    }
    if tallies.len() >= TALLIES_MAX {
        settle(tallies);
    }
    tallies.push(Tally {
        unit: unit.clone(),
        encoder: encoder.clone(),
        sizes: Local::default(),
        latency: Local::default(),
        initial: 0,
        run: Run::NONE,
    });
    tallies.len() - 1
}

fn settle(tallies: &mut Vec<Tally>) {
    for mut tally in tallies.drain(..) {
        tally.note();
        tally.encoder.sent().sizes.add(&tally.sizes);
        let delivered = tally.unit.delivered();
        delivered.latency.add(&tally.latency);
        delivered.initial.fetch_add(tally.initial, Ordering::Relaxed);
    }
}
