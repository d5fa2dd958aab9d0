//! The planner: how many members, routers and frontends a cluster needs, by a simulation that is fed with measured costs. It loads no
//! server. The model, and how far it is off, is told in docs/scaling.md.

pub mod against;
pub mod assignment;
pub mod costs;
pub mod queue;
pub mod search;
pub mod simulation;
pub mod told;
pub mod workload;

use std::path::PathBuf;

use clap::Args;

use crate::{Error, compare, limits};
use costs::Costs;
use search::{Plan, Wanted};
use workload::{Asked, Workload};

/// Options of `plan`.
#[derive(Clone, Debug, Args)]
pub struct Planner {
    /// How many nodes
    #[arg(long, default_value_t = 5_000)]
    nodes: u64,
    /// How many pods; 30 for each node where it is not given
    #[arg(long)]
    pods: Option<u64>,
    /// How many watches; derived from nodes and pods where it is not given
    #[arg(long)]
    watchers: Option<u64>,
    /// Changes of objects per second; those of a steady state of so many nodes where it is not given
    #[arg(long)]
    events_per_second: Option<f64>,
    /// How many watch all endpoint slices; one proxy on each node where it is not given
    #[arg(long)]
    slice_watchers: Option<u64>,
    /// Controllers that watch everything
    #[arg(long, default_value_t = 3)]
    controllers: u64,
    /// Cores of each server
    #[arg(long, default_value_t = 8.0)]
    cores: f64,
    /// The most watches of one member
    #[arg(long, default_value_t = 1_000_000)]
    member_watches: u64,
    /// The part of the cores that may be in use with one member gone
    #[arg(long, default_value_t = 0.6)]
    utilization: f64,
    /// The p99 from a change to its delivery that is wanted, in milliseconds
    #[arg(long, default_value_t = 100.0)]
    p99_ms: f64,
    /// How soon watches of a member that is gone must be open again and caught up, in seconds
    #[arg(long, default_value_t = 5.0)]
    caught_up_seconds: f64,
    /// Clients ask the members themselves, without routers
    #[arg(long)]
    no_routers: bool,
    /// Costs as `watchload costs` writes them, instead of those of docs/performance.md
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// Set the model beside these results of runs instead of planning
    #[arg(long, value_name = "FILES", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Write the plan as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Planner {
    /// Plans, or compares; gives what is printed.
    pub fn run(&self) -> Result<String, Error> {
        let costs = match &self.costs {
            Some(path) => Costs::read(path)?,
            None => Costs::default(),
        };
        if !self.against.is_empty() {
            return self.compare(&costs);
        }
        self.check()?;
        let (workload, wanted) = (Workload::of(&self.asked()), self.wanted());
        let plan = Plan::find(&workload, &costs, &wanted)?;
        if let Some(path) = &self.json {
            let text = serde_json::to_string_pretty(&told::json(&workload, &plan, &costs))
                .expect("numbers and texts can be written");
            std::fs::write(path, text + "\n").map_err(|source| Error::file(path, source))?;
        }
        Ok(told::text(&workload, &plan, &wanted))
    }

    fn compare(&self, costs: &Costs) -> Result<String, Error> {
        let mut lines = Vec::new();
        for path in &self.against {
            let compared = against::against(&compare::read(path)?, costs);
            let compared = compared
                .ok_or_else(|| Error::Options(format!("{}: no steady state to compare", path.display())))?;
            lines.push(told::compared(&path.display().to_string(), &compared));
        }
        Ok(lines.join("\n"))
    }

    fn check(&self) -> Result<(), Error> {
        let numbers = [
            self.cores,
            self.p99_ms,
            self.caught_up_seconds,
            self.events_per_second.unwrap_or(1.0),
            self.member_watches as f64,
        ];
        let possible = numbers.iter().all(|number| number.is_finite() && *number > 0.0)
            && (0.0..=1.0).contains(&self.utilization);
        match possible && self.utilization > 0.0 && (1..=limits::PLANNED_NODES_MAX).contains(&self.nodes) {
            true => Ok(()),
            false => Err(Error::Options(format!(
                "numbers are above 0, --utilization up to 1, --nodes up to {}",
                limits::PLANNED_NODES_MAX
            ))),
        }
    }

    fn asked(&self) -> Asked {
        let number = |number: Option<u64>| number.map(|number| number as f64);
        Asked {
            nodes: self.nodes as f64,
            pods: number(self.pods),
            watchers: number(self.watchers),
            events_per_second: self.events_per_second,
            slice_watchers: number(self.slice_watchers),
            controllers: self.controllers as f64,
        }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            cores: self.cores,
            utilization: self.utilization,
            p99_ms: self.p99_ms,
            caught_up_seconds: self.caught_up_seconds,
            watches_max: self.member_watches as f64,
            routers: !self.no_routers,
        }
    }
}

/// Options of `costs`.
#[derive(Clone, Debug, Args)]
pub struct Learner {
    /// Results of `fanout --baseline`, `kubelets --baseline`, `idle` and `lists`, as written with --json
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// Where the costs go
    #[arg(long, value_name = "FILE", default_value = "costs.json")]
    output: PathBuf,
}

impl Learner {
    /// Writes the costs; gives what is printed.
    pub fn run(&self) -> Result<String, Error> {
        let mut costs = Costs::default();
        for path in &self.results {
            costs.learn(&compare::read(path)?, &path.display().to_string());
        }
        costs.write(&self.output)?;
        Ok(told::costs(&costs))
    }
}
