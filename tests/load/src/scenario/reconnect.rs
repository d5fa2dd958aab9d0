//! A reconnect storm: all connections end at once and all watchers come back at once, several times, while writes go on. How long it
//! takes until all are open again, who is told to list again, and whether anything was missed.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use super::deliveries;
use super::run::{self, Run};
use super::stage::{Stage, Writing};
use crate::options::{Common, Watching};
use crate::progress::say;
use crate::report::Report;
use crate::watch::{Media, Wanted};
use crate::{Error, limits};

/// Options of `reconnect`.
#[derive(Clone, Debug, Args)]
pub struct Reconnect {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    writing: Writing,
    /// How often all connections end, at equal distances while it writes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

impl Reconnect {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.writing.check(&self.watching)?;
        let stage = Stage::of_config_maps(&self.common, &self.writing).await?;
        let seconds = self.writing.seconds + self.writing.drain_seconds;
        let mut plan = run::plan(&self.common, Media::Json, &self.watching, seconds);
        plan.resume = true;
        let wanted = vec![Wanted::after(&stage.path, stage.revision); self.watching.watchers];
        let run = Run::open(&self.common, &stage.target, plan, wanted).await?;
        let (writes, cuts) = tokio::join!(
            stage.write("writing", self.writing.rate, self.writing.seconds),
            self.storm(&run)
        );
        let expected = writes.acknowledged.len() as u64 * self.watching.watchers as u64;
        let measured = run.finish(writes, expected, self.writing.drain_seconds).await?;
        let mut told = self.writing.told(&self.watching);
        told["rounds"] = json!(self.rounds);
        let mut report = Report::new("reconnect", told);
        let reopened = |cut: &Instant| {
            let cut_us = u32::try_from(measured.clock.micros(*cut)).unwrap_or(u32::MAX);
            let first_after = move |times: &Vec<u32>| {
                let next = times.get(times.partition_point(|time| *time < cut_us))?;
                Some(next - cut_us)
            };
            measured
                .watches
                .iter()
                .map(move |watch| first_after(&watch.opened_us))
                .collect::<Vec<_>>()
        };
        let all: Vec<Option<u32>> = cuts.iter().flat_map(reopened).collect();
        report.add("cuts", "times that all connections ended", "", cuts.len() as f64);
        let title = "from the end of all connections until a watch is open again";
        deliveries::tell_times(&mut report, "reopened", title, all.iter().copied().flatten());
        let missing = all.iter().filter(|time| time.is_none()).count();
        if missing > 0 {
            report.wrong(format!("{missing} times a watch was not opened again"));
        }
        deliveries::tell_relists(&mut report, measured.watches.iter());
        let judgement = measured.judge(|watch| watch.relists == 0);
        report.note("latency holds the time in which watchers were away");
        measured.tell_cost(&mut report, &judgement);
        measured.tell(&mut report, &judgement);
        stage.clear(&self.common).await?;
        Ok(report)
    }

    /// Ends all connections again and again; tells when it did. The next time waits until all are open.
    async fn storm(&self, run: &Run) -> Vec<Instant> {
        let (begin, mut cuts) = (Instant::now(), Vec::new());
        let distance = Duration::from_secs(self.writing.seconds) / (self.rounds + 1);
        for round in 1..=self.rounds {
            tokio::time::sleep((distance * round).saturating_sub(begin.elapsed())).await;
            let all_again = run.watches.openings() + self.watching.watchers as u64;
            cuts.push(Instant::now());
            run.watches.cut();
            while run.watches.openings() < all_again {
                if begin.elapsed() > Duration::from_secs(self.writing.seconds) {
                    return cuts;
                }
                tokio::time::sleep(limits::LOOK_INTERVAL).await;
            }
            say(&format!(
                "round {round}: all are open again after {:.2} s",
                cuts[cuts.len() - 1].elapsed().as_secs_f64()
            ));
        }
        cuts
    }
}
