//! Watchers like kubelets: each on a connection of its own sees the pods of one node, and statuses of pods are patched.

use clap::Args;
use serde_json::json;

use super::cost::Meters;
use super::run::{self, Measured, Run};
use super::stage::Stage;
use crate::delivery::Judgement;
use crate::options::{Common, Watching, check_rate, check_seconds};
use crate::population::Pods;
use crate::report::Report;
use crate::watch::{Media, Plan, Wanted};
use crate::writer::Written;
use crate::{Error, limits};

/// Options of `kubelets`.
#[derive(Clone, Debug, Args)]
pub struct Kubelets {
    #[command(flatten)]
    common: Common,
    /// How many nodes have a watcher; those below --nodes of them
    #[arg(long, default_value_t = 1000)]
    watchers: usize,
    /// Over how many nodes the pods are spread
    #[arg(long, default_value_t = 1000)]
    nodes: usize,
    /// How many pods
    #[arg(long, default_value_t = 10_000)]
    pods: usize,
    /// Status patches per second
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// For how long to patch
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How long to wait for the last events after the last patch
    #[arg(long, default_value_t = 15)]
    drain_seconds: u64,
    /// The form of the events
    #[arg(long, value_enum, default_value = "protobuf")]
    media: Media,
    /// How many watches share a connection
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    streams_per_connection: u16,
    /// Also measure the same patches without watchers
    #[arg(long)]
    baseline: bool,
}

impl Kubelets {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        self.check()?;
        let pods = Pods {
            count: self.pods,
            namespaces: 1,
            nodes: self.nodes,
            selected_one_of: 100,
        };
        let (mut stage, size) = Stage::of_pods(&self.common, pods).await?;
        let mut report = Report::new("kubelets", self.told());
        report.add("pod_json_bytes", "a pod as JSON", "B", size.json_bytes as f64);
        if self.baseline {
            let meters = Meters::start(&self.common).await?;
            let writes = stage
                .write("patching without watchers", self.rate, self.seconds)
                .await;
            let scale = 1e3 / writes.acknowledged.len().max(1) as f64;
            let used = meters.stop().await?;
            used.tell(&mut report, "patch", "per patch without watchers", "ms", scale);
            stage.catch_up().await?;
        }
        let run = Run::open(
            &self.common,
            &stage.target,
            self.plan(),
            self.wanted(stage.revision),
        )
        .await?;
        let writes = stage.write("patching", self.rate, self.seconds).await;
        let expected = writes.acknowledged.len() as u64;
        let measured = run.finish(writes, expected, self.drain_seconds).await?;
        let judgement = self.judge(&measured);
        let scale = 1e3 / judgement.received.max(1) as f64;
        measured
            .used
            .tell(&mut report, "event", "per event with its patch", "ms", scale);
        measured.tell(&mut report, &judgement);
        stage.clear(&self.common).await?;
        Ok(report)
    }

    fn check(&self) -> Result<(), Error> {
        check_seconds(self.seconds)?;
        check_rate(self.rate)?;
        let watching = self.watching();
        watching.check(usize::from(watching.streams_per_connection))?;
        match self.nodes > 0 && self.watchers >= self.nodes {
            true => Ok(()),
            false => Err(Error::Options(
                "--nodes is above 0, and each node has a watcher".to_owned(),
            )),
        }
    }

    fn watching(&self) -> Watching {
        Watching {
            watchers: self.watchers,
            streams_per_connection: self.streams_per_connection,
            stream_window: limits::STREAM_WINDOW_BYTES,
        }
    }

    fn plan(&self) -> Plan {
        let seconds = self.seconds + self.drain_seconds;
        run::plan(&self.common, self.media, &self.watching(), seconds)
    }

    /// Kubelets watch all namespaces.
    fn wanted(&self, revision: u64) -> Vec<Wanted> {
        let wanted = |node: usize| {
            Wanted::after(
                format!("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-{node}"),
                revision,
            )
        };
        (0..self.watchers).map(wanted).collect()
    }

    /// Each watch should have got the patches of its node's pods.
    fn judge(&self, measured: &Measured) -> Judgement {
        let mut of_node: Vec<Vec<Written>> = vec![Vec::new(); self.watchers];
        for write in &measured.writes.acknowledged {
            of_node[write.object as usize % self.nodes].push(*write);
        }
        let mut judgement = measured.judgement();
        for (node, watch) in measured.watches.iter().enumerate() {
            judgement.add(node, watch, &of_node[node], measured.clock);
        }
        judgement
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "watchers": self.watchers,
            "nodes": self.nodes,
            "pods": self.pods,
            "rate": self.rate,
            "seconds": self.seconds,
            "media": format!("{:?}", self.media),
            "streamsPerConnection": self.streams_per_connection,
        })
    }
}
