//! Whether a member is fit to be asked, by how it answered so far: one that cannot be reached, or fails again and again, is left out
//! for a while and then comes back slowly. A pure state machine: times come in as arguments.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row that make a member be left out. To be out of reach counts at once.
const FAILURES_MAX: u32 = 5;
/// How long it is left out for the first time, and at most; each time in a row doubles it.
const OUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How long it takes to come back to a full share.
const RETURN: Duration = Duration::from_secs(10);
/// Its share when it begins to.
const SHARE_MIN: f64 = 0.1;
/// After this long without being left out, earlier times are forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// How a member answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Well,
    /// It broke off. What it answers is no fault: clients and what is stored bring about every status.
    Badly,
    /// There is no connection to it.
    Unreachable,
}

/// What is made of a member's answers.
#[derive(Clone, Copy, Debug)]
pub struct Fitness {
    phase: Phase,
    failures: u32,
    /// How many times in a row it was left out.
    times: u32,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Fit,
    Out { until: Instant },
    Returning { since: Instant },
}

impl Default for Fitness {
    fn default() -> Self {
        Self {
            phase: Phase::Fit,
            failures: 0,
            times: 0,
        }
    }
}

impl Fitness {
    /// Takes note of an answer.
    pub fn note(&mut self, outcome: Outcome, now: Instant) {
        self.advance(now);
        match outcome {
            Outcome::Well => self.failures = 0,
            Outcome::Badly => self.failures += 1,
            Outcome::Unreachable => self.failures = FAILURES_MAX,
        }
        let is_returning = matches!(self.phase, Phase::Returning { .. });
        let has_failed = outcome != Outcome::Well;
        if self.failures >= FAILURES_MAX || (is_returning && has_failed) {
            self.leave_out(now);
        }
    }

    /// Its share of what it would be asked otherwise: 0 while it is left out, 1 when all is well.
    pub fn share(&self, now: Instant) -> f64 {
        let since = match self.phase {
            Phase::Fit => return 1.0,
            Phase::Out { until } if now < until => return 0.0,
            Phase::Out { until } => until,
            Phase::Returning { since } => since,
        };
        let part = now.saturating_duration_since(since).as_secs_f64() / RETURN.as_secs_f64();
        (SHARE_MIN + part * (1.0 - SHARE_MIN)).min(1.0)
    }

    /// Until when it is left out, if it is.
    pub fn out_until(&self, now: Instant) -> Option<Instant> {
        match self.phase {
            Phase::Out { until } if now < until => Some(until),
            _ => None,
        }
    }

    /// Lets what has passed have passed.
    fn advance(&mut self, now: Instant) {
        if let Phase::Out { until } = self.phase
            && until <= now
        {
            self.phase = Phase::Returning { since: until };
            self.failures = 0;
        }
        if let Phase::Returning { since } = self.phase {
            if now >= since + FORGET {
                self.times = 0;
            }
            if now >= since + RETURN && self.times == 0 {
                self.phase = Phase::Fit;
            }
        }
    }

    fn leave_out(&mut self, now: Instant) {
        // What fails while it is left out was asked before.
        if matches!(self.phase, Phase::Out { .. }) {
            return;
        }
        let length = OUT.0.saturating_mul(1 << self.times.min(16)).min(OUT.1);
        self.times += 1;
        self.phase = Phase::Out { until: now + length };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: f64) -> Duration {
        Duration::from_secs_f64(number)
    }

    #[test]
    fn one_failure_is_forgiven_and_many_are_not() {
        let (now, mut fitness) = (Instant::now(), Fitness::default());
        for _ in 0..FAILURES_MAX - 1 {
            fitness.note(Outcome::Badly, now);
        }
        fitness.note(Outcome::Well, now);
        for _ in 0..FAILURES_MAX - 1 {
            fitness.note(Outcome::Badly, now);
        }
        assert_eq!(fitness.share(now), 1.0);
        fitness.note(Outcome::Badly, now);
        assert_eq!(fitness.share(now), 0.0);
        assert_eq!(fitness.out_until(now), Some(now + OUT.0));
    }

    #[test]
    fn what_is_out_of_reach_is_left_out_at_once_and_comes_back_slowly() {
        let (now, mut fitness) = (Instant::now(), Fitness::default());
        fitness.note(Outcome::Unreachable, now);
        assert_eq!(fitness.share(now + second(0.99)), 0.0);
        assert!((fitness.share(now + second(1.0)) - 0.1).abs() < 1e-9);
        assert!((fitness.share(now + second(6.0)) - 0.55).abs() < 1e-9);
        fitness.note(Outcome::Well, now + second(6.0));
        assert!((fitness.share(now + second(6.0)) - 0.55).abs() < 1e-9);
        assert_eq!(fitness.share(now + second(11.0)), 1.0);
    }

    #[test]
    fn who_fails_again_stays_out_twice_as_long() {
        let (begun, mut fitness) = (Instant::now(), Fitness::default());
        let mut at = begun;
        for length in [1, 2, 4, 8, 16, 30, 30] {
            fitness.note(Outcome::Badly, at);
            fitness.note(Outcome::Unreachable, at);
            let until = fitness.out_until(at).expect("left out");
            assert_eq!((until - at).as_secs(), length);
            at = until;
        }
        // After a good minute the first time is the first again.
        at += FORGET;
        fitness.note(Outcome::Well, at);
        fitness.note(Outcome::Unreachable, at);
        assert_eq!(fitness.out_until(at), Some(at + OUT.0));
    }

    #[test]
    fn late_failures_do_not_prolong_it() {
        let (now, mut fitness) = (Instant::now(), Fitness::default());
        for _ in 0..100 {
            fitness.note(Outcome::Unreachable, now);
        }
        assert_eq!(fitness.out_until(now), Some(now + OUT.0));
    }
}
