//! The command line: what all scenarios share. Each scenario has its own options beside what it does.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

use crate::api::Api;
use crate::kubeconfig::Kubeconfig;
use crate::meter::Meter;
use crate::plan::{Learner, Planner};
use crate::process::Process;
use crate::scenario::{
    Churn, Cluster, Fanout, Idle, Informers, Kubelets, Lists, Reconnect, Resources, Restart, Slow, Storm,
    WritesOptions,
};
use crate::target::Target;
use crate::{Error, limits};

/// Load on the watches, lists and writes of a Kubernetes API server, what arrived of it, and what it cost the server.
///
/// Every run is bounded by counts and time and ends by itself. It ends with 0 when the server did everything right, with 2 when
/// events were lost, doubled, out of order or missing, or streams ended, and with 1 when there is no result.
#[derive(Debug, Parser)]
#[command(name = "watchload", version)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The scenarios, and what to do with their results.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Many watchers of one resource, of which each sees every write
    Fanout(Fanout),
    /// Watchers spread over several resources, of which each sees the writes of its own
    Resources(Resources),
    /// Watchers like kubelets: each sees the pods of one node
    Kubelets(Kubelets),
    /// Watches on which nothing happens, and the memory that they take
    Idle(Idle),
    /// Lists of pods, full, consistent, paged and selected, and the memory of pods in the server's cache
    Lists(Lists),
    /// Watchers whose server is killed and started by somebody else meanwhile
    Restart(Restart),
    /// Creates, updates, patches, gets and deletes
    Writes(WritesOptions),
    /// Informers that begin with a watch list, all at once
    Informers(Informers),
    /// Many clients that list at the same moment, again and again
    Storm(Storm),
    /// Watchers that come and go beside others that stay
    Churn(Churn),
    /// Watchers that read slowly beside others that do not
    Slow(Slow),
    /// All watchers lose their connections at once and come back
    Reconnect(Reconnect),
    /// A cluster of so many nodes and pods, in a steady state
    Cluster(Cluster),
    /// Two results side by side
    Compare {
        /// The first result, as written with --json
        first: PathBuf,
        /// The second
        second: PathBuf,
        /// Write them as one HTML page with plots too
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// How many servers a cluster needs, by a simulation with measured costs
    Plan(Planner),
    /// The costs that results tell, for `plan`
    Costs(Learner),
    /// The HTML page of a result
    Page {
        /// The result, as written with --json
        result: PathBuf,
        /// Where the page goes
        html: PathBuf,
    },
}

/// The server, and where the result goes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// The kubeconfig with the server's address, authority, and a client certificate or token
    #[arg(long, env = "KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: PathBuf,
    /// The context of the kubeconfig, instead of its current one
    #[arg(long)]
    pub context: Option<String>,
    /// The kubeconfig of the server that writes go to, where that is another one
    #[arg(long, value_name = "FILE")]
    pub write_kubeconfig: Option<PathBuf>,
    /// Load a server that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// The namespace to work in; it is made, and its configmaps or pods are removed at the end
    #[arg(long, default_value = "watchload")]
    pub namespace: String,
    /// Leave the objects in place
    #[arg(long)]
    pub keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the result as one HTML page with plots
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Read the server's CPU and memory from its /metrics, where its process is not on this machine
    #[arg(long, conflicts_with = "server_pid")]
    pub server_metrics: bool,
    /// Read them from the /metrics of these servers instead, given by kubeconfigs separated by commas; all together are reported
    #[arg(long, value_name = "FILES", value_delimiter = ',', conflicts_with_all = ["server_pid", "server_metrics"])]
    pub metrics_kubeconfig: Vec<PathBuf>,
    /// The server's process on this machine, or several separated by commas; the CPU and memory of all together are reported
    #[arg(long, value_name = "PIDS", value_delimiter = ',')]
    pub server_pid: Vec<u32>,
    /// The process of the server's etcd on this machine; its CPU is reported
    #[arg(long, value_name = "PID")]
    pub etcd_pid: Option<u32>,
    /// The threads that read watches; by default half of the cores, of which servers on this machine need some too
    #[arg(long, default_value_t = reading_threads(), value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,
}

