//! A mixed cluster, scaled by nodes and pods: kubelets and proxies that watch, controllers that watch everything, and leases, statuses
//! of nodes and pods, and endpoint slices that change at the rates of `profile`.

mod expected;

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use self::expected::{Changes, Expected, Seen};
use super::run::{self, Measured, Run};
use super::stage::check_deliveries;
use crate::api::Api;
use crate::delivery::Judgement;
use crate::objects::{self, PART};
use crate::options::{Common, Watching, check_seconds};
use crate::population::{self, Pods};
use crate::profile::{self, Rates};
use crate::progress::{Progress, say};
use crate::report::Report;
use crate::watch::{Media, Wanted};
use crate::writer::{Change, Part, write};
use crate::{Error, limits};

/// Watches of each node and of each controller, which share a connection.
const WATCHES: usize = 4;

/// Options of `cluster`.
#[derive(Clone, Debug, Args)]
pub struct Cluster {
    #[command(flatten)]
    common: Common,
    /// How many nodes
    #[arg(long, default_value_t = 100)]
    nodes: usize,
    /// How many pods; 30 for each node where it is not given
    #[arg(long)]
    pods: Option<usize>,
    /// How many controllers watch all pods, nodes, leases and endpoint slices
    #[arg(long, default_value_t = 2)]
    controllers: usize,
    /// How many times as busy as the thresholds say
    #[arg(long, default_value_t = 1.0)]
    busy: f64,
    /// For how long
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How long to wait for the last events after the last change
    #[arg(long, default_value_t = 15)]
    drain_seconds: u64,
    /// The form of the events
    #[arg(long, value_enum, default_value = "protobuf")]
    media: Media,
}

impl Cluster {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Brings the load about and measures it.
    pub async fn run(&self) -> Result<Report, Error> {
        let (rates, seen) = (self.rates(), self.seen());
        self.check(&rates, &seen)?;
        let (target, writes_to) = (self.common.target()?, self.common.write_target()?);
        let api = Arc::new(Api::connect(&writes_to, limits::REQUEST_CONNECTIONS).await?);
        self.populate(&api).await?;
        let revision = population::revision(&api, &self.path(Seen::Pods)).await?;
        let seconds = self.seconds + self.drain_seconds;
        let plan = run::plan(&self.common, self.media, &watching(seen.len()), seconds);
        let wanted = seen
            .iter()
            .map(|seen| Wanted::after(self.path(*seen), revision))
            .collect();
        let run = Run::open(&self.common, &target, plan, wanted).await?;
        let changes = self.change(&api, &rates).await;
        let judged = Expected::new(self.nodes, &changes);
        let expected = seen.iter().map(|seen| judged.of(*seen).len() as u64).sum();
        let measured = run.finish(changes.all(), expected, self.drain_seconds).await?;
        let mut judgement = measured.judgement();
        for (number, (watch, seen)) in measured.watches.iter().zip(&seen).enumerate() {
            judgement.add(number, watch, judged.of(*seen), measured.clock);
        }
        if !self.common.keep {
            self.clear(&api).await?;
        }
        Ok(self.report(&measured, &judgement, &changes))
    }

    fn pods(&self) -> usize {
        self.pods
            .unwrap_or((self.nodes as f64 * profile::PODS_PER_NODE) as usize)
    }

    fn rates(&self) -> Rates {
        Rates::of(self.nodes as f64).times(self.busy)
    }

    fn check(&self, rates: &Rates, seen: &[Seen]) -> Result<(), Error> {
        check_seconds(self.seconds)?;
        watching(seen.len()).check(WATCHES)?;
        if self.pods() == 0
            || self.pods() > limits::OBJECTS_MAX
            || !(rates.all() > 0.0 && rates.all() <= limits::RATE_MAX)
        {
            return Err(Error::Options(
                "--nodes, --pods and --busy are above 0, and within the limits".to_owned(),
            ));
        }
        let slices = rates.endpoint_slices * self.nodes as f64;
        check_deliveries((slices + rates.all() * (2 + self.controllers) as f64) * self.seconds as f64)
    }

    /// The watches of each node, then those of each controller.
    fn seen(&self) -> Vec<Seen> {
        let node = |node| [Seen::PodsOf(node), Seen::Node(node), Seen::Slices, Seen::Services];
        let controller = |_| [Seen::Pods, Seen::Nodes, Seen::Leases, Seen::Slices];
        (0..self.nodes)
            .flat_map(node)
            .chain((0..self.controllers).flat_map(controller))
            .collect()
    }

