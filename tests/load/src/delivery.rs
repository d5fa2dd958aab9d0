//! Judges what watches got against what was written: lost, doubled, out of order, late. It is a pure function of the records.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::limits;
use crate::over_time::OverTime;
use crate::watch::Watch;
use crate::writer::Written;

/// How many of the slowest deliveries are named.
const SLOWEST_MAX: usize = 50;

/// What came of all deliveries.
#[derive(Debug)]
pub struct Judgement {
    /// How many deliveries there should have been.
    pub expected: u64,
    /// How many there were.
    pub received: u64,
    /// Missing, though a later one came.
    pub lost: u64,
    /// Missing at the end of what the watch got.
    pub behind: u64,
    /// More often than once.
    pub doubled: u64,
    /// After one with a higher revision.
    pub out_of_order: u64,
    /// Of a revision that no acknowledged write made.
    pub unexpected: u64,
    /// With another object than was written at that revision.
    pub wrong_object: u64,
    /// Before the writer had its answer; their latency counts as 0.
    pub before_acknowledged: u64,
    /// Microseconds from acknowledgement to receipt.
    pub latency: Histogram<u64>,
    /// The slowest, the slowest first.
    pub slowest: Vec<Slow>,
    /// The first wrong ones, in words.
    pub findings: Vec<String>,
    /// How it went over time, where that is wanted.
    pub over_time: Option<OverTime>,
}

/// A slow delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// The number of the watch.
    pub watch: usize,
    /// The revision.
    pub revision: u64,
    /// From acknowledgement to receipt.
    pub micros: u64,
}

impl Default for Judgement {
    fn default() -> Self {
        Self::new()
    }
}

impl Judgement {
    /// Nothing judged yet.
    pub fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, limits::LATENCY_MICROS_MAX, 3);
        Self {
            expected: 0,
            received: 0,
            lost: 0,
            behind: 0,
            doubled: 0,
            out_of_order: 0,
            unexpected: 0,
            wrong_object: 0,
            before_acknowledged: 0,
            latency: latency.expect("the bounds are valid"),
            slowest: Vec::new(),
            findings: Vec::new(),
            over_time: None,
        }
    }

    /// Nothing judged yet of what came between two moments since the readings began.
    pub fn over(from: Duration, until: Duration) -> Self {
        Self {
            over_time: Some(OverTime::new(from, until)),
            ..Self::new()
        }
    }

    /// Whether every write arrived everywhere, once and in order.
    pub fn is_clean(&self) -> bool {
        self.lost + self.behind + self.doubled + self.out_of_order + self.unexpected + self.wrong_object == 0
    }

    /// Adds one watch, which should have got `expected` (by revision), whose deliveries are timed by `clock`.
    pub fn add(&mut self, number: usize, watch: &Watch, expected: &[Written], clock: Clock) {
        let mut seen = vec![false; expected.len()];
        let (mut highest, mut next) = (0, 0);
        for delivery in &watch.deliveries {
            self.received += 1;
            let Some(index) = find(expected, next, delivery.revision) else {
                self.unexpected += 1;
                self.find(
                    number,
                    "an unknown write",
                    delivery.revision,
                    delivery.at_us.into(),
                );
                continue;
            };
            next = index + 1;
            if std::mem::replace(&mut seen[index], true) {
                self.doubled += 1;
                self.find(number, "doubled", delivery.revision, delivery.at_us.into());
                continue;
            }
            if delivery.revision < highest {
                self.out_of_order += 1;
                self.find(number, "out of order", delivery.revision, delivery.at_us.into());
            }
            highest = highest.max(delivery.revision);
            if expected[index].object != delivery.object {
                self.wrong_object += 1;
                self.find(number, "another object", delivery.revision, delivery.at_us.into());
            }
            self.time(
                number,
                expected[index],
                clock.micros(expected[index].at),
                delivery.at_us,
            );
        }
        self.expected += expected.len() as u64;
        for (written, _) in expected.iter().zip(&seen).filter(|(_, seen)| !**seen) {
            let (count, what) = match written.revision < highest {
                true => (&mut self.lost, "lost"),
                false => (&mut self.behind, "not there at the end"),
            };
            *count += 1;
            self.find(number, what, written.revision, clock.micros(written.at));
        }
    }

    fn time(&mut self, number: usize, written: Written, acknowledged_us: u64, at_us: u32) {
        if u64::from(at_us) < acknowledged_us {
            self.before_acknowledged += 1;
        }
        let latency = u64::from(at_us).saturating_sub(acknowledged_us);
        self.latency.saturating_record(latency);
        if let Some(over_time) = &mut self.over_time {
            over_time.came(at_us.into(), latency);
        }
        if self.slowest.len() < SLOWEST_MAX || latency > self.slowest[SLOWEST_MAX - 1].micros {
            let slow = Slow {
                watch: number,
                revision: written.revision,
                micros: latency,
            };
            let at = self.slowest.partition_point(|slower| slower.micros >= latency);
            self.slowest.insert(at, slow);
            self.slowest.truncate(SLOWEST_MAX);
        }
    }

    fn find(&mut self, number: usize, what: &str, revision: u64, at_us: u64) {
        if let Some(over_time) = &mut self.over_time {
            over_time.wrong(at_us);
        }
        if self.findings.len() < limits::FINDINGS_MAX {
            self.findings
                .push(format!("watch {number}: {what}: revision {revision}"));
        }
    }
}

