//! The router's numbers: what went to which tier, and what each member has. Names of members are bounded by who is a member.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::members::Tier;
use crate::upstream::{Upstream, Upstreams};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    tier: &'static str,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTier {
    tier: &'static str,
}

/// What went to each tier. Clones share it.
#[derive(Clone, Debug)]
pub struct Routes {
    answered: Family<Answered, Counter>,
    retried: Family<OfTier, Counter>,
    failed: Family<OfTier, Counter>,
}

impl Default for Routes {
    fn default() -> Self {
        let (retried, failed) = (
            Family::<OfTier, Counter>::default(),
            Family::<OfTier, Counter>::default(),
        );
        // Zero is told too: rates of what is not there are nothing.
        for tier in [Tier::Frontend, Tier::WatchCache] {
            let tier = OfTier { tier: tier.as_str() };
            drop((retried.get_or_create(&tier), failed.get_or_create(&tier)));
        }
        Self {
            answered: Family::default(),
            retried,
            failed,
        }
    }
}

impl Routes {
    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "shardplane_router_requests",
            "Requests that a tier answered, by its code",
            self.answered.clone(),
        );
        registry.register(
            "shardplane_router_retries",
            "Requests that were sent again to another member",
            self.retried.clone(),
        );
        registry.register(
            "shardplane_router_failures",
            "Requests that no member answered",
            self.failed.clone(),
        );
    }

    pub(crate) fn answered(&self, tier: Tier, code: StatusCode) {
        let labels = Answered {
            tier: tier.as_str(),
            code: code.as_u16(),
        };
        self.answered.get_or_create(&labels).inc();
    }

    pub(crate) fn retried(&self, tier: Tier) {
        self.retried.get_or_create(&OfTier { tier: tier.as_str() }).inc();
    }

    pub(crate) fn failed(&self, tier: Tier) {
        self.failed.get_or_create(&OfTier { tier: tier.as_str() }).inc();
    }
}

/// The numbers of each member, read when somebody scrapes.
pub struct Numbers {
    upstreams: Upstreams,
}

impl Numbers {
    /// Of all that are reached.
    pub fn new(upstreams: Upstreams) -> Self {
        Self { upstreams }
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers")
    }
}

/// A number that goes up and down: name, help, and how it is read.
type Level = (&'static str, &'static str, fn(&Upstream) -> f64);

const LEVELS: &[Level] = &[
    ("shardplane_router_upstream_open", "Requests under way", |one| {
        one.counts.open.load(Ordering::Relaxed) as f64
    }),
    ("shardplane_router_upstream_watches", "Watches under way", |one| {
        one.counts.watches.load(Ordering::Relaxed) as f64
    }),
    ("shardplane_router_upstream_connections", "Connections", |one| {
        one.connection_count() as f64
    }),
    (
        "shardplane_router_upstream_share",
        "Its share of what it would be asked: 0 while it is left out, 1 when all is well",
        |one| one.as_candidate().fitness.share(Instant::now()),
    ),
];

/// A number that only grows.
type Total = (&'static str, &'static str, fn(&Upstream) -> u64);

const TOTALS: &[Total] = &[
    (
        "shardplane_router_upstream_requests",
        "Requests that were sent",
        |one| one.counts.requests.load(Ordering::Relaxed),
    ),
    (
        "shardplane_router_upstream_failures",
        "Requests without an answer",
        |one| one.counts.failures.load(Ordering::Relaxed),
    ),
];

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let all = self.upstreams.all();
        for (name, help, read) in LEVELS {
            each(&mut encoder, (name, help), &all, |one| ConstGauge::new(read(one)))?;
        }
        for (name, help, read) in TOTALS {
            each(&mut encoder, (name, help), &all, |one| {
                ConstCounter::new(read(one))
            })?;
        }
        Ok(())
    }
}

/// One number of each member.
fn each<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    all: &[Arc<Upstream>],
    read: impl Fn(&Upstream) -> M,
) -> Result<(), fmt::Error> {
    let numbers: Vec<M> = all.iter().map(|one| read(one)).collect();
    let Some(first) = numbers.first() else {
        return Ok(());
    };
    let mut family = encoder.encode_descriptor(name, help, None, first.metric_type())?;
    for (one, number) in all.iter().zip(&numbers) {
        number.encode(family.encode_family(&[("member", one.address().as_str())])?)?;
    }
    Ok(())
}
