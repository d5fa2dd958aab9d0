//! What is counted of requests to stores.

use std::fmt::Error;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::resource_keys::GroupResource;

/// Bounds of durations, in seconds: those of the API's requests.
const SECONDS: [f64; 23] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];

/// What was asked, and of which resource; both empty for what is of none. Custom resources are bounded by who may define them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Operation {
    pub name: &'static str,
    pub resource: GroupResource,
}

impl EncodeLabelSet for Operation {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        for (name, value) in [
            ("operation", self.name),
            ("group", &self.resource.group),
            ("resource", &self.resource.resource),
        ] {
            (name, value).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCluster {
    storage_cluster_id: String,
}

/// The numbers. Clones share them.
#[derive(Clone, Debug)]
pub struct Numbers {
    seconds: Family<Operation, Histogram, fn() -> Histogram>,
    requests: Family<Operation, Counter>,
    errors: Family<Operation, Counter>,
    sizes: Family<OfCluster, Gauge>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            requests: Family::default(),
            errors: Family::default(),
            sizes: Family::default(),
        }
    }
}

impl Numbers {
    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "etcd_request_duration_seconds",
            "Time that requests to the store took",
            self.seconds.clone(),
        );
        registry.register("etcd_requests", "Requests to the store", self.requests.clone());
        registry.register(
            "etcd_request_errors",
            "Requests to the store that failed",
            self.errors.clone(),
        );
        registry.register(
            "apiserver_storage_size_bytes",
            "Size of the store, as it was last told",
            self.sizes.clone(),
        );
    }

    pub(super) fn count(&self, operation: Operation, took: Duration, failed: bool) {
        self.seconds.get_or_create(&operation).observe(took.as_secs_f64());
        // Zero is told too: rates of what is not there are nothing.
        self.errors.get_or_create(&operation).inc_by(u64::from(failed));
        self.requests.get_or_create(&operation).inc();
    }

    pub(super) fn set_size(&self, cluster: &str, bytes: u64) {
        let labels = OfCluster {
            storage_cluster_id: cluster.to_owned(),
        };
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.sizes.get_or_create(&labels).set(bytes);
    }
}