    fn path(&self, seen: Seen) -> String {
        let namespace = &self.common.namespace;
        match seen {
            Seen::PodsOf(node) => format!(
                "/api/v1/pods?fieldSelector=spec.nodeName%3D{}",
                objects::node_name(node)
            ),
            Seen::Node(node) => format!(
                "/api/v1/nodes?fieldSelector=metadata.name%3D{}",
                objects::node_name(node)
            ),
            Seen::Pods => format!("/api/v1/namespaces/{namespace}/pods"),
            Seen::Nodes => format!("/api/v1/nodes?labelSelector={}", PART.replace('/', "%2F")),
            Seen::Leases => Part::Lease.path(namespace),
            Seen::Slices => Part::EndpointSlice.path(namespace),
            Seen::Services => format!("/api/v1/namespaces/{namespace}/services"),
        }
    }

    async fn populate(&self, api: &Arc<Api>) -> Result<(), Error> {
        let namespace = &self.common.namespace;
        let pods = self.pods_of_nodes();
        let progress = Progress::begin(format!("making {} pods", pods.count), pods.count);
        population::pods(api, namespace, &pods, &progress).await?;
        let slices = profile::services(self.nodes);
        say(&format!(
            "making {} nodes, their leases, and {slices} endpoint slices",
            self.nodes
        ));
        population::parts(api, namespace, Part::NodeStatus, self.nodes).await?;
        population::parts(api, namespace, Part::Lease, self.nodes).await?;
        population::parts(api, namespace, Part::EndpointSlice, slices).await
    }

    fn pods_of_nodes(&self) -> Pods {
        Pods {
            count: self.pods(),
            namespaces: 1,
            nodes: self.nodes,
            selected_one_of: 100,
        }
    }

    async fn change(&self, api: &Arc<Api>, rates: &Rates) -> Changes {
        let namespace = self.common.namespace.clone();
        let part = |part, count| Change::Part {
            part,
            namespace: namespace.clone(),
            count,
        };
        let pods = Change::PodStatus {
            namespace: namespace.clone(),
            pods: self.pods_of_nodes(),
        };
        let (nodes, leases) = (part(Part::NodeStatus, self.nodes), part(Part::Lease, self.nodes));
        let slices = part(Part::EndpointSlice, profile::services(self.nodes));
        let steps = |rate: f64| Progress::quiet((rate * self.seconds as f64) as usize);
        say(&format!("changing {:.1} objects a second", rates.all()));
        let progress = [
            rates.pod_statuses,
            rates.node_statuses,
            rates.leases,
            rates.endpoint_slices,
        ]
        .map(steps);
        let (pods, nodes, leases, slices) = tokio::join!(
            write(api, &pods, rates.pod_statuses, self.seconds, &progress[0]),
            write(api, &nodes, rates.node_statuses, self.seconds, &progress[1]),
            write(api, &leases, rates.leases, self.seconds, &progress[2]),
            write(api, &slices, rates.endpoint_slices, self.seconds, &progress[3]),
        );
        Changes {
            pods,
            nodes,
            leases,
            slices,
        }
    }

    async fn clear(&self, api: &Api) -> Result<(), Error> {
        for path in [
            self.path(Seen::Leases),
            self.path(Seen::Slices),
            self.path(Seen::Nodes),
        ] {
            population::remove_all(api, &path).await?;
        }
        population::remove(api, &self.common.namespace, "pods").await
    }

    fn report(&self, measured: &Measured, judgement: &Judgement, changes: &Changes) -> Report {
        let mut report = Report::new("cluster", self.told());
        for (key, title, writes) in [
            ("pod_statuses", "statuses of pods", &changes.pods),
            ("node_statuses", "statuses of nodes", &changes.nodes),
            ("leases", "renewals of leases", &changes.leases),
            ("endpoint_slices", "changes of endpoint slices", &changes.slices),
        ] {
            let rate = writes.acknowledged.len() as f64 / writes.elapsed.as_secs_f64().max(1e-9);
            report.add(
                format!("{key}_per_second"),
                format!("{title} per second"),
                "/s",
                rate,
            );
        }
        report.add("watches", "watches", "", measured.watches.len() as f64);
        let scale = 1.0 / measured.elapsed.as_secs_f64().max(1e-9);
        measured.used.tell(&mut report, "all", "in all", "CPUs", scale);
        measured.tell(&mut report, judgement);
        report
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "nodes": self.nodes,
            "pods": self.pods(),
            "controllers": self.controllers,
            "services": profile::services(self.nodes),
            "busy": self.busy,
            "seconds": self.seconds,
            "media": format!("{:?}", self.media),
        })
    }
}

fn watching(watchers: usize) -> Watching {
    Watching {
        watchers,
        streams_per_connection: WATCHES as u16,
        stream_window: limits::STREAM_WINDOW_BYTES,
    }
}
