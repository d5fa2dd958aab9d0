//! How deliveries and their latency went over the time of a run, in a bounded number of intervals. It is filled by who judges.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::limits;

/// Intervals of one length.
#[derive(Debug)]
pub struct OverTime {
    from: Duration,
    interval: Duration,
    intervals: Vec<Interval>,
}

/// What happened in one interval.
#[derive(Debug)]
pub struct Interval {
    /// Microseconds, of what came in it.
    pub latency: Histogram<u32>,
    /// How many deliveries (or answers) were right, late or not.
    pub came: u64,
    /// How many were wrong, or were written in it and never came.
    pub wrong: u64,
}

impl OverTime {
    /// Intervals from one moment to another, counted from the run's beginning.
    pub fn new(from: Duration, until: Duration) -> Self {
        let span = until.saturating_sub(from);
        let interval = (span / limits::INTERVALS_MAX as u32).max(limits::INTERVAL_MIN);
        let count = (span.as_micros() / interval.as_micros()) as usize + 1;
        let empty = |_| Interval {
            latency: Histogram::new_with_bounds(1, limits::LATENCY_MICROS_MAX, 2)
                .expect("the bounds are valid"),
            came: 0,
            wrong: 0,
        };
        Self {
            from,
            interval,
            intervals: (0..count).map(empty).collect(),
        }
    }

    /// One came, so late.
    pub fn came(&mut self, at_us: u64, latency_us: u64) {
        let interval = self.at(at_us);
        interval.came += 1;
        interval.latency.saturating_record(latency_us);
    }

    /// One is wrong.
    pub fn wrong(&mut self, at_us: u64) {
        self.at(at_us).wrong += 1;
    }

    /// Where a moment belongs, the first or last interval for one outside.
    pub fn index(&self, at_us: u64) -> usize {
        let since = at_us.saturating_sub(self.from.as_micros() as u64);
        ((since / self.interval.as_micros() as u64) as usize).min(self.intervals.len() - 1)
    }

    fn at(&mut self, at_us: u64) -> &mut Interval {
        let index = self.index(at_us);
        &mut self.intervals[index]
    }

    /// The middle of each interval, in seconds since `from`.
    pub fn seconds(&self) -> Vec<f64> {
        let length = self.interval.as_secs_f64();
        (0..self.intervals.len())
            .map(|number| (number as f64 + 0.5) * length)
            .collect()
    }

    /// All intervals, in order.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// How long each is.
    pub fn length(&self) -> Duration {
        self.interval
    }

    /// When the first begins.
    pub fn from(&self) -> Duration {
        self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_has_long_intervals_and_nothing_falls_out() {
        let hour = Duration::from_secs(3_600);
        let mut over = OverTime::new(Duration::from_secs(10), hour);
        assert!(over.intervals().len() <= limits::INTERVALS_MAX + 1);
        for at in [0, 10_000_000, 1_000_000_000, 3_599_999_999, 9_000_000_000] {
            over.came(at, 5_000);
        }
        assert_eq!(over.intervals().iter().map(|one| one.came).sum::<u64>(), 5);
        assert_eq!(
            (
                over.intervals()[0].came,
                over.intervals().last().expect("one").came
            ),
            (2, 2)
        );
        assert_eq!(OverTime::new(Duration::ZERO, Duration::ZERO).intervals().len(), 1);
    }
}
