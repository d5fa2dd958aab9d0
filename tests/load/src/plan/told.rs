//! Plans and costs as people and tools read them.

use serde_json::{Map, Value, json};

use super::against::Compared;
use super::costs::{self, Costs};
use super::search::{Plan, Servers, Wanted};
use super::workload::Workload;
use crate::report::number;

/// A plan for people.
pub fn text(workload: &Workload, plan: &Plan, wanted: &Wanted) -> String {
    let mut lines = vec![
        format!("{} nodes, {} pods", count(workload.nodes), count(workload.pods)),
        format!(
            "{} watches; {} changes and {} deliveries a second",
            count(workload.watchers()),
            count(workload.changes()),
            count(workload.deliveries())
        ),
        String::new(),
        format!(
            "{:<24}  {:>6}  {:>12}  {:>14}",
            "servers", "count", "CPUs in all", "memory of each"
        ),
        row(
            "watch-cache members",
            plan.tier.members,
            plan.outcome.cpus_all,
            plan.outcome.failure.bytes,
        ),
    ];
    let servers = |title, servers: &Servers| row(title, servers.count, servers.cpus, servers.bytes);
    lines.extend(plan.routers.as_ref().map(|routers| servers("routers", routers)));
    lines.push(servers("frontends (writes only)", &plan.frontends));
    let (outcome, failure) = (&plan.outcome, &plan.outcome.failure);
    lines.extend([
        String::new(),
        format!(
            "of {} cores each, {:.0} % of them at most in use with one gone",
            wanted.cores,
            wanted.utilization * 100.0
        ),
        format!(
            "the busiest member: {:.2} CPUs, {} with another one gone",
            outcome.cpus,
            number(failure.cpus)
        ),
        format!(
            "deliveries: p50 {} ms, p99 {} ms",
            number(outcome.p50_ms),
            number(outcome.p99_ms)
        ),
        format!(
            "a member gone: its watches are open again and caught up after {} s",
            failure
                .caught_up_seconds
                .map_or("more than 60".to_owned(), number)
        ),
        String::new(),
        format!(
            "{:<24}  {:>7}  {:>12}  {:>12}  {:>14}",
            "resource", "held by", "watches", "changes/s", "deliveries/s"
        ),
    ]);
    for (unit, replicas) in workload.units.iter().zip(&plan.tier.replicas) {
        lines.push(format!(
            "{:<24}  {:>7}  {:>12}  {:>12}  {:>14}",
            unit.name,
            replicas,
            count(unit.watchers),
            number(unit.changes),
            count(unit.deliveries())
        ));
    }
    lines.join("\n")
}

fn row(title: &str, servers: usize, cpus: f64, bytes: f64) -> String {
    format!(
        "{title:<24}  {servers:>6}  {cpus:>12.1}  {:>11.2} GB",
        bytes / 1e9
    )
}

fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// A plan for tools.
pub fn json(workload: &Workload, plan: &Plan, costs: &Costs) -> Value {
    let servers =
        |servers: &Servers| json!({"count": servers.count, "cpus": servers.cpus, "bytesEach": servers.bytes});
    let unit = |(unit, replicas): (&super::workload::Unit, &usize)| {
        json!({"name": unit.name, "heldBy": replicas, "watches": unit.watchers, "changesPerSecond": unit.changes,
            "deliveriesPerSecond": unit.deliveries()})
    };
    let outcome = &plan.outcome;
    json!({
        "tool": "watchload",
        "plan": {
            "nodes": workload.nodes,
            "pods": workload.pods,
            "watches": workload.watchers(),
            "changesPerSecond": workload.changes(),
            "deliveriesPerSecond": workload.deliveries(),
            "members": {"count": plan.tier.members, "cpus": outcome.cpus_all, "bytesEach": outcome.failure.bytes,
                "busiestCpus": outcome.cpus, "busiestCpusWithOneGone": outcome.failure.cpus},
            "routers": plan.routers.as_ref().map(servers),
            "frontends": servers(&plan.frontends),
            "latencyMs": {"p50": outcome.p50_ms, "p99": outcome.p99_ms},
            "caughtUpSeconds": outcome.failure.caught_up_seconds,
            "units": workload.units.iter().zip(&plan.tier.replicas).map(unit).collect::<Vec<_>>(),
        },
        "costs": costs.all().map(|(name, cost)| (name.to_owned(), json!(cost.value))).collect::<Map<_, _>>(),
    })
}

/// Costs for people.
pub fn costs(costs: &Costs) -> String {
    let line = |(name, cost): (&str, &costs::Cost)| {
        format!("{name:<20}  {:>12}  {}", number(cost.value), cost.source)
    };
    costs.all().map(line).collect::<Vec<_>>().join("\n")
}

/// A comparison for people.
pub fn compared(title: &str, all: &[Compared]) -> String {
    let mut lines = vec![format!(
        "{title}\n  {:<22}  {:>10}  {:>10}  {:>7}",
        "", "model", "measured", "error"
    )];
    for one in all {
        let (predicted, measured) = (number(one.predicted), number(one.measured));
        let error = one.error() * 100.0;
        lines.push(format!(
            "  {:<22}  {predicted:>10}  {measured:>10}  {error:>+6.0}%  {}",
            one.title, one.unit
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        let told = [0.0, 999.0, 1_000.0, 1_234_567.4].map(count);
        assert_eq!(told, ["0", "999", "1,000", "1,234,567"]);
    }
}
