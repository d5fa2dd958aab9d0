//! The common course of scenarios with watches: open them all, load, wait for the last events, and collect what was seen. What the
//! load is, and what each watch should have got, the scenario knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::charts;
use super::cost::{Meters, Used};
use super::deliveries;
use crate::delivery::{Clock, Judgement};
use crate::options::{Common, Watching};
use crate::progress::say;
use crate::report::Report;
use crate::target::{Protocol, Target};
use crate::timeline::{Looked, Sample, Timeline};
use crate::watch::{Media, Pace, Plan, Wanted, Watch, Watches};
use crate::writer::Writes;
use crate::{Error, limits};

/// Watches that are open, and what is measured meanwhile.
pub struct Run {
    /// The watches.
    pub watches: Watches,
    /// When readings began.
    pub begin: Instant,
    meters: Meters,
    reading: Duration,
    loaded: Instant,
    timeline: Timeline,
}

/// What a run gave.
pub struct Measured {
    /// What was written.
    pub writes: Writes,
    /// What it cost.
    pub used: Used,
    /// How long the load and the wait for its last events took.
    pub elapsed: Duration,
    /// CPU of the reading threads.
    pub reading: Duration,
    /// How many bytes of events arrived.
    pub bytes: u64,
    /// The watches, in the order in which they were wanted.
    pub watches: Vec<Watch>,
    /// When the load began, since readings did.
    pub loaded: Duration,
    /// What was looked at meanwhile.
    pub samples: Vec<Sample>,
    /// The clock of deliveries.
    pub clock: Clock,
}

/// The plan that scenarios have in common; `seconds` is how long watches are needed when all are open.
pub fn plan(common: &Common, media: Media, watching: &Watching, seconds: u64) -> Plan {
    Plan {
        media,
        protocol: Protocol::Http2,
        streams_per_connection: usize::from(watching.streams_per_connection),
        stream_window_bytes: watching.stream_window,
        threads: usize::from(common.threads),
        timeout_seconds: limits::OPEN_TIMEOUT.as_secs() + seconds + 60,
        resume: false,
    }
}

impl Run {
    /// Opens all watches, waits until they are open (and synced, where they begin with initial events), and begins to measure.
    pub async fn open(
        common: &Common,
        target: &Arc<Target>,
        plan: Plan,
        wanted: Vec<Wanted>,
    ) -> Result<Self, Error> {
        say(&format!("opening {} watches", wanted.len()));
        let (begin, initial) = (Instant::now(), wanted.iter().any(|wanted| wanted.initial));
        let watches = Watches::start(target, plan, wanted, begin);
        let looked = Looked {
            server: common.server_meter().await?,
            etcd: common.etcd_meter()?,
            watches: Some(watches.counts()),
        };
        let timeline = Timeline::start(looked, begin);
        watches.all_open().await?;
        if initial {
            watches.all_synced().await?;
        }
        Ok(Self {
            meters: Meters::start(common).await?,
            reading: watches.cpu(),
            loaded: Instant::now(),
            watches,
            begin,
            timeline,
        })
    }

    /// Waits for the last events, and ends.
    pub async fn finish(self, writes: Writes, expected: u64, drain_seconds: u64) -> Result<Measured, Error> {
        self.watches
            .arrived(expected, Duration::from_secs(drain_seconds))
            .await;
        let used = self.meters.stop().await?;
        Ok(Measured {
            writes,
            used,
            elapsed: self.loaded.elapsed(),
            reading: self.watches.cpu().saturating_sub(self.reading),
            bytes: self.watches.bytes(),
            watches: self.watches.finish(),
            loaded: self.loaded - self.begin,
            samples: self.timeline.finish(),
            clock: Clock::since(self.begin),
        })
    }
}

impl Measured {
    /// To judge what came while the load was on.
    pub fn judgement(&self) -> Judgement {
        Judgement::over(self.loaded, self.loaded + self.elapsed)
    }

    /// What came to those of the watches that are `judged`, of which each should have got every write.
    pub fn judge(&self, judged: impl Fn(&Watch) -> bool) -> Judgement {
        let mut judgement = self.judgement();
        for (number, watch) in self.watches.iter().enumerate().filter(|(_, watch)| judged(watch)) {
            judgement.add(number, watch, &self.writes.acknowledged, self.clock);
        }
        judgement
    }

    /// Adds what a million events cost, the writes that made them too; gives by what that is multiplied.
    pub fn tell_cost(&self, report: &mut Report, judgement: &Judgement) -> f64 {
        let scale = 1e6 / judgement.received.max(1) as f64;
        let title = "per million events, writes too";
        self.used.tell(report, "million_events", title, "s", scale);
        scale
    }

    /// Adds what all such runs tell: writes, deliveries, ends, memory, the tool's own cost, and the charts.
    pub fn tell(&self, report: &mut Report, judgement: &Judgement) {
        deliveries::tell_writes(report, &self.writes);
        deliveries::tell(report, judgement, self.elapsed);
        let kept_up = self
            .watches
            .iter()
            .filter(|watch| watch.wanted.pace == Pace::Full);
        deliveries::tell_ends(report, kept_up);
        report.add(
            "bytes_received",
            "bytes of events received",
            "MB",
            self.bytes as f64 / 1e6,
        );
        self.used.tell_memory(report);
        deliveries::tell_own(report, self.reading, &self.used, judgement.received);
        charts::deliveries(report, judgement, self.clock, &self.writes);
        charts::samples(report, &self.samples, self.loaded);
    }
}
