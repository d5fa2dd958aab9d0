//! What the servers, this program and the watches were like from moment to moment of a run. It samples, and tells progress while
//! it does; latency is judged from the records afterwards.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::meter::{Meter, Reading};
use crate::process::Process;
use crate::progress::say;
use crate::watch::Counts;
use crate::{limits, report};

/// One look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// When, since the run began.
    pub at: Duration,
    /// The servers, where they are known.
    pub server: Option<Reading>,
    /// The servers' etcd, where it is known.
    pub etcd: Option<Reading>,
    /// The CPU time of this program.
    pub own_cpu: Duration,
    /// Watches that are open.
    pub open: usize,
    /// Changes that arrived so far.
    pub changes: u64,
}

/// Samples that are few however long a run is: when they are too many, every second one is dropped and they are taken half as often.
#[derive(Debug)]
struct Samples {
    all: Vec<Sample>,
    interval: Duration,
}

impl Samples {
    fn push(&mut self, sample: Sample) {
        self.all.push(sample);
        if self.all.len() >= limits::SAMPLES_MAX {
            let mut keep = false;
            self.all.retain(|_| {
                keep = !keep;
                keep
            });
            self.interval *= 2;
        }
    }
}

/// What is looked at.
#[derive(Clone)]
pub struct Looked {
    /// The servers.
    pub server: Option<Meter>,
    /// Their etcd.
    pub etcd: Option<Meter>,
    /// The watches, where there are some.
    pub watches: Option<Counts>,
}

/// A run that is being sampled.
pub struct Timeline {
    samples: Arc<Mutex<Samples>>,
    task: JoinHandle<()>,
}

impl Timeline {
    /// Begins to sample; times are counted from `begin`.
    pub fn start(looked: Looked, begin: Instant) -> Self {
        let intervals = [&looked.server, &looked.etcd].map(|meter| meter.as_ref().map(Meter::interval));
        let interval = intervals.into_iter().flatten().max();
        let samples = Arc::new(Mutex::new(Samples {
            all: Vec::new(),
            interval: interval.unwrap_or(limits::TIMELINE_INTERVAL),
        }));
        let task = tokio::spawn(sample(looked, begin, samples.clone()));
        Self { samples, task }
    }

    /// Ends, and gives what was seen.
    pub fn finish(self) -> Vec<Sample> {
        self.task.abort();
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut samples.all)
    }
}

async fn sample(looked: Looked, begin: Instant, samples: Arc<Mutex<Samples>>) {
    let mut told: Option<Sample> = None;
    loop {
        // A server that does not answer, or is being restarted, leaves a hole.
        let read = async |meter: &Option<Meter>| match meter {
            Some(meter) => meter.read().await.ok(),
            None => None,
        };
        let now = Sample {
            server: read(&looked.server).await,
            etcd: read(&looked.etcd).await,
            own_cpu: Process::own().cpu().unwrap_or_default(),
            open: looked.watches.as_ref().map_or(0, Counts::open),
            changes: looked.watches.as_ref().map_or(0, Counts::changes),
            at: begin.elapsed(),
        };
        let last = told.get_or_insert(now);
        if now.at - last.at >= limits::PROGRESS_INTERVAL {
            say(&line(last, &now));
            told = Some(now);
        }
        let interval = {
            let mut samples = samples.lock().unwrap_or_else(PoisonError::into_inner);
            samples.push(now);
            samples.interval
        };
        tokio::time::sleep(interval).await;
    }
}

/// A line of progress.
fn line(last: &Sample, now: &Sample) -> String {
    let seconds = (now.at - last.at).as_secs_f64().max(1e-9);
    let mut line = format!(
        "{:.0} s: {} watches open, {} events, {}/s",
        now.at.as_secs_f64(),
        now.open,
        now.changes,
        report::number((now.changes - last.changes) as f64 / seconds)
    );
    if let (Some(before), Some(server)) = (last.server, now.server) {
        let cpus = server.cpu.saturating_sub(before.cpu).as_secs_f64() / seconds;
        let megabytes = server.resident_bytes as f64 / 1e6;
        line += &format!(", server {cpus:.2} CPUs and {megabytes:.0} MB");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stay_few_and_keep_their_distance() {
        let mut samples = Samples {
            all: Vec::new(),
            interval: limits::TIMELINE_INTERVAL,
        };
        let mut at = Duration::ZERO;
        for _ in 0..10 * limits::SAMPLES_MAX {
            samples.push(Sample {
                at,
                ..Sample::default()
            });
            at += samples.interval;
        }
        assert!(samples.all.len() < limits::SAMPLES_MAX && samples.all.len() >= limits::SAMPLES_MAX / 2);
        let gaps: Vec<_> = samples
            .all
            .windows(2)
            .map(|pair| pair[1].at - pair[0].at)
            .collect();
        let even = samples.interval..samples.interval * 2;
        assert!(gaps.iter().all(|gap| even.contains(gap)), "{gaps:?}");
    }
}
