//! How deliveries are reported by all scenarios that have some. It measures nothing itself.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::json;

use super::cost::Used;
use crate::delivery::{Judgement, Slow};
use crate::limits;
use crate::report::Report;
use crate::watch::Watch;
use crate::writer::Writes;

/// How many of the slowest deliveries are noted for people.
const SLOWEST_NOTED: usize = 5;

/// Adds what was written.
pub fn tell_writes(report: &mut Report, writes: &Writes) {
    let count = writes.acknowledged.len() as f64;
    report.add("writes", "writes acknowledged", "", count);
    report.add(
        "writes_per_second",
        "writes per second",
        "/s",
        count / writes.elapsed.as_secs_f64().max(1e-9),
    );
    report.add("writes_failed", "writes failed", "", writes.failed as f64);
    if let Some(failure) = &writes.failure {
        report.note(format!("a write failed: {failure}"));
    }
}

/// Adds what arrived, and names what is wrong with it.
pub fn tell(report: &mut Report, judgement: &Judgement, elapsed: Duration) {
    report.add("expected", "events expected", "", judgement.expected as f64);
    report.add("received", "events received", "", judgement.received as f64);
    report.add(
        "events_per_second",
        "events per second",
        "/s",
        judgement.received as f64 / elapsed.as_secs_f64().max(1e-9),
    );
    for (key, title, count) in [
        ("lost", "lost", judgement.lost),
        ("doubled", "doubled", judgement.doubled),
        ("out_of_order", "out of order", judgement.out_of_order),
        ("behind", "not there at the end", judgement.behind),
        ("unexpected", "of unknown writes", judgement.unexpected),
        ("wrong_object", "with another object", judgement.wrong_object),
    ] {
        report.add(key, format!("events {title}"), "", count as f64);
        if count > 0 {
            report.wrong(format!("{count} events {title}"));
        }
    }
    let latency = &judgement.latency;
    for (key, title, micros) in [
        ("p50", "p50", latency.value_at_quantile(0.5)),
        ("p99", "p99", latency.value_at_quantile(0.99)),
        ("p999", "p99.9", latency.value_at_quantile(0.999)),
        ("max", "max", latency.max()),
    ] {
        let title = format!("latency from acknowledgement to receipt, {title}");
        report.add_ms(format!("latency_{key}_ms"), title, Duration::from_micros(micros));
    }
    report.add(
        "before_acknowledged",
        "events before the writer's answer",
        "",
        judgement.before_acknowledged as f64,
    );
    judgement
        .findings
        .iter()
        .for_each(|finding| report.note(finding.clone()));
    for slow in judgement.slowest.iter().take(SLOWEST_NOTED) {
        let Slow {
            watch,
            revision,
            micros,
        } = slow;
        let milliseconds = *micros as f64 / 1e3;
        report.note(format!(
            "slow: watch {watch}: revision {revision}: {milliseconds:.1} ms"
        ));
    }
    let slowest = judgement.slowest.iter().map(|slow| {
        json!({"watch": slow.watch, "revision": slow.revision, "milliseconds": slow.micros as f64 / 1e3})
    });
    report.detail("slowest", slowest.collect());
}

/// Adds how many watches ended that nobody stopped; it is wrong where nobody asked for it.
pub fn tell_ends<'a>(report: &mut Report, watches: impl Iterator<Item = &'a Watch>) {
    let (mut count, mut first) = (0, None);
    for watch in watches {
        count += watch.ends_count;
        first = first.or(watch.ends.first());
    }
    report.add("streams_ended", "streams ended by the server", "", count as f64);
    if let Some(first) = first {
        report.wrong(format!("{count} streams ended, the first because: {first:?}"));
    }
}

/// Adds p50, p99 and the highest of some times in microseconds.
pub fn tell_times(report: &mut Report, key: &str, title: &str, times_us: impl Iterator<Item = u32>) {
    let mut all =
        Histogram::<u64>::new_with_bounds(1, limits::LATENCY_MICROS_MAX, 3).expect("the bounds are valid");
    times_us.for_each(|time| all.saturating_record(time.into()));
    for (part, micros) in [
        ("p50", all.value_at_quantile(0.5)),
        ("p99", all.value_at_quantile(0.99)),
        ("max", all.max()),
    ] {
        report.add_ms(
            format!("{key}_{part}_ms"),
            format!("{title}, {part}"),
            Duration::from_micros(micros),
        );
    }
}

/// Adds how often clients had to list again; that is wrong where the server had no reason.
pub fn tell_relists<'a>(report: &mut Report, watches: impl Iterator<Item = &'a Watch>) {
    let relists: u64 = watches.map(|watch| watch.relists).sum();
    report.add("relists", "lists again (410)", "", relists as f64);
    if relists > 0 {
        report.wrong(format!("watches were told {relists} times to list again"));
    }
}

/// Adds what this program itself spent on reading, and what part of the server's CPU that is.
pub fn tell_own(report: &mut Report, reading: Duration, used: &Used, received: u64) {
    let millions = received.max(1) as f64 / 1e6;
    report.add(
        "own_reading_cpu",
        "CPU of watchload's reading threads per million events",
        "s",
        reading.as_secs_f64() / millions,
    );
    report.add(
        "own_cpu",
        "CPU of watchload in all, its writes too, per million events",
        "s",
        used.own.as_secs_f64() / millions,
    );
    if let Some(server) = used.server.filter(|server| !server.is_zero()) {
        report.add(
            "own_share",
            "CPU of watchload's reading threads, as a part of the server's",
            "",
            reading.as_secs_f64() / server.as_secs_f64(),
        );
    }
}
