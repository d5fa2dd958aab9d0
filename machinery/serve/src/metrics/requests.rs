//! What is counted of requests. The names and bounds are the reference's.

use std::time::{Duration, Instant};

use http_body::Body as _;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{Coded, Kind, Labels, Tried};
use crate::http::Response;

/// Bounds of request durations, in seconds.
const SECONDS: [f64; 23] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];
/// How many of the smallest are left out where objectives are about durations.
const BELOW_OBJECTIVES: usize = 2;
/// Bounds of answer sizes, in bytes.
const BYTES: [f64; 7] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The numbers. Clones share them.
#[derive(Clone)]
pub(super) struct Requests {
    answered: Family<Coded<Tried>, Counter>,
    seconds: Histograms<Tried>,
    objective_seconds: Histograms<Labels>,
    bytes: Histograms<Labels>,
    terminated: Family<Coded<Labels>, Counter>,
    aborted: Family<Labels, Counter>,
    in_flight: Family<Kind, Gauge>,
    long_running: Family<Labels, Gauge>,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            objective_seconds: Family::new_with_constructor(|| {
                Histogram::new(SECONDS.into_iter().skip(BELOW_OBJECTIVES))
            }),
            bytes: Family::new_with_constructor(|| Histogram::new(BYTES)),
            terminated: Family::default(),
            aborted: Family::default(),
            in_flight: Family::default(),
            long_running: Family::default(),
        }
    }
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "apiserver_request",
            "Requests by verb, resource and code",
            self.answered.clone(),
        );
        registry.register(
            "apiserver_request_duration_seconds",
            "Time to answer a request; of watches, how long they lasted",
            self.seconds.clone(),
        );
        registry.register(
            "apiserver_request_sli_duration_seconds",
            "Time to answer a request, as objectives are about it",
            self.objective_seconds.clone(),
        );
        registry.register(
            "apiserver_response_sizes",
            "Bytes of answers to reads that are sent whole",
            self.bytes.clone(),
        );
        registry.register(
            "apiserver_request_terminations",
            "Requests that the server gave up to protect itself",
            self.terminated.clone(),
        );
        registry.register(
            "apiserver_request_aborts",
            "Requests whose client went before the answer",
            self.aborted.clone(),
        );
        registry.register(
            "apiserver_current_inflight_requests",
            "Requests under way",
            self.in_flight.clone(),
        );
        registry.register(
            "apiserver_longrunning_requests",
            "Watches and connections",
            self.long_running.clone(),
        );
    }

    /// A request that has no answer yet.
    pub(super) fn pending(&self, labels: Labels) -> Pending<'_> {
        Pending {
            requests: self,
            labels: Some(labels),
        }
    }

    /// A request that has its answer's head.
    pub(super) fn answered(
        &self,
        labels: &Labels,
        dry_run: &'static str,
        response: &Response,
        is_terminated: bool,
    ) {
        let code = response.status().as_u16();
        if matches!(labels.verb, "GET" | "LIST")
            && let Some(bytes) = response.body().size_hint().exact()
        {
            self.bytes.get_or_create(labels).observe(bytes as f64);
        }
        if is_terminated {
            let labels = labels.clone();
            self.terminated.get_or_create(&Coded { labels, code }).inc();
        }
        let labels = Tried {
            labels: labels.clone(),
            dry_run,
        };
        self.answered.get_or_create(&Coded { labels, code }).inc();
    }

    /// How long a request took.
    pub(super) fn took(&self, labels: Labels, dry_run: &'static str, took: Duration) {
        let seconds = took.as_secs_f64();
        self.objective_seconds.get_or_create(&labels).observe(seconds);
        self.seconds
            .get_or_create(&Tried { labels, dry_run })
            .observe(seconds);
    }
}

/// A request without an answer. Dropped like that, its client went away.
pub(super) struct Pending<'a> {
    requests: &'a Requests,
    labels: Option<Labels>,
}

impl Pending<'_> {
    /// It has one.
    pub(super) fn done(mut self) -> Labels {
        self.labels.take().unwrap_or_default()
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(labels) = &self.labels {
            self.requests.aborted.get_or_create(labels).inc();
        }
    }
}

/// One request in a gauge; leaves it when dropped.
pub(super) struct UnderWay {
    gauge: Gauge,
    /// Of one that runs long: how long it lasted is told at its end.
    lasting: Option<(Histogram, Instant)>,
}

impl UnderWay {
    pub(super) fn short(requests: &Requests, method: &http::Method) -> Self {
        Self::new(requests.in_flight.get_or_create(&Kind::of(method)).clone(), None)
    }

    pub(super) fn long(requests: &Requests, labels: &Labels, begun: Instant) -> Self {
        let tried = Tried {
            labels: labels.clone(),
            dry_run: "",
        };
        let seconds = requests.seconds.get_or_create(&tried).clone();
        let gauge = requests.long_running.get_or_create(labels).clone();
        Self::new(gauge, Some((seconds, begun)))
    }

    fn new(gauge: Gauge, lasting: Option<(Histogram, Instant)>) -> Self {
        gauge.inc();
        Self { gauge, lasting }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.gauge.dec();
        if let Some((seconds, begun)) = &self.lasting {
            seconds.observe(begun.elapsed().as_secs_f64());
        }
    }
}
