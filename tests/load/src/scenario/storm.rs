//! A list storm: many clients, each on a connection of its own, list all pods of a namespace at the same moment and again as soon as
//! they have an answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::{join_all, try_join_all};
use hdrhistogram::Histogram;
use http::Method;
use serde_json::json;

use super::charts;
use super::cost::{Meters, Used};
use super::stage::Stage;
use crate::api::{Api, Request};
use crate::list::Reader;
use crate::options::{Common, check_seconds};
use crate::over_time::OverTime;
use crate::population::Pods;
use crate::progress::{Progress, say};
use crate::report::Report;
use crate::timeline::{Looked, Sample, Timeline};
use crate::watch::Media;
use crate::{Error, limits};

/// The pause of a client that was told to come later (429).
const REFUSED_PAUSE: Duration = Duration::from_millis(200);

/// Options of `storm`.
#[derive(Clone, Debug, Args)]
pub struct Storm {
    #[command(flatten)]
    common: Common,
    /// How many clients list at the same time
    #[arg(long, default_value_t = 50)]
    clients: usize,
    /// How many pods are there
    #[arg(long, default_value_t = 1_000)]
    pods: usize,
    /// For how long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The most lists of all clients together
    #[arg(long, default_value_t = 100_000)]
    lists: usize,
    /// The form of the lists
    #[arg(long, value_enum, default_value = "json")]
    media: Media,
    /// Ask for the newest state (no resource version) instead of what is at hand (resource version 0)
    #[arg(long)]
    consistent: bool,
}

/// One list that was asked for.
struct Asked {
    at: Instant,
    took: Duration,
    outcome: Outcome,
}

enum Outcome {
    Listed { objects: u64, bytes: u64 },
    Refused(u16),
    Failed(String),
}

impl Storm {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Makes the pods, and lists.
    pub async fn run(&self) -> Result<Report, Error> {
        check_seconds(self.seconds)?;
        let possible = (1..=limits::CLIENTS_MAX).contains(&self.clients);
        if !possible || !(1..=limits::REQUESTS_MAX).contains(&self.lists) {
            let reason = format!(
                "--clients: 1 to {}; --lists: 1 to {}",
                limits::CLIENTS_MAX,
                limits::REQUESTS_MAX
            );
            return Err(Error::Options(reason));
        }
        let pods = Pods {
            count: self.pods,
            namespaces: 1,
            nodes: self.pods.div_ceil(30),
            selected_one_of: 100,
        };
        let (stage, _) = Stage::of_pods(&self.common, pods).await?;
        say(&format!("connecting {} clients", self.clients));
        let clients = try_join_all((0..self.clients).map(|_| Api::connect(&stage.target, 1))).await?;
        let begin = Instant::now();
        let looked = Looked {
            server: self.common.server_meter().await?,
            etcd: self.common.etcd_meter()?,
            watches: None,
        };
        let (timeline, meters) = (Timeline::start(looked, begin), Meters::start(&self.common).await?);
        let asked = self.ask(&clients, begin).await;
        let (used, samples, elapsed) = (meters.stop().await?, timeline.finish(), begin.elapsed());
        stage.clear(&self.common).await?;
        Ok(self.report(&asked, begin, elapsed, used, &samples))
    }

    async fn ask(&self, clients: &[Api], begin: Instant) -> Vec<Asked> {
        let (left, until) = (AtomicUsize::new(self.lists), Duration::from_secs(self.seconds));
        let progress = Progress::begin("listing", self.lists);
        let each = async |api: &Api| {
            let mut asked = Vec::new();
            let take = |left: usize| left.checked_sub(1);
            while begin.elapsed() < until
                && let Ok(left) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            {
                progress.step(self.lists - left);
                let at = Instant::now();
                let outcome = self.once(api).await;
                let refused = matches!(outcome, Outcome::Refused(_) | Outcome::Failed(_));
                asked.push(Asked {
                    at,
                    took: at.elapsed(),
                    outcome,
                });
                if refused {
                    tokio::time::sleep(REFUSED_PAUSE).await;
                }
            }
            asked
        };
        join_all(clients.iter().map(each))
            .await
            .into_iter()
            .flatten()
            .collect()
    }

