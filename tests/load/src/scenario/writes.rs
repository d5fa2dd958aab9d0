//! Creates, updates, patches, gets and deletes as fast as the server answers, and what they cost it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use http::Method;
use serde_json::json;

use super::charts;
use super::cost::Meters;
use crate::api::{Api, Request};
use crate::options::{Common, check_seconds};
use crate::over_time::OverTime;
use crate::progress::{Progress, say};
use crate::report::Report;
use crate::timeline::{Looked, Timeline};
use crate::{Error, limits, objects, population};

/// Options of `writes`.
#[derive(Clone, Debug, Args)]
pub struct WritesOptions {
    #[command(flatten)]
    common: Common,
    /// How many operations are under way at a time; may be given several times
    #[arg(long, default_values_t = [1, 16, 64])]
    concurrency: Vec<usize>,
    /// How many operations of each kind
    #[arg(long, default_value_t = 5_000)]
    operations: usize,
    /// After this, one kind ends early
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Bytes of data in each configmap
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Create,
    Update,
    Patch,
    Get,
    Delete,
}

/// Deletes come last, of what was created.
const OPERATIONS: [Operation; 5] = [
    Operation::Create,
    Operation::Update,
    Operation::Patch,
    Operation::Get,
    Operation::Delete,
];

impl WritesOptions {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Runs all kinds at each concurrency.
    pub async fn run(&self) -> Result<Report, Error> {
        check_seconds(self.seconds)?;
        let possible = (1..=limits::REQUESTS_MAX).contains(&self.operations);
        if !possible || self.concurrency.iter().any(|count| !(1..=1_000).contains(count)) {
            return Err(Error::Options(
                "--operations and --concurrency are at least 1".to_owned(),
            ));
        }
        let target = self.common.target()?;
        let api = Arc::new(Api::connect(&target, limits::REQUEST_CONNECTIONS).await?);
        population::namespace(&api, &self.common.namespace).await?;
        let mut report = Report::new("writes", self.told());
        let mut log = Log::new();
        let looked = Looked {
            server: self.common.server_meter().await?,
            etcd: self.common.etcd_meter()?,
            watches: None,
        };
        let timeline = Timeline::start(looked, log.begin);
        for count in &self.concurrency {
            // What a kind that ended early did not create, the others do not find: all go by what was created.
            let mut made = self.operations;
            for operation in OPERATIONS {
                made = self
                    .measure(&api, operation, *count, made, &mut report, &mut log)
                    .await?
                    .min(made);
            }
            population::remove(&api, &self.common.namespace, "configmaps").await?;
        }
        log.tell(&mut report);
        charts::samples(&mut report, &timeline.finish(), Duration::ZERO);
        Ok(report)
    }

    async fn measure(
        &self,
        api: &Api,
        operation: Operation,
        count: usize,
        of: usize,
        report: &mut Report,
        log: &mut Log,
    ) -> Result<usize, Error> {
        let name = format!("{operation:?}").to_lowercase();
        let progress = Progress::begin(format!("{name}, {count} at a time"), of);
        let meters = Meters::start(&self.common).await?;
        let (begin, next) = (Instant::now(), AtomicUsize::new(0));
        let each = || async {
            let mut answered = Vec::new();
            let mut failure = None;
            while begin.elapsed() < Duration::from_secs(self.seconds) && failure.is_none() {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= of {
                    break;
                }
                let sent = Instant::now();
                match self.once(api, operation, number).await {
                    Ok(()) => answered.push((sent, sent.elapsed())),
                    Err(error) => failure = Some(error),
                }
                progress.step(number);
            }
            (answered, failure)
        };
        let done = join_all((0..count).map(|_| each())).await;
        let (used, elapsed) = (meters.stop().await?, begin.elapsed());
        let mut times = histogram();
        for (answered, failure) in done {
            for (sent, took) in answered {
                times.saturating_record(took.as_micros() as u64);
                log.add(sent, took);
            }
            if let Some(failure) = failure {
                report.wrong(failure.to_string());
            }
        }
        let operations = times.len().max(1) as f64;
        let (key, title) = (
            format!("{name}_{count}"),
            format!("configmap {name}, {count} at a time"),
        );
        used.tell(report, &key, &format!("{title}, 10,000"), "s", 1e4 / operations);
        report.add(
            format!("{key}_per_second"),
            format!("{title}, operations per second"),
            "/s",
            operations / elapsed.as_secs_f64(),
        );
        for (part, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            let time = Duration::from_micros(times.value_at_quantile(quantile));
            report.add_ms(format!("{key}_{part}_ms"), format!("{title}, {part}"), time);
        }
        say(&format!(
            "{title}: {:.0} of {of} in {:.1} s",
            times.len(),
            elapsed.as_secs_f64()
        ));
        Ok(times.len() as usize)
    }

    async fn once(&self, api: &Api, operation: Operation, number: usize) -> Result<(), Error> {
        let all = format!("/api/v1/namespaces/{}/configmaps", self.common.namespace);
        let one = format!("{all}/{}", objects::name(number));
        let mut request = match operation {
            Operation::Create => {
                Request::with(Method::POST, &all, objects::config_map(number, self.bytes, 0))
            }
            Operation::Update => Request::with(Method::PUT, &one, objects::config_map(number, self.bytes, 1)),
            Operation::Patch => Request::with(Method::PATCH, &one, objects::config_map_patch(self.bytes, 2)),
            Operation::Get => Request::new(Method::GET, &one),
            Operation::Delete => Request::new(Method::DELETE, &one),
        };
        if matches!(operation, Operation::Patch) {
            request.content_type = "application/merge-patch+json";
        }
        api.expect(request, &[]).await.map(drop)
    }

    fn told(&self) -> serde_json::Value {
        json!({"operations": self.operations, "concurrency": self.concurrency, "bytes": self.bytes})
    }
}

/// All operations of all kinds, by when they were answered, in microseconds.
struct Log {
    begin: Instant,
    answered: Vec<(u64, u64)>,
}

impl Log {
    fn new() -> Self {
        Self {
            begin: Instant::now(),
            answered: Vec::new(),
        }
    }

    fn add(&mut self, sent: Instant, took: Duration) {
        if self.answered.len() < limits::REQUESTS_MAX {
            let at = sent.duration_since(self.begin) + took;
            self.answered
                .push((at.as_micros() as u64, took.as_micros() as u64));
        }
    }

    fn tell(&self, report: &mut Report) {
        let (mut times, mut over_time) = (histogram(), OverTime::new(Duration::ZERO, self.begin.elapsed()));
        for (at, took) in &self.answered {
            times.saturating_record(*took);
            over_time.came(*at, *took);
        }
        charts::requests(report, "time of an operation, whatever it is", &times, &over_time);
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, limits::LATENCY_MICROS_MAX, 3).expect("the bounds are valid")
}
