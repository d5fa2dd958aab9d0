//! Slow watchers beside fast ones: whether the fast ones notice, and what becomes of the slow ones: they keep up, fall behind, or are
//! told to list again.

use clap::Args;
use serde_json::json;

use super::deliveries;
use super::run::{self, Measured, Run};
use super::stage::{Stage, Writing};
use crate::delivery::Judgement;
use crate::options::{Common, Watching};
use crate::report::Report;
use crate::watch::{Media, Pace, Wanted};
use crate::{Error, limits};

/// Options of `slow`.
#[derive(Clone, Debug, Args)]
pub struct Slow {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    writing: Writing,
    /// The share of the watchers that are slow, 0 to 0.9
    #[arg(long, default_value_t = 0.1)]
    slow: f64,
    /// How much each of them reads, once --stream-window is full
    #[arg(long, default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(10..))]
    bytes_per_second: u32,
}

impl Slow {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.writing.check(&self.watching)?;
        if !(0.0..=0.9).contains(&self.slow) {
            return Err(Error::Options("--slow is 0 to 0.9".to_owned()));
        }
        let stage = Stage::of_config_maps(&self.common, &self.writing).await?;
        let seconds = self.writing.seconds + self.writing.drain_seconds;
        let mut plan = run::plan(&self.common, Media::Json, &self.watching, seconds);
        plan.resume = true;
        let wanted = self.wanted(&stage);
        let fast = wanted.iter().filter(|wanted| wanted.pace == Pace::Full).count() as u64;
        let run = Run::open(&self.common, &stage.target, plan, wanted).await?;
        let writes = stage
            .write("writing", self.writing.rate, self.writing.seconds)
            .await;
        // The slow ones may never have all: those that are fast are waited for.
        let expected = writes.acknowledged.len() as u64 * fast;
        let measured = run.finish(writes, expected, self.writing.drain_seconds).await?;
        let mut report = Report::new("slow", self.told());
        let judgement = measured.judge(|watch| watch.wanted.pace == Pace::Full && watch.relists == 0);
        let slow = measured.judge(|watch| watch.wanted.pace != Pace::Full && watch.relists == 0);
        measured.tell_cost(&mut report, &judgement);
        measured.tell(&mut report, &judgement);
        tell_slow(&mut report, &measured, &slow);
        stage.clear(&self.common).await?;
        Ok(report)
    }

    fn wanted(&self, stage: &Stage) -> Vec<Wanted> {
        let ticks = 1_000 / limits::SLOW_TICK.as_millis() as u32;
        let share = |number: usize| (number as f64 * self.slow).floor();
        let pace = |number: usize| match share(number + 1) > share(number) {
            true => Pace::Slow {
                tick_bytes: (self.bytes_per_second / ticks).max(1),
            },
            false => Pace::Full,
        };
        let wanted = |number: usize| Wanted {
            pace: pace(number),
            ..Wanted::after(&stage.path, stage.revision)
        };
        (0..self.watching.watchers).map(wanted).collect()
    }

    fn told(&self) -> serde_json::Value {
        let mut told = self.writing.told(&self.watching);
        told["slow"] = json!(self.slow);
        told["slowBytesPerSecond"] = json!(self.bytes_per_second);
        told["streamWindowBytes"] = json!(self.watching.stream_window);
        told
    }
}

/// A slow reader may be behind, or lose its place and list again; but what it gets is right.
fn tell_slow(report: &mut Report, measured: &Measured, slow: &Judgement) {
    let of = |count: fn(&crate::watch::Watch) -> u64| {
        let slow = measured
            .watches
            .iter()
            .filter(|watch| watch.wanted.pace != Pace::Full);
        slow.map(count).sum::<u64>() as f64
    };
    report.add(
        "slow_received",
        "events that slow watchers got",
        "",
        slow.received as f64,
    );
    report.add(
        "slow_behind",
        "events that they had not got at the end",
        "",
        slow.behind as f64,
    );
    report.add(
        "slow_ended",
        "streams of theirs that the server ended",
        "",
        of(|watch| watch.ends_count),
    );
    report.add(
        "slow_relists",
        "times that they had to list again",
        "",
        of(|watch| watch.relists),
    );
    let wrong = slow.lost + slow.doubled + slow.out_of_order + slow.unexpected + slow.wrong_object;
    report.add("slow_wrong", "events of theirs that were wrong", "", wrong as f64);
    if wrong > 0 {
        report.wrong(format!(
            "slow watchers: {wrong} events lost, doubled or out of order"
        ));
        slow.findings
            .iter()
            .for_each(|finding| report.note(finding.clone()));
    }
    let p99 = std::time::Duration::from_micros(slow.latency.value_at_quantile(0.99));
    report.add_ms("slow_latency_p99_ms", "latency of slow watchers, p99", p99);
    deliveries::tell_relists(
        report,
        measured
            .watches
            .iter()
            .filter(|watch| watch.wanted.pace == Pace::Full),
    );
}
