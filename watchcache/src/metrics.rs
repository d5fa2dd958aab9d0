//! The numbers of each unit that is kept, read when somebody scrapes. Names are the reference's where it has the number; these have the
//! labels `group` and `resource`, ours one, `resource`, as `deployments.apps`.

mod tables;

use std::fmt::Error;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::cache::Cache;
use crate::delivery::Sent;
use crate::distribution::Distribution;
use crate::forms::Encoder;
use crate::unit::Unit;
use tables::{LEVELS, OWN_LEVELS, OWN_TOTALS, TOTALS, objects, read};

/// Reads the numbers of a cache.
pub struct Numbers {
    cache: Arc<Cache>,
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Numbers")
    }
}

/// Micro in one.
const MICRO: f64 = 1e6;

impl Numbers {
    /// Of a cache.
    pub fn new(cache: Arc<Cache>) -> Self {
        Self { cache }
    }
}

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let units = self.cache.units();
        let held = units.iter().filter(|unit| unit.is_held());
        let mut units: Vec<_> = held.map(|unit| (unit.name(), &**unit)).collect();
        units.sort_by(|one, other| one.0.cmp(&other.0));
        let encoder = &mut encoder;
        for (name, help, read) in LEVELS {
            each(encoder, (name, help), &units, shared, |unit| {
                ConstGauge::new(read(unit))
            })?;
        }
        for (name, help, read) in TOTALS {
            each(encoder, (name, help), &units, shared, |unit| {
                ConstCounter::new(read(unit))
            })?;
        }
        let stored = ("apiserver_storage_objects", "Objects of a resource");
        each(encoder, stored, &units, own, |unit| {
            ConstGauge::new(objects(unit))
        })?;
        for (name, help, read) in OWN_LEVELS {
            each(encoder, (name, help), &units, own, |unit| {
                ConstGauge::new(read(unit))
            })?;
        }
        for (name, help, read) in OWN_TOTALS {
            each(encoder, (name, help), &units, own, |unit| {
                ConstCounter::new(read(unit))
            })?;
        }
        outcomes(encoder, &units)?;
        delivered(encoder, &units)?;
        let held = ConstGauge::new(crate::frames::budget().held_bytes() as f64);
        let (name, help) = (
            "shardplane_watchcache_frame_bytes",
            "Bytes of encoded events that are held",
        );
        held.encode(encoder.encode_descriptor(name, help, None, held.metric_type())?)
    }
}

/// A unit and its name.
type Named<'u> = (String, &'u Unit);
/// The labels of a unit.
type LabelsOf = for<'u> fn(&'u Named<'u>) -> Vec<(&'static str, &'u str)>;

/// As the reference has them.
fn shared<'u>((_, unit): &'u Named<'u>) -> Vec<(&'static str, &'u str)> {
    let hub = unit.hub();
    vec![("group", hub.group.as_str()), ("resource", hub.resource.as_str())]
}

fn own<'u>((name, _): &'u Named<'u>) -> Vec<(&'static str, &'u str)> {
    vec![("resource", name.as_str())]
}

/// One number of each unit.
fn each<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    units: &[Named<'_>],
    labels: LabelsOf,
    read: impl Fn(&Unit) -> M,
) -> Result<(), Error> {
    let Some((_, first)) = units.first() else {
        return Ok(());
    };
    let mut family = encoder.encode_descriptor(name, help, None, read(first).metric_type())?;
    for unit in units {
        read(unit.1).encode(family.encode_family(&labels(unit))?)?;
    }
    Ok(())
}

/// What ended one way or the other.
fn outcomes(encoder: &mut DescriptorEncoder<'_>, units: &[Named<'_>]) -> Result<(), Error> {
    let (name, help) = (
        "apiserver_storage_consistency_checks",
        "Comparisons of the cache with the store",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for unit in units {
        let counts = unit.1.counts();
        for (status, count) in [("success", &counts.matches), ("failure", &counts.mismatches)] {
            let labels = [shared(unit), vec![("status", status)]].concat();
            ConstCounter::new(read(count)).encode(family.encode_family(&labels)?)?;
        }
    }
    let (name, help) = (
        "apiserver_watch_cache_consistent_read",
        "Reads that waited for the store's present revision",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for unit in units {
        let counts = unit.1.counts();
        for (success, count) in [
            ("true", &counts.consistent_reads),
            ("false", &counts.consistent_failures),
        ] {
            let labels = [shared(unit), vec![("success", success), ("fallback", "false")]].concat();
            ConstCounter::new(read(count)).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// What was sent to watches.
fn delivered(encoder: &mut DescriptorEncoder<'_>, units: &[Named<'_>]) -> Result<(), Error> {
    let (name, help) = (
        "shardplane_watch_delivery_seconds",
        "Time from when the store told of a change until it was sent to a watch that was open",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for unit in units {
        let latency = &unit.1.delivered().latency;
        latency.encode(family.encode_family(&shared(unit))?, MICRO)?;
    }
    let forms: Vec<_> = units
        .iter()
        .flat_map(|unit| {
            let known = unit.1.forms().known();
            known.into_iter().map(move |encoder| (unit, encoder))
        })
        .collect();
    let versions = versions(&forms);
    let (name, help) = ("apiserver_watch_events", "Events that were sent to watches");
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, sent) in &versions {
        let count: u64 = sent.iter().map(|sent| sent.sizes.count()).sum();
        ConstCounter::new(count).encode(family.encode_family(labels)?)?;
    }
    let (name, help) = (
        "apiserver_watch_events_sizes",
        "Bytes of events that were sent to watches",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for (labels, sent) in &versions {
        let sizes: Vec<&Distribution> = sent.iter().map(|sent| &sent.sizes).collect();
        Distribution::encode_sum(&sizes, family.encode_family(labels)?, 1.0)?;
    }
    let (name, help) = (
        "apiserver_watch_list_duration_seconds",
        "Time until all initial events of a watch were sent",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for (labels, sent) in &versions {
        for (breadth, scope) in ["cluster", "namespace", "resource"].into_iter().enumerate() {
            let all: Vec<&Distribution> = sent.iter().map(|sent| &sent.initial[breadth]).collect();
            if all.iter().any(|one| one.count() > 0) {
                let labels = [labels.clone(), vec![("scope", scope)]].concat();
                Distribution::encode_sum(&all, family.encode_family(&labels)?, MICRO)?;
            }
        }
    }
    Ok(())
}

/// The labels of a version, and what was sent of it.
type OfVersion<'f> = (Vec<(&'static str, &'f str)>, Vec<&'f Sent>);

/// What was sent of each version of each resource, in whatever form.
fn versions<'f>(forms: &'f [(&'f Named<'f>, Arc<Encoder>)]) -> Vec<OfVersion<'f>> {
    let mut versions: Vec<OfVersion<'f>> = Vec::new();
    for (unit, encoder) in forms {
        let labels = [shared(unit), vec![("version", encoder.version())]].concat();
        match versions.iter_mut().find(|(known, _)| *known == labels) {
            Some((_, sent)) => sent.push(encoder.sent()),
            None => versions.push((labels, vec![encoder.sent()])),
        }
    }
    versions
}
