//! A histogram that many threads add to without a lock: one atomic number a bucket. Values are whole numbers of some small unit, which
//! its reader scales.

use std::fmt::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{MetricEncoder, NoLabelSet};

/// The most bounds that a distribution may have.
pub const BOUNDS_MAX: usize = 17;

/// How values are distributed over the buckets below each bound.
#[derive(Debug)]
pub struct Distribution {
    bounds: &'static [u64],
    /// One a bound, and the last for what is above all.
    counts: [AtomicU64; BOUNDS_MAX + 1],
    sum: AtomicU64,
}

/// The same for one thread, to be added to a [`Distribution`] now and then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local {
    counts: [u64; BOUNDS_MAX + 1],
    sum: u64,
}

impl Distribution {
    /// Of nothing yet; bounds ascend and are at most [`BOUNDS_MAX`].
    pub fn new(bounds: &'static [u64]) -> Self {
        debug_assert!(bounds.len() <= BOUNDS_MAX && bounds.is_sorted());
        Self {
            bounds,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            sum: AtomicU64::new(0),
        }
    }

    /// One more value.
    pub fn observe(&self, value: u64) {
        self.counts[bucket(self.bounds, value)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Notes a value, so many times, for later.
    pub fn note(&self, local: &mut Local, value: u64, count: u64) {
        local.counts[bucket(self.bounds, value)] += count;
        local.sum += value * count;
    }

    /// Adds what was noted.
    pub fn add(&self, local: &Local) {
        for (count, more) in self.counts.iter().zip(local.counts) {
            if more > 0 {
                count.fetch_add(more, Ordering::Relaxed);
            }
        }
        self.sum.fetch_add(local.sum, Ordering::Relaxed);
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum()
    }

    /// Writes it for a scrape; so many values are one of what is told.
    pub fn encode(&self, encoder: MetricEncoder<'_>, per_one: f64) -> Result<(), Error> {
        Self::encode_sum(&[self], encoder, per_one)
    }

    /// Writes several with the same bounds as one.
    pub fn encode_sum(all: &[&Self], mut encoder: MetricEncoder<'_>, per_one: f64) -> Result<(), Error> {
        let of_all = |read: &dyn Fn(&Self) -> &AtomicU64| -> u64 {
            all.iter().map(|one| read(one).load(Ordering::Relaxed)).sum()
        };
        let bounds = all.first().map_or(&[][..], |one| one.bounds);
        let bounds = bounds.iter().map(|bound| *bound as f64 / per_one);
        let buckets: Vec<(f64, u64)> = bounds
            .chain([f64::INFINITY])
            .enumerate()
            .map(|(at, bound)| (bound, of_all(&|one| &one.counts[at])))
            .collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = of_all(&|one| &one.sum) as f64 / per_one;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }
}

/// The first bucket whose bound is not below the value.
fn bucket(bounds: &[u64], value: u64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_below_their_bound_and_are_told_together() {
        let distribution = Distribution::new(&[10, 20]);
        let mut local = Local::default();
        for value in [0, 10, 11, 20, 21, 1_000] {
            distribution.note(&mut local, value, 1);
        }
        assert_eq!(distribution.count(), 0);
        distribution.add(&local);
        distribution.observe(10);
        let counts: Vec<u64> = (0..4)
            .map(|at| distribution.counts[at].load(Ordering::Relaxed))
            .collect();
        assert_eq!(counts, [3, 2, 2, 0]);
        assert_eq!(distribution.sum.load(Ordering::Relaxed), 1_072);
    }
}
