//! Which numbers there are of a unit, and how each is read. How they are written is not said here.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::unit::Unit;

/// A number that goes up and down: name, help, and how it is read.
pub(super) type Level = (&'static str, &'static str, fn(&Unit) -> f64);
/// A number that only grows.
pub(super) type Total = (&'static str, &'static str, fn(&Unit) -> u64);

/// Revisions are told by so many digits, the last ones: the number would not be exact beyond.
const REVISION_DIGITS: i64 = 1_000_000_000_000_000;

/// Levels under the reference's names.
pub(super) const LEVELS: &[Level] = &[
    ("apiserver_resource_objects", "Objects of a resource", objects),
    (
        "apiserver_watch_cache_resource_version",
        "The revision that the cache has come to",
        |unit| (unit.current().0 % REVISION_DIGITS) as f64,
    ),
    (
        "apiserver_resource_size_estimate_bytes",
        "Bytes of the objects of a resource",
        |unit| unit.bytes() as f64,
    ),
];

/// Totals under the reference's names.
pub(super) const TOTALS: &[Total] = &[
    (
        "apiserver_watch_cache_events_received",
        "Events that came in",
        |unit| read(&unit.counts().dispatched),
    ),
    (
        "apiserver_watch_cache_events_dispatched",
        "Events that watches were told of",
        |unit| read(&unit.counts().dispatched),
    ),
    (
        "apiserver_init_events",
        "Events about what was there when a watch began",
        |unit| read(&unit.delivered().initial),
    ),
    (
        "apiserver_terminated_watchers",
        "Watches that were ended because they were too slow",
        |unit| read(&unit.counts().overruns),
    ),
    (
        "apiserver_watch_cache_initializations",
        "Loads of the cache",
        |unit| read(&unit.counts().loads),
    ),
];

/// Levels of ours.
pub(super) const OWN_LEVELS: &[Level] = &[
    (
        "shardplane_watchcache_ready",
        "Whether the resource is served",
        |unit| f64::from(u8::from(unit.generation().is_some())),
    ),
    ("shardplane_watchcache_watchers", "Open watches", |unit| {
        unit.watchers() as f64
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

/// Totals of ours.
pub(super) const OWN_TOTALS: &[Total] = &[
    (
        "shardplane_watchcache_events_encoded",
        "Encodings of events that were made",
        |unit| read(&unit.counts().encoded),
    ),
    (
        "shardplane_watchcache_overruns",
        "Watches that lost their place",
        |unit| read(&unit.counts().overruns),
    ),
    ("shardplane_watchcache_reloads", "Loads after the first", |unit| {
        read(&unit.counts().reloads)
    }),
    (
        "shardplane_watchcache_stream_breaks",
        "Streams of changes that broke",
        |unit| read(&unit.counts().breaks),
    ),
    (
        "shardplane_watchcache_digest_mismatches",
        "Differences from the store that were found",
        |unit| read(&unit.counts().mismatches),
    ),
];

/// What was counted.
pub(super) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// How many objects there are.
pub(super) fn objects(unit: &Unit) -> f64 {
    let shown = unit.generation().map(|generation| generation.shown());
    shown.map_or(0.0, |shown| shown.snapshot.len() as f64)
}

fn span(unit: &Unit, read: fn(&ring::Span) -> f64) -> f64 {
    unit.generation()
        .map_or(0.0, |generation| read(&generation.ring().span()))
}
