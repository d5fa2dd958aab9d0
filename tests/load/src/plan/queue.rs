//! One server as a queue: changes come at random moments, each is work for the server, and its deliveries leave one after the other as
//! the server's cores get to them. Time and randomness come in as arguments.

use hdrhistogram::Histogram;

use crate::limits;

/// Random numbers that are the same in every run (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number of 64 bits.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 and 1, never 0.
    pub fn part(&mut self) -> f64 {
        ((self.number() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// The time to the next of events that come `rate` times a second, each at its own moment.
    pub fn pause(&mut self, rate: f64) -> f64 {
        -self.part().ln() / rate
    }
}

/// One kind of change as one server sees it.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// How often it comes, per second.
    pub rate: f64,
    /// CPU seconds until its first delivery.
    pub fixed: f64,
    /// Deliveries of each.
    pub deliveries: f64,
    /// CPU seconds of each delivery.
    pub each: f64,
}

impl Arrival {
    fn work(&self) -> f64 {
        self.fixed + self.deliveries * self.each
    }
}

/// A server.
#[derive(Debug)]
pub struct Queue {
    cores: f64,
    /// CPU seconds of work that waits.
    backlog: f64,
    /// Until when that is so.
    at: f64,
    /// Microseconds until deliveries left.
    pub latency: Histogram<u64>,
}

/// CPUs that arrivals ask for.
pub fn load(arrivals: &[Arrival]) -> f64 {
    arrivals.iter().map(|arrival| arrival.rate * arrival.work()).sum()
}

impl Queue {
    /// A server of so many cores with nothing to do.
    pub fn new(cores: f64) -> Self {
        Self {
            cores,
            backlog: 0.0,
            at: 0.0,
            latency: Histogram::new_with_bounds(1, limits::LATENCY_MICROS_MAX, 2)
                .expect("the bounds are valid"),
        }
    }

    /// Work that nobody waits for comes at once, as when watches are opened.
    pub fn add(&mut self, seconds: f64) {
        self.backlog += seconds;
    }

    /// CPU seconds that wait.
    pub fn backlog(&self) -> f64 {
        self.backlog
    }

    /// Lets arrivals come for so long, but no more than `events_max` of them.
    pub fn run(&mut self, arrivals: &[Arrival], seconds: f64, events_max: u64, random: &mut Random) {
        let rate: f64 = arrivals.iter().map(|arrival| arrival.rate).sum();
        let seconds = if rate > 0.0 {
            seconds.min(events_max as f64 / rate)
        } else {
            seconds
        };
        let end = self.at + seconds;
        while self.at < end {
            let pause = random.pause(rate);
            if self.at + pause > end {
                break;
            }
            self.pass(pause);
            let mut chosen = random.part() * rate;
            let arrival = arrivals.iter().find(|arrival| {
                chosen -= arrival.rate;
                chosen <= 0.0
            });
            if let Some(arrival) = arrival.or(arrivals.last()) {
                self.arrive(arrival, random);
            }
        }
        self.pass(end - self.at);
    }

    fn pass(&mut self, seconds: f64) {
        self.backlog = (self.backlog - seconds * self.cores).max(0.0);
        self.at += seconds;
    }

    /// Deliveries leave evenly over the time that the work takes, several at a time.
    fn arrive(&mut self, arrival: &Arrival, random: &mut Random) {
        let told = arrival.deliveries.floor() as u64 + u64::from(random.part() <= arrival.deliveries.fract());
        let samples = told.min(SAMPLES_PER_CHANGE);
        for sample in 0..samples {
            let before =
                arrival.fixed + arrival.deliveries * arrival.each * (sample as f64 + 0.5) / samples as f64;
            let micros =
                (self.backlog / self.cores + before / self.cores.min(arrival.deliveries.max(1.0))) * 1e6;
            self.latency.saturating_record_n(micros as u64, told / samples);
        }
        self.backlog += arrival.work();
    }
}

/// A change with more deliveries is told by this many of them.
const SAMPLES_PER_CHANGE: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(rate: f64) -> [Arrival; 1] {
        [Arrival {
            rate,
            fixed: 0.0,
            deliveries: 1.0,
            each: 0.001,
        }]
    }

    /// Work of one length that comes at random to one server waits `load / (2 (1 - load))` times its length on average
    /// (Pollaczek and Khinchine), which no part of the simulation knows.
    #[test]
    fn waits_as_long_as_theory_says() {
        for load in [0.3, 0.6, 0.8] {
            let mut queue = Queue::new(1.0);
            queue.run(&arrival(load * 1_000.0), 1_000.0, u64::MAX, &mut Random(7));
            let waits = queue.latency.mean() / 1e3 - 0.5;
            let theory = load / (2.0 * (1.0 - load));
            assert!(
                (waits - theory).abs() < 0.1 * theory + 0.02,
                "{load}: {waits} and {theory}"
            );
        }
    }

    #[test]
    fn a_server_that_is_asked_too_much_falls_behind() {
        let mut queue = Queue::new(1.0);
        queue.run(&arrival(2_000.0), 10.0, u64::MAX, &mut Random(7));
        assert!((9.0..11.0).contains(&queue.backlog()), "{}", queue.backlog());
    }
}
