//! The numbers of each unit, read when somebody scrapes. Names are the reference's where it has the number.

use std::fmt::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::cache::Cache;
use crate::unit::{Counts, Unit};

/// Reads the numbers of a cache.
pub struct Numbers {
    cache: Arc<Cache>,
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Numbers")
    }
}

/// A number that goes up and down: name, help, and how it is read.
type Level = (&'static str, &'static str, fn(&Unit) -> f64);
/// A number that only grows.
type Total = (&'static str, &'static str, fn(&Counts) -> &AtomicU64);

const LEVELS: &[Level] = &[
    ("apiserver_storage_objects", "Objects of a resource", |unit| {
        shown(unit, |snapshot| snapshot.len() as f64)
    }),
    (
        "apiserver_watch_cache_resource_version",
        "The revision that the cache has come to",
        |unit| unit.current().0 as f64,
    ),
    (
        "shardplane_watchcache_ready",
        "Whether the resource is served",
        |unit| f64::from(u8::from(unit.generation().is_some())),
    ),
    ("shardplane_watchcache_watchers", "Open watches", |unit| {
        unit.counts().watchers.load(Ordering::Relaxed) as f64
    }),
    (
        "shardplane_watchcache_object_bytes",
        "Bytes of the objects",
        |unit| unit.bytes() as f64,
    ),
    (
        "shardplane_watchcache_ring_events",
        "Events that are held",
        |unit| span(unit, |span| span.events as f64),
    ),
    (
        "shardplane_watchcache_ring_bytes",
        "Bytes of the events that are held",
        |unit| span(unit, |span| span.bytes as f64),
    ),
    (
        "shardplane_watchcache_ring_seconds",
        "Age of the oldest event that is held",
        |unit| {
            span(unit, |span| {
                let age_ms = |oldest_ms| crate::unit::now_ms().saturating_sub(oldest_ms) as f64 / 1e3;
                span.oldest_ms.map_or(0.0, age_ms)
            })
        },
    ),
    (
        "shardplane_watchcache_lag_revisions",
        "Revisions that the store was seen ahead by",
        |unit| unit.freshness().known().0.saturating_sub(unit.current().0).max(0) as f64,
    ),
    (
        "shardplane_watchcache_lag_seconds",
        "Time since the cache last heard from the store",
        |unit| unit.silence().as_secs_f64(),
    ),
];

const TOTALS: &[Total] = &[
    (
        "apiserver_watch_cache_events_dispatched",
        "Events that came in",
        |counts| &counts.dispatched,
    ),
    (
        "shardplane_watchcache_events_encoded",
        "Encodings of events that were made",
        |counts| &counts.encoded,
    ),
    (
        "shardplane_watchcache_overruns",
        "Watches that lost their place",
        |counts| &counts.overruns,
    ),
    (
        "shardplane_watchcache_reloads",
        "Loads after the first",
        |counts| &counts.reloads,
    ),
    (
        "shardplane_watchcache_stream_breaks",
        "Streams of changes that broke",
        |counts| &counts.breaks,
    ),
    (
        "shardplane_watchcache_digest_mismatches",
        "Differences from the store that were found",
        |counts| &counts.mismatches,
    ),
];

impl Numbers {
    /// Of a cache.
    pub fn new(cache: Arc<Cache>) -> Self {
        Self { cache }
    }
}

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut units: Vec<_> = self.cache.units().map(|unit| (unit.name(), unit)).collect();
        units.sort_by(|one, other| one.0.cmp(&other.0));
        for (name, help, read) in LEVELS {
            each(&mut encoder, (name, help), &units, |unit| {
                ConstGauge::new(read(unit))
            })?;
        }
        for (name, help, read) in TOTALS {
            let count = |unit: &Unit| ConstCounter::new(read(unit.counts()).load(Ordering::Relaxed));
            each(&mut encoder, (name, help), &units, count)?;
        }
        let held = ConstGauge::new(crate::frames::budget().held_bytes() as f64);
        let (name, help) = (
            "shardplane_watchcache_frame_bytes",
            "Bytes of encoded events that are held",
        );
        held.encode(encoder.encode_descriptor(name, help, None, held.metric_type())?)
    }
}

/// One number of each unit.
fn each<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    units: &[(String, &Arc<Unit>)],
    read: impl Fn(&Unit) -> M,
) -> Result<(), Error> {
    let numbers: Vec<M> = units.iter().map(|(_, unit)| read(unit)).collect();
    let Some(first) = numbers.first() else {
        return Ok(());
    };
    let mut family = encoder.encode_descriptor(name, help, None, first.metric_type())?;
    for ((resource, _), number) in units.iter().zip(&numbers) {
        number.encode(family.encode_family(&[("resource", resource.as_str())])?)?;
    }
    Ok(())
}

fn shown(unit: &Unit, read: fn(&crate::snapshot::Snapshot) -> f64) -> f64 {
    unit.generation()
        .map_or(0.0, |generation| read(&generation.shown().snapshot))
}

fn span(unit: &Unit, read: fn(&ring::Span) -> f64) -> f64 {
    unit.generation()
        .map_or(0.0, |generation| read(&generation.ring().span()))
}