/// Half of the cores.
fn reading_threads() -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u16::try_from(cores / 2).unwrap_or(u16::MAX).clamp(1, 16)
}

impl Common {
    /// The server of the kubeconfig, if it may be loaded.
    pub fn target(&self) -> Result<Arc<Target>, Error> {
        let config = Kubeconfig::read(&self.kubeconfig, self.context.as_deref())?;
        Target::new(&config, self.allow_remote).map(Arc::new)
    }

    /// The server that writes go to.
    pub fn write_target(&self) -> Result<Arc<Target>, Error> {
        let Some(path) = &self.write_kubeconfig else {
            return self.target();
        };
        Target::new(&Kubeconfig::read(path, None)?, self.allow_remote).map(Arc::new)
    }

    /// The server's process, where it is known.
    pub fn server(&self) -> Result<Option<Process>, Error> {
        Process::of(&self.server_pid)
    }

    /// The servers' meter, where their processes or metrics are told.
    pub async fn server_meter(&self) -> Result<Option<Meter>, Error> {
        if let Some(process) = self.server()? {
            return Ok(Some(Meter::Processes(process)));
        }
        let mut servers = Vec::new();
        if self.server_metrics {
            servers.push(Arc::new(Api::connect(&self.target()?, 1).await?));
        }
        for path in &self.metrics_kubeconfig {
            let target = Target::new(&Kubeconfig::read(path, None)?, self.allow_remote)?;
            servers.push(Arc::new(Api::connect(&Arc::new(target), 1).await?));
        }
        Ok(Some(Meter::Metrics(servers))
            .filter(|_| self.server_metrics || !self.metrics_kubeconfig.is_empty()))
    }

    /// The etcd's meter, where its process is known.
    pub fn etcd_meter(&self) -> Result<Option<Meter>, Error> {
        Ok(Process::of(self.etcd_pid.as_slice())?.map(Meter::Processes))
    }
}

/// How watches are opened.
#[derive(Clone, Debug, Args)]
pub struct Watching {
    /// How many watches
    #[arg(long, default_value_t = 100)]
    pub watchers: usize,
    /// How many watches share an HTTP/2 connection
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub streams_per_connection: u16,
    /// How many bytes the server may send on a watch before they are read
    #[arg(long, default_value_t = limits::STREAM_WINDOW_BYTES, value_parser = clap::value_parser!(u32).range(65_535..=0x7fff_ffff))]
    pub stream_window: u32,
}

impl Watching {
    /// Whether the limits and the system allow so many watches.
    pub fn check(&self, per_connection: usize) -> Result<(), Error> {
        if self.watchers == 0 || self.watchers > limits::WATCHERS_MAX {
            return Err(Error::Options(format!(
                "--watchers: 1 to {} are possible",
                limits::WATCHERS_MAX
            )));
        }
        let files = self.watchers.div_ceil(per_connection.max(1)) + 64;
        match crate::process::open_files_max() {
            Some(most) if most < files => {
                let reason =
                    format!("{files} open files are needed and {most} allowed; raise the limit (ulimit -n)");
                Err(Error::Options(reason))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses rates that are not possible.
pub fn check_rate(rate: f64) -> Result<(), Error> {
    match rate > 0.0 && rate <= limits::RATE_MAX {
        true => Ok(()),
        false => Err(Error::Options(format!(
            "--rate: above 0 and up to {} are possible",
            limits::RATE_MAX
        ))),
    }
}

/// Refuses phases that are longer than the limit.
pub fn check_seconds(seconds: u64) -> Result<(), Error> {
    match (1..=limits::PHASE_SECONDS_MAX).contains(&seconds) {
        true => Ok(()),
        false => Err(Error::Options(format!(
            "--seconds: 1 to {} are possible",
            limits::PHASE_SECONDS_MAX
        ))),
    }
}