    async fn once(&self, api: &Api) -> Outcome {
        let version = if self.consistent { "" } else { "?resourceVersion=0" };
        let path = format!("/api/v1/namespaces/{}/pods{version}", self.common.namespace);
        let mut request = Request::new(Method::GET, &path);
        request.accept = self.media.accept();
        let mut reader = Reader::new(self.media);
        // The beginning of a refusal is no list; its status tells.
        match api.stream(request, |bytes| reader.take(bytes).or(Ok(()))).await {
            Ok((200, _)) => Outcome::Listed {
                objects: reader.objects(),
                bytes: reader.bytes,
            },
            Ok((status, _)) => Outcome::Refused(status),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    fn report(
        &self,
        asked: &[Asked],
        begin: Instant,
        elapsed: Duration,
        used: Used,
        samples: &[Sample],
    ) -> Report {
        let mut report = Report::new("storm", self.told());
        let mut latency =
            Histogram::new_with_bounds(1, limits::LATENCY_MICROS_MAX, 3).expect("the bounds are valid");
        let mut over_time = OverTime::new(Duration::ZERO, elapsed);
        let (mut objects, mut bytes, mut refused, mut failed, mut short) = (0, 0, 0_u64, 0_u64, 0_u64);
        for one in asked {
            let at_us = (one.at + one.took - begin).as_micros() as u64;
            match &one.outcome {
                Outcome::Listed {
                    objects: listed,
                    bytes: read,
                } => {
                    (objects, bytes) = (objects + listed, bytes + read);
                    short += u64::from(*listed < self.pods as u64);
                    latency.saturating_record(one.took.as_micros() as u64);
                    over_time.came(at_us, one.took.as_micros() as u64);
                }
                Outcome::Refused(status) => {
                    refused += 1;
                    over_time.wrong(at_us);
                    if refused == 1 {
                        report.note(format!("the first refusal was HTTP {status}"));
                    }
                }
                Outcome::Failed(reason) => {
                    failed += 1;
                    over_time.wrong(at_us);
                    if failed == 1 {
                        report.wrong(format!("a list failed: {reason}"));
                    }
                }
            }
        }
        let (lists, seconds) = (latency.len() as f64, elapsed.as_secs_f64().max(1e-9));
        report.add("requests", "lists answered", "", lists);
        report.add("requests_per_second", "lists per second", "/s", lists / seconds);
        report.add(
            "objects_per_second",
            "objects per second",
            "/s",
            objects as f64 / seconds,
        );
        report.add(
            "bytes_per_second",
            "bytes per second",
            "MB/s",
            bytes as f64 / seconds / 1e6,
        );
        report.add("refused", "lists refused", "", refused as f64);
        report.add("failed", "lists failed", "", failed as f64);
        for (key, quantile) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
            let time = Duration::from_micros(latency.value_at_quantile(quantile));
            report.add_ms(
                format!("latency_{key}_ms"),
                format!("time of a list, {key}"),
                time,
            );
        }
        if short > 0 {
            report.wrong(format!("{short} lists had fewer than {} objects", self.pods));
        }
        used.tell(&mut report, "request", "per list", "ms", 1e3 / lists.max(1.0));
        used.tell(
            &mut report,
            "thousand",
            "per 1,000 objects",
            "ms",
            1e6 / objects.max(1) as f64,
        );
        used.tell_memory(&mut report);
        charts::requests(&mut report, "time of a list", &latency, &over_time);
        charts::samples(&mut report, samples, Duration::ZERO);
        report
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "clients": self.clients,
            "pods": self.pods,
            "seconds": self.seconds,
            "media": format!("{:?}", self.media),
            "consistent": self.consistent,
        })
    }
}
