//! Watchers that come and go beside others that stay: what opening costs, and whether anybody misses anything. One that comes back
//! resumes from the last revision that it saw.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::deliveries;
use super::run::{self, Run};
use super::stage::{Stage, Writing};
use crate::Error;
use crate::options::{Common, Watching};
use crate::report::Report;
use crate::watch::{Cycle, Media, Wanted};

/// Options of `churn`.
#[derive(Clone, Debug, Args)]
pub struct Churn {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    writing: Writing,
    /// The share of the watchers that come and go
    #[arg(long, default_value_t = 0.5)]
    churning: f64,
    /// How long each of them stays
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(10..=3_600_000))]
    lifetime_ms: u64,
    /// How long each of them is away
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pause_ms: u64,
}

impl Churn {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.writing.check(&self.watching)?;
        if !(0.0..=1.0).contains(&self.churning) {
            return Err(Error::Options("--churning is 0 to 1".to_owned()));
        }
        let stage = Stage::of_config_maps(&self.common, &self.writing).await?;
        let seconds = self.writing.seconds + self.writing.drain_seconds;
        let mut plan = run::plan(&self.common, Media::Json, &self.watching, seconds);
        plan.resume = true;
        let run = Run::open(&self.common, &stage.target, plan, self.wanted(&stage)).await?;
        let before = run.watches.openings();
        let writes = stage
            .write("writing", self.writing.rate, self.writing.seconds)
            .await;
        let opened = run.watches.openings() - before;
        let expected = writes.acknowledged.len() as u64 * self.watching.watchers as u64;
        let measured = run.finish(writes, expected, self.writing.drain_seconds).await?;
        let mut report = Report::new("churn", self.told());
        report.add(
            "openings",
            "watches opened again while writing",
            "",
            opened as f64,
        );
        let per_second = opened as f64 / self.writing.seconds as f64;
        report.add(
            "openings_per_second",
            "watches opened per second",
            "/s",
            per_second,
        );
        let again = measured
            .watches
            .iter()
            .flat_map(|watch| watch.openings_us.iter().skip(1));
        deliveries::tell_times(
            &mut report,
            "opening",
            "from the request of a watch to its answer",
            again.copied(),
        );
        deliveries::tell_relists(&mut report, measured.watches.iter());
        let judgement = measured.judge(|_| true);
        report.note("latency holds the time in which watchers were away");
        measured.tell_cost(&mut report, &judgement);
        measured.tell(&mut report, &judgement);
        stage.clear(&self.common).await?;
        Ok(report)
    }

    /// Those that come and go take turns from the first time on.
    fn wanted(&self, stage: &Stage) -> Vec<Wanted> {
        let (count, lifetime) = (self.watching.watchers, Duration::from_millis(self.lifetime_ms));
        let churning = (count as f64 * self.churning).round() as usize;
        let wanted = |number: usize| Wanted {
            cycle: (number < churning).then(|| Cycle {
                first: lifetime.mul_f64((number + 1) as f64 / churning as f64),
                lifetime,
                pause: Duration::from_millis(self.pause_ms),
            }),
            ..Wanted::after(&stage.path, stage.revision)
        };
        (0..count).map(wanted).collect()
    }

    fn told(&self) -> serde_json::Value {
        let mut told = self.writing.told(&self.watching);
        told["churning"] = json!(self.churning);
        told["lifetimeMs"] = json!(self.lifetime_ms);
        told["pauseMs"] = json!(self.pause_ms);
        told
    }
}
