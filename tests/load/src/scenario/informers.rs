//! Informers that begin with a watch list (KEP-3157, `sendInitialEvents`): each gets all objects and a bookmark that says so, and then
//! follows. How long that takes for all of them at once, and whether everything was there.

use clap::Args;
use serde_json::json;

use super::cost::Meters;
use super::deliveries;
use super::run::{self, Run};
use super::stage::{Stage, Writing};
use crate::Error;
use crate::options::{Common, Watching};
use crate::report::Report;
use crate::watch::{Media, Wanted};

/// Options of `informers`.
#[derive(Clone, Debug, Args)]
pub struct Informers {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    writing: Writing,
    /// The form of the events
    #[arg(long, value_enum, default_value = "json")]
    media: Media,
}

impl Informers {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.writing.check(&self.watching)?;
        let stage = Stage::of_config_maps(&self.common, &self.writing).await?;
        let seconds = self.writing.seconds + self.writing.drain_seconds;
        let plan = run::plan(&self.common, self.media, &self.watching, seconds);
        let wanted = Wanted {
            initial: true,
            ..Wanted::after(&stage.path, stage.revision)
        };
        let syncing = Meters::start(&self.common).await?;
        let run = Run::open(
            &self.common,
            &stage.target,
            plan,
            vec![wanted; self.watching.watchers],
        )
        .await?;
        let synced = syncing.stop().await?;
        let writes = stage
            .write("writing", self.writing.rate, self.writing.seconds)
            .await;
        let expected = writes.acknowledged.len() as u64 * self.watching.watchers as u64;
        let measured = run.finish(writes, expected, self.writing.drain_seconds).await?;
        let mut told = self.writing.told(&self.watching);
        told["media"] = json!(format!("{:?}", self.media));
        let mut report = Report::new("informers", told);
        let times = measured
            .watches
            .iter()
            .filter_map(|watch| Some(watch.synced_us? - watch.asked_us));
        deliveries::tell_times(
            &mut report,
            "synced",
            "from the request to the last initial event",
            times,
        );
        let initial: u64 = measured.watches.iter().map(|watch| watch.initial).sum();
        report.add("initial", "initial events", "", initial as f64);
        synced.tell(
            &mut report,
            "million_initial",
            "per million initial events",
            "s",
            1e6 / initial.max(1) as f64,
        );
        let objects = self.writing.objects as u64;
        let short = measured
            .watches
            .iter()
            .filter(|watch| watch.initial < objects)
            .count();
        if short > 0 {
            report.wrong(format!(
                "{short} watches did not begin with all {objects} objects"
            ));
        }
        let judgement = measured.judge(|_| true);
        measured.tell_cost(&mut report, &judgement);
        measured.tell(&mut report, &judgement);
        stage.clear(&self.common).await?;
        Ok(report)
    }
}
