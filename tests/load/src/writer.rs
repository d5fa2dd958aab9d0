//! Writes at a steady rate, and the revision and moment of each acknowledgement. Who reads them is not its affair.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::Method;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::api::{Api, Request};
use crate::objects;
use crate::population::Pods;
use crate::progress::Progress;
use crate::{Error, population};

/// The most writes under way at a time; one more waits, and counts as late.
const IN_FLIGHT_MAX: usize = 64;

/// What is written.
#[derive(Clone, Debug)]
pub enum Change {
    /// Updates of configmaps, each in its turn.
    ConfigMapUpdate {
        /// Where.
        namespace: String,
        /// How many there are.
        count: usize,
        /// How much data.
        bytes: usize,
    },
    /// Merge patches of the status of pods, each in its turn.
    PodStatus {
        /// Where.
        namespace: String,
        /// Which.
        pods: Pods,
    },
    /// Merge patches of an annotation of objects of several resources, each in its turn.
    Kinds {
        /// Where.
        namespace: String,
        /// Of how many resources.
        resources: usize,
        /// How many there are in all.
        count: usize,
        /// How much data.
        bytes: usize,
    },
    /// Merge patches of what nodes and services keep in the API, each in its turn.
    Part {
        /// What.
        part: Part,
        /// Where, unless it has no namespace.
        namespace: String,
        /// How many there are.
        count: usize,
    },
}

/// A part of a cluster that changes all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The lease that a kubelet renews.
    Lease,
    /// The status of a node.
    NodeStatus,
    /// The endpoints of a service.
    EndpointSlice,
}

impl Part {
    /// The path of all of them.
    pub fn path(self, namespace: &str) -> String {
        match self {
            Self::Lease => format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
            Self::NodeStatus => "/api/v1/nodes".to_owned(),
            Self::EndpointSlice => format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"),
        }
    }

    /// One of them, as it is made.
    pub fn object(self, number: usize) -> String {
        match self {
            Self::Lease => objects::lease(number),
            Self::NodeStatus => objects::node(number),
            Self::EndpointSlice => objects::endpoint_slice(number),
        }
    }

    fn patch(self, namespace: &str, number: usize, serial: u64) -> (String, String) {
        let all = self.path(namespace);
        match self {
            Self::Lease => (
                format!("{all}/{}", objects::node_name(number)),
                objects::lease_renewal(serial),
            ),
            Self::NodeStatus => (
                format!("{all}/{}/status", objects::node_name(number)),
                objects::node_status(serial),
            ),
            Self::EndpointSlice => (
                format!("{all}/{}", objects::name(number)),
                objects::endpoint_slice_patch(serial),
            ),
        }
    }
}

/// One acknowledged write.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The revision that it made.
    pub revision: u64,
    /// When the answer came.
    pub at: Instant,
    /// The number of the object.
    pub object: u32,
}

/// What became of the writes of one phase.
#[derive(Debug, Default)]
pub struct Writes {
    /// Those that were acknowledged, by revision.
    pub acknowledged: Vec<Written>,
    /// How many were not; whether they happened is not known.
    pub failed: u64,
    /// Why the first of them failed.
    pub failure: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Writes {
    /// Adds what became of one write.
    pub fn add(&mut self, outcome: Result<Written, Error>) {
        match outcome {
            Ok(written) => self.acknowledged.push(written),
            Err(error) => {
                self.failed += 1;
                self.failure.get_or_insert(error.to_string());
            }
        }
    }
}

impl Change {
    /// Makes the write of that turn.
    pub async fn make(&self, api: &Api, turn: u64) -> Result<Written, Error> {
        let (path, object, method, body) = self.request(turn);
        let mut request = Request::with(method, &path, body);
        if request.method == Method::PATCH {
            request.content_type = "application/merge-patch+json";
        }
        let answer = api.expect(request, &[]).await?;
        Ok(Written {
            revision: answer.revision(),
            at: answer.at,
            object,
        })
    }

    /// The content differs from all that was written before, also by an earlier run: a write that changes nothing makes no event.
    fn request(&self, turn: u64) -> (String, u32, Method, String) {
        let serial = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros() as u64;
        let number = |count: usize| (turn % count.max(1) as u64) as usize;
        match self {
            Self::ConfigMapUpdate {
                namespace,
                count,
                bytes,
            } => {
                let number = number(*count);
                let path = format!(
                    "/api/v1/namespaces/{namespace}/configmaps/{}",
                    objects::name(number)
                );
                (
                    path,
                    number as u32,
                    Method::PUT,
                    objects::config_map(number, *bytes, serial),
                )
            }
            Self::PodStatus { namespace, pods } => {
                let number = number(pods.count);
                let path = population::pods_path(namespace, pods, number);
                let path = format!("{path}/{}/status", objects::name(number));
                (
                    path,
                    number as u32,
                    Method::PATCH,
                    objects::kubelet_status(number, serial),
                )
            }
            Self::Kinds {
                namespace,
                resources,
                count,
                bytes,
            } => {
                let number = number(*count);
                let all = objects::of_kind(number % resources, namespace);
                (
                    format!("{all}/{}", objects::name(number)),
                    number as u32,
                    Method::PATCH,
                    objects::object_patch(*bytes, serial),
                )
            }
            Self::Part {
                part,
                namespace,
                count,
            } => {
                let number = number(*count);
                let (path, body) = part.patch(namespace, number, serial);
                (path, number as u32, Method::PATCH, body)
            }
        }
    }
}

/// Writes `rate` times a second until the time is over. A server that is too slow gets no more than the limit at a time, so that
/// the rate that was reached is told apart from the one that was wanted.
pub async fn write(api: &Arc<Api>, change: &Change, rate: f64, seconds: u64, progress: &Progress) -> Writes {
    let begin = Instant::now();
    let count = (rate * seconds as f64).round() as u64;
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (permits, change) = (Arc::new(Semaphore::new(IN_FLIGHT_MAX)), Arc::new(change.clone()));
    let (mut tasks, mut writes) = (JoinSet::new(), Writes::default());
    for turn in 0..count {
        ticks.tick().await;
        let permit = permits
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        if begin.elapsed() > Duration::from_secs(seconds) + Duration::from_secs(1) {
            break;
        }
        let (api, change) = (api.clone(), change.clone());
        tasks.spawn(async move {
            let _permit = permit;
            change.make(&api, turn).await
        });
        while let Some(done) = tasks.try_join_next() {
            writes.add(done.expect("a write does not panic"));
        }
        progress.step(turn as usize);
    }
    while let Some(done) = tasks.join_next().await {
        writes.add(done.expect("a write does not panic"));
    }
    writes.elapsed = begin.elapsed();
    writes.acknowledged.sort_by_key(|written| written.revision);
    writes
}
