//! Watchers spread over several resources, of which each sees all writes of its own: load that a watch tier spreads over its members by
//! resource, where `fanout` loads one that all of them keep.

use clap::Args;
use serde_json::json;

use super::run::{self, Measured, Run};
use super::stage::{Stage, Writing};
use crate::delivery::Judgement;
use crate::objects::{KINDS, of_kind};
use crate::options::{Common, Watching};
use crate::report::Report;
use crate::watch::{Media, Wanted};
use crate::writer::Written;
use crate::{Error, population};

/// Options of `resources`.
#[derive(Clone, Debug, Args)]
pub struct Resources {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    writing: Writing,
    /// Over how many resources writes and watchers are spread, 1 to 20
    #[arg(long, default_value_t = 20)]
    resources: usize,
}

impl Resources {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.check()?;
        let stage = Stage::of_kinds(&self.common, &self.writing, self.resources).await?;
        let seconds = self.writing.seconds + self.writing.drain_seconds;
        let plan = run::plan(&self.common, Media::Json, &self.watching, seconds);
        let path = |watcher: usize| of_kind(watcher % self.resources, &self.common.namespace);
        let wanted = (0..self.watching.watchers).map(|watcher| Wanted::after(path(watcher), stage.revision));
        let run = Run::open(&self.common, &stage.target, plan, wanted.collect()).await?;
        let writes = stage
            .write("writing", self.writing.rate, self.writing.seconds)
            .await;
        let watchers_of = |write: &Written| self.watchers_of(write.object as usize % self.resources);
        let expected = writes.acknowledged.iter().map(watchers_of).sum::<usize>() as u64;
        let measured = run.finish(writes, expected, self.writing.drain_seconds).await?;
        let judgement = self.judge(&measured);
        let mut report = Report::new("resources", self.told());
        measured.tell_cost(&mut report, &judgement);
        measured.tell(&mut report, &judgement);
        if !self.common.keep {
            for kind in 0..self.resources {
                population::remove_all(&stage.api, &of_kind(kind, &self.common.namespace)).await?;
            }
        }
        Ok(report)
    }

    fn check(&self) -> Result<(), Error> {
        self.writing.check(&self.watching)?;
        let is_possible = (1..=KINDS).contains(&self.resources)
            && self.watching.watchers >= self.resources
            && self.writing.objects.is_multiple_of(self.resources);
        match is_possible {
            true => Ok(()),
            false => Err(Error::Options(format!(
                "--resources is 1 to {KINDS}, each has a watcher, and --objects is a multiple of it"
            ))),
        }
    }

    /// How many watchers a resource has.
    fn watchers_of(&self, kind: usize) -> usize {
        (kind..self.watching.watchers).step_by(self.resources).count()
    }

    /// Each watch should have got the writes of its resource.
    fn judge(&self, measured: &Measured) -> Judgement {
        let mut of_kind: Vec<Vec<Written>> = vec![Vec::new(); self.resources];
        for write in &measured.writes.acknowledged {
            of_kind[write.object as usize % self.resources].push(*write);
        }
        let mut judgement = measured.judgement();
        for (number, watch) in measured.watches.iter().enumerate() {
            judgement.add(number, watch, &of_kind[number % self.resources], measured.clock);
        }
        judgement
    }

    fn told(&self) -> serde_json::Value {
        let mut told = self.writing.told(&self.watching);
        told["resources"] = json!(self.resources);
        told
    }
}