/// When the readings began.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    begin: Instant,
}

impl Clock {
    /// A clock that began then.
    pub fn since(begin: Instant) -> Self {
        Self { begin }
    }

    /// Microseconds from the beginning to `at`.
    pub fn micros(self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.begin).as_micros()).unwrap_or(u64::MAX)
    }
}

/// Where a revision stands; in order it is the next.
fn find(expected: &[Written], next: usize, revision: u64) -> Option<usize> {
    if expected
        .get(next)
        .is_some_and(|written| written.revision == revision)
    {
        return Some(next);
    }
    expected
        .binary_search_by_key(&revision, |written| written.revision)
        .ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::watch::{Delivery, Media, Wanted};

    /// Writes of the revisions 11 to 15 at 10 ms each, judged for a watch that got these revisions, each 1 ms after it was written.
    fn judge(revisions: &[u64]) -> Judgement {
        let begin = Instant::now();
        let at = |revision: u64| begin + Duration::from_millis(10 * (revision - 10));
        let written = |revision| Written {
            revision,
            at: at(revision),
            object: 0,
        };
        let expected: Vec<Written> = (11..=15).map(written).collect();
        let wanted = Wanted {
            path: String::new(),
            revision: 10,
            pace: crate::watch::Pace::Full,
            initial: false,
            cycle: None,
        };
        let mut watch = Watch::new(wanted, Media::Json);
        watch.deliveries.extend(revisions.iter().map(|revision| Delivery {
            revision: *revision,
            at_us: (10_000 * (revision - 10) + 1_000) as u32,
            object: 0,
        }));
        let mut judgement = Judgement::new();
        judgement.add(0, &watch, &expected, Clock::since(begin));
        judgement
    }

    #[test]
    fn all_in_order_is_clean() {
        let judgement = judge(&[11, 12, 13, 14, 15]);
        assert!(judgement.is_clean());
        assert_eq!((judgement.expected, judgement.received), (5, 5));
        assert!((1_000..1_010).contains(&judgement.latency.max()));
    }

    #[test]
    fn tells_lost_behind_doubled_and_reordered_apart() {
        let told = |revisions: &[u64]| {
            let judgement = judge(revisions);
            [
                judgement.lost,
                judgement.behind,
                judgement.doubled,
                judgement.out_of_order,
                judgement.unexpected,
            ]
        };
        assert_eq!(told(&[11, 13, 14, 15]), [1, 0, 0, 0, 0]);
        assert_eq!(told(&[11, 12, 13]), [0, 2, 0, 0, 0]);
        assert_eq!(told(&[11, 12, 12, 13, 14, 15]), [0, 0, 1, 0, 0]);
        assert_eq!(told(&[11, 13, 12, 14, 15]), [0, 0, 0, 1, 0]);
        assert_eq!(told(&[11, 12, 13, 14, 15, 16]), [0, 0, 0, 0, 1]);
    }
}
