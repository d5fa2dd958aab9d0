//! Many watchers of one resource in one namespace, and a steady rate of writes that each of them sees.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::cost::{Meters, Used};
use super::run::{Measured, Run};
use crate::api::Api;
use crate::options::{Common, Watching, check_rate, check_seconds};
use crate::population::{self, Pods};
use crate::progress::{Progress, say};
use crate::report::Report;
use crate::target::{Protocol, Target};
use crate::watch::{Media, Pace, Plan, Wanted};
use crate::writer::{Change, write};
use crate::{Error, limits};

/// Options of `fanout`.
#[derive(Clone, Debug, Args)]
pub struct Fanout {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    /// Writes per second
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// For how long to write
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How long to wait for the last events after the last write
    #[arg(long, default_value_t = 15)]
    drain_seconds: u64,
    /// What is written and watched
    #[arg(long, value_enum, default_value = "configmaps")]
    resource: Resource,
    /// Among how many objects the writes go around
    #[arg(long, default_value_t = 100)]
    objects: usize,
    /// Bytes of data in each configmap
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
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
        let target = self.common.target()?;
        let writes_to = self.common.write_target()?;
        let api = Arc::new(Api::connect(&writes_to, limits::REQUEST_CONNECTIONS).await?);
        let (change, path) = self.populate(&api).await?;
        let baseline = if self.baseline {
            Some(self.baseline(&api, &change).await?)
        } else {
            None
        };
        let revision = population::revision(&api, &path).await?;
        let measured = self.measure(&target, &api, &change, &path, revision).await?;
        if !self.common.keep {
            let resource = path.rsplit('/').next().unwrap_or_default();
            population::remove(&api, &self.common.namespace, resource).await?;
        }
        Ok(self.report(&measured, baseline))
    }

    fn check(&self) -> Result<(), Error> {
        check_seconds(self.seconds)?;
        let shared = usize::from(self.watching.streams_per_connection);
        self.watching.check(if self.http1 { 1 } else { shared })?;
        let deliveries = self.watching.watchers as f64 * self.rate * self.seconds as f64;
        check_rate(self.rate)?;
        if deliveries > limits::DELIVERIES_MAX as f64 {
            let reason = format!(
                "watchers x rate x seconds: 1 to {} are possible",
                limits::DELIVERIES_MAX
            );
            return Err(Error::Options(reason));
        }
        match (0.0..=0.9).contains(&self.stalled) && self.objects > 0 {
            true => Ok(()),
            false => Err(Error::Options(
                "--stalled is 0 to 0.9, --objects at least 1".to_owned(),
            )),
        }
    }

    async fn populate(&self, api: &Arc<Api>) -> Result<(Change, String), Error> {
        let namespace = self.common.namespace.clone();
        population::namespace(api, &namespace).await?;
        if self.resource == Resource::Pods {
            let pods = Pods {
                count: self.objects,
                namespaces: 1,
                nodes: 10,
                selected_one_of: 100,
            };
            let progress = Progress::begin(format!("making {} pods", self.objects), self.objects);
            population::pods(api, &namespace, &pods, &progress).await?;
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            return Ok((Change::PodStatus { namespace, pods }, path));
        }
        say(&format!("making {} configmaps", self.objects));
        population::config_maps(api, &namespace, self.objects, self.bytes).await?;
        let path = format!("/api/v1/namespaces/{namespace}/configmaps");
        let (count, bytes) = (self.objects, self.bytes);
        Ok((
            Change::ConfigMapUpdate {
                namespace,
                count,
                bytes,
            },
            path,
        ))
    }

    async fn baseline(&self, api: &Arc<Api>, change: &Change) -> Result<Used, Error> {
        let meters = Meters::start(&self.common).await?;
        let progress = Progress::begin(
            "writing without watchers",
            (self.rate * self.seconds as f64) as usize,
        );
        write(api, change, self.rate, self.seconds, &progress).await;
        meters.stop().await
    }

    fn plan(&self) -> Plan {
        Plan {
            media: self.media,
            protocol: if self.http1 {
                Protocol::Http1
            } else {
                Protocol::Http2
            },
            streams_per_connection: usize::from(self.watching.streams_per_connection),
            stream_window_bytes: self.watching.stream_window,
            threads: usize::from(self.common.threads),
            timeout_seconds: limits::OPEN_TIMEOUT.as_secs() + self.seconds + self.drain_seconds + 60,
            resume: false,
        }
    }

    async fn measure(
        &self,
        target: &Arc<Target>,
        api: &Arc<Api>,
        change: &Change,
        path: &str,
        revision: u64,
    ) -> Result<Measured, Error> {
        let share = |number: usize| (number as f64 * self.stalled).floor();
        let wanted = |number: usize| Wanted {
            path: path.to_owned(),
            revision,
            pace: if share(number + 1) > share(number) {
                Pace::Stalled
            } else {
                Pace::Full
            },
            initial: false,
            cycle: None,
        };
        let wanted: Vec<Wanted> = (0..self.watching.watchers).map(wanted).collect();
        let readers = wanted.iter().filter(|wanted| wanted.pace == Pace::Full).count() as u64;
        let run = Run::open(&self.common, target, self.plan(), wanted).await?;
        let progress = Progress::begin("writing", (self.rate * self.seconds as f64) as usize);
        let writes = write(api, change, self.rate, self.seconds, &progress).await;
        let all = writes.acknowledged.len() as u64 * readers;
        run.finish(writes, all, self.drain_seconds).await
    }

    fn report(&self, measured: &Measured, baseline: Option<Used>) -> Report {
        let mut report = Report::new("fanout", self.told());
        let mut judgement = measured.judgement();
        for (number, watch) in measured.watches.iter().enumerate() {
            if watch.wanted.pace == Pace::Full {
                judgement.add(number, watch, &measured.writes.acknowledged, measured.clock);
            }
        }
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
        json!({
            "watchers": self.watching.watchers,
            "streamsPerConnection": if self.http1 { 1 } else { self.watching.streams_per_connection },
            "streamWindowBytes": self.watching.stream_window,
            "rate": self.rate,
            "seconds": self.seconds,
            "resource": format!("{:?}", self.resource),
            "objects": self.objects,
            "bytes": self.bytes,
            "media": format!("{:?}", self.media),
            "http1": self.http1,
            "stalled": self.stalled,
        })
    }
}
