//! The charts that results have in common. It puts numbers together that were measured elsewhere.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::delivery::{Clock, Judgement};
use crate::over_time::{Interval, OverTime};
use crate::report::{Chart, Report};
use crate::timeline::Sample;
use crate::writer::Writes;

/// The percentiles of a distribution, with ever smaller steps towards the slowest.
const PERCENTILES: [f64; 17] = [
    0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.95, 99.99, 99.995, 99.999,
    100.0,
];

/// Latency over time and by percentile, throughput, and what was wrong.
pub fn deliveries(report: &mut Report, judgement: &Judgement, clock: Clock, writes: &Writes) {
    percentiles(
        report,
        "latency from acknowledgement to receipt",
        &judgement.latency,
    );
    let Some(over_time) = &judgement.over_time else {
        return;
    };
    latency(report, "latency from acknowledgement to receipt", over_time);
    let mut written = vec![0_u64; over_time.intervals().len()];
    for write in &writes.acknowledged {
        written[over_time.index(clock.micros(write.at))] += 1;
    }
    let per_second = rate(over_time);
    let events = over_time
        .intervals()
        .iter()
        .map(|one| per_second(one.came))
        .collect();
    let writes = written.into_iter().map(per_second).collect();
    report.chart(
        Chart::over_time("throughput", "events received", "/s", over_time.seconds()).line("events", events),
    );
    report.chart(
        Chart::over_time("writes", "writes acknowledged", "/s", over_time.seconds()).line("writes", writes),
    );
    wrong(report, "events lost, doubled, out of order or unknown", over_time);
}

/// The same of requests that are answered one by one.
pub fn requests(report: &mut Report, title: &str, latency_of: &Histogram<u64>, over_time: &OverTime) {
    percentiles(report, title, latency_of);
    latency(report, title, over_time);
    let per_second = rate(over_time);
    let answers = over_time
        .intervals()
        .iter()
        .map(|one| per_second(one.came))
        .collect();
    report.chart(
        Chart::over_time("throughput", "requests answered", "/s", over_time.seconds())
            .line("requests", answers),
    );
    wrong(report, "requests refused or failed", over_time);
}

/// CPU, memory and open watches, since the load began.
pub fn samples(report: &mut Report, samples: &[Sample], loaded: Duration) {
    let since = |sample: &Sample| sample.at.as_secs_f64() - loaded.as_secs_f64();
    let pairs = || samples.windows(2);
    let cpu = |of: fn(&Sample) -> Option<Duration>| {
        let used = |pair: &[Sample]| {
            let seconds = (pair[1].at - pair[0].at).as_secs_f64().max(1e-9);
            Some(of(&pair[1])?.saturating_sub(of(&pair[0])?).as_secs_f64() / seconds)
        };
        pairs().map(used).collect::<Vec<_>>()
    };
    let later = pairs().map(|pair| since(&pair[1])).collect();
    report.chart(
        Chart::over_time("cpu", "CPUs in use", "CPUs", later)
            .known("server", cpu(|sample| sample.server.map(|reading| reading.cpu)))
            .known("etcd", cpu(|sample| sample.etcd.map(|reading| reading.cpu)))
            .known("watchload", cpu(|sample| Some(sample.own_cpu))),
    );
    let memory = |sample: &Sample| Some(sample.server?.resident_bytes as f64 / 1e6);
    let all = || samples.iter().map(since).collect();
    report.chart(
        Chart::over_time("memory", "resident memory of the server", "MB", all())
            .known("server", samples.iter().map(memory).collect()),
    );
    if samples.iter().any(|sample| sample.open > 0) {
        let open = samples.iter().map(|sample| sample.open as f64).collect();
        report.chart(Chart::over_time("open", "watches open", "", all()).line("watches", open));
    }
}

fn percentiles(report: &mut Report, title: &str, latency: &Histogram<u64>) {
    if latency.is_empty() {
        return;
    }
    let most = 100.0 * (1.0 - 1.0 / latency.len() as f64);
    // Beyond that there is no delivery between one step and the next.
    let told: Vec<f64> = PERCENTILES
        .into_iter()
        .filter(|step| *step <= most || *step == 100.0)
        .collect();
    let values = told
        .iter()
        .map(|step| latency.value_at_percentile(*step) as f64 / 1e3)
        .collect();
    report.chart(
        Chart::by_percentile("percentiles", format!("{title}, by percentile"), "ms", told)
            .line("latency", values),
    );
}

fn latency(report: &mut Report, title: &str, over_time: &OverTime) {
    let quantile = |quantile: f64| {
        let of = move |one: &Interval| {
            (!one.latency.is_empty()).then(|| one.latency.value_at_quantile(quantile) as f64 / 1e3)
        };
        over_time.intervals().iter().map(of).collect::<Vec<_>>()
    };
    report.chart(
        Chart::over_time("latency", title, "ms", over_time.seconds())
            .known("p50", quantile(0.5))
            .known("p99", quantile(0.99))
            .known("max", quantile(1.0)),
    );
}

fn wrong(report: &mut Report, title: &str, over_time: &OverTime) {
    let wrong = over_time.intervals().iter().map(|one| one.wrong as f64).collect();
    report.chart(Chart::over_time("errors", title, "", over_time.seconds()).line("wrong", wrong));
}

fn rate(over_time: &OverTime) -> impl Fn(u64) -> f64 + Copy {
    let seconds = over_time.length().as_secs_f64();
    move |count| count as f64 / seconds
}
