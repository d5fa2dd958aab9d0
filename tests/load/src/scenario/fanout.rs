//! Many watchers of one resource in one namespace, and a steady rate of writes that each of them sees.

use clap::Args;
use serde_json::json;

use super::cost::{Meters, Used};
use super::run::{self, Measured, Run};
use super::stage::{Stage, Writing};
use crate::Error;
use crate::options::{Common, Watching};
use crate::population::Pods;
use crate::report::Report;
use crate::target::Protocol;
use crate::watch::{Media, Pace, Plan, Wanted};

/// Options of `fanout`.
#[derive(Clone, Debug, Args)]
#[command(mut_arg("rate", |rate| rate.default_value("50")))]
pub struct Fanout {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    writing: Writing,
    /// What is written and watched
    #[arg(long, value_enum, default_value = "configmaps")]
    resource: Resource,
    /// The form of the events
    #[arg(long, value_enum, default_value = "json")]
    media: Media,
    /// Watch over HTTP/1.1, one watch on a connection
    #[arg(long)]
    http1: bool,
    /// The same writes without watchers first, whose cost is taken off
    #[arg(long)]
    baseline: bool,
    /// The share of the watchers that open and then never read, 0 to 0.9; latency is that of the others. Compare with a run
    /// without, with the same --stream-window, which must be small enough to fill
    #[arg(long, default_value_t = 0.0)]
    stalled: f64,
}

/// What is written and watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Resource {
    /// Configmaps, updated
    Configmaps,
    /// Pods, whose status is patched
    Pods,
}

impl Fanout {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.check()?;
        let mut stage = self.stage().await?;
        let baseline = if self.baseline {
            Some(self.baseline(&mut stage).await?)
        } else {
            None
        };
        let measured = self.measure(&stage).await?;
        stage.clear(&self.common).await?;
        Ok(self.report(&measured, baseline))
    }

    fn check(&self) -> Result<(), Error> {
        self.writing.check(&self.watching)?;
        if self.http1 {
            self.watching.check(1)?;
        }
        match (0.0..=0.9).contains(&self.stalled) {
            true => Ok(()),
            false => Err(Error::Options("--stalled is 0 to 0.9".to_owned())),
        }
    }

    async fn stage(&self) -> Result<Stage, Error> {
        match self.resource {
            Resource::Configmaps => Stage::of_config_maps(&self.common, &self.writing).await,
            Resource::Pods => {
                let pods = Pods {
                    count: self.writing.objects,
                    namespaces: 1,
                    nodes: 10,
                    selected_one_of: 100,
                };
                Ok(Stage::of_pods(&self.common, pods).await?.0)
            }
        }
    }

    async fn baseline(&self, stage: &mut Stage) -> Result<Used, Error> {
        let meters = Meters::start(&self.common).await?;
        let Writing { rate, seconds, .. } = self.writing;
        stage.write("writing without watchers", rate, seconds).await;
        let used = meters.stop().await?;
        stage.catch_up().await?;
        Ok(used)
    }

    fn plan(&self) -> Plan {
        let seconds = self.writing.seconds + self.writing.drain_seconds;
        let plan = run::plan(&self.common, self.media, &self.watching, seconds);
        match self.http1 {
            true => Plan {
                protocol: Protocol::Http1,
                ..plan
            },
            false => plan,
        }
    }

    async fn measure(&self, stage: &Stage) -> Result<Measured, Error> {
        let share = |number: usize| (number as f64 * self.stalled).floor();
        let wanted = |number: usize| Wanted {
            pace: if share(number + 1) > share(number) {
                Pace::Stalled
            } else {
                Pace::Full
            },
            ..Wanted::after(&stage.path, stage.revision)
        };
        let wanted: Vec<Wanted> = (0..self.watching.watchers).map(wanted).collect();
        let readers = wanted.iter().filter(|wanted| wanted.pace == Pace::Full).count() as u64;
        let run = Run::open(&self.common, &stage.target, self.plan(), wanted).await?;
        let Writing {
            rate,
            seconds,
            drain_seconds,
            ..
        } = self.writing;
        let writes = stage.write("writing", rate, seconds).await;
        let all = writes.acknowledged.len() as u64 * readers;
        run.finish(writes, all, drain_seconds).await
    }

    fn report(&self, measured: &Measured, baseline: Option<Used>) -> Report {
        let mut report = Report::new("fanout", self.told());
        let judgement = measured.judge(|watch| watch.wanted.pace == Pace::Full);
        let scale = measured.tell_cost(&mut report, &judgement);
        if let Some(baseline) = baseline {
            let (used, title) = (
                measured.used.less(&baseline),
                "per million events, without writes",
            );
            used.tell(&mut report, "marginal_million_events", title, "s", scale);
        }
        measured.tell(&mut report, &judgement);
        report
    }

    fn told(&self) -> serde_json::Value {
        let mut told = self.writing.told(&self.watching);
        if self.http1 {
            told["streamsPerConnection"] = json!(1);
        }
        told["streamWindowBytes"] = json!(self.watching.stream_window);
        told["resource"] = json!(format!("{:?}", self.resource));
        told["media"] = json!(format!("{:?}", self.media));
        told["http1"] = json!(self.http1);
        told["stalled"] = json!(self.stalled);
        told
    }
}
