//! Pods. The status column sums up phase, conditions and container states; one pass over the containers gives it.

mod summary;

use schema::{Value, tree};
use std::collections::HashSet;

use super::row::Row;
use super::{AGE, Column, NAME, field, string, text};
use summary::Summary;

pub(super) const PODS: &[Column] = &[
    NAME,
    string(
        "Ready",
        text("The aggregate readiness state of this pod for accepting traffic."),
        |row| {
            let summary = Summary::of(row);
            Value::from(format!("{}/{}", summary.ready, summary.total))
        },
    ),
    string(
        "Status",
        text("The aggregate status of the containers in this pod."),
        |row| Value::from(Summary::of(row).reason.as_ref()),
    ),
    string(
        "Restarts",
        text(concat!(
            "The number of times the containers in this pod have been restarted ",
            "and when the last container in this pod has restarted."
        )),
        |row| Value::from(Summary::of(row).restarts.text(row.now)),
    ),
    AGE,
    string("IP", field!("core.v1.PodStatus", "podIP"), |row| {
        let first = row
            .list(&["status", "podIPs"])
            .first()
            .and_then(|ip| ip.str_at(&["ip"]));
        Value::from(first.filter(|ip| !ip.is_empty()).unwrap_or("<none>"))
    })
    .wide(),
    string("Node", field!("core.v1.PodSpec", "nodeName"), |row| {
        row.text_or(&["spec", "nodeName"], "<none>")
    })
    .wide(),
    string(
        "Nominated Node",
        field!("core.v1.PodStatus", "nominatedNodeName"),
        |row| row.text_or(&["status", "nominatedNodeName"], "<none>"),
    )
    .wide(),
    string(
        "Readiness Gates",
        field!("core.v1.PodSpec", "readinessGates"),
        readiness_gates,
    )
    .wide(),
];

/// The row condition of a finished pod, so that clients can tell it from running ones.
pub(super) fn condition(pod: &Value) -> Option<Value> {
    let phase = pod.str_at(&["status", "phase"])?;
    let message = match phase {
        "Succeeded" => "The pod has completed successfully.",
        "Failed" => "The pod failed.",
        _ => return None,
    };
    Some(tree!({"type": "Completed", "status": "True", "reason": phase, "message": message}))
}

/// How many of the gates' conditions hold.
fn readiness_gates(row: &Row<'_>) -> Value {
    let gates = row.list(&["spec", "readinessGates"]);
    if gates.is_empty() {
        return Value::from("<none>");
    }
    let conditions = row.list(&["status", "conditions"]).iter();
    let holding: HashSet<&str> = conditions
        .filter(|condition| condition.str_at(&["status"]) == Some("True"))
        .filter_map(|condition| condition.str_at(&["type"]))
        .collect();
    let kinds = gates.iter().filter_map(|gate| gate.str_at(&["conditionType"]));
    let passed = kinds.filter(|kind| holding.contains(kind)).count();
    Value::from(format!("{passed}/{}", gates.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;

    #[test]
    fn wide_cells_name_addresses_node_and_gates() {
        let pod = tree!({
            "spec": {"nodeName": "n1", "readinessGates": [{"conditionType": "a"}, {"conditionType": "b"}]},
            "status": {
                "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
                "conditions": [{"type": "a", "status": "True"}, {"type": "b", "status": "False"}],
            },
        });
        let cells = layout_of("", "Pod").cells(&pod, Timestamp::UNIX_EPOCH);
        let expected = ["10.0.0.1", "n1", "<none>", "1/2"].map(Value::from);
        assert_eq!(cells[5..], expected);
    }

    #[test]
    fn only_a_finished_pod_has_a_row_condition() {
        let layout = layout_of("", "Pod");
        assert!(
            layout
                .conditions(&tree!({"status": {"phase": "Running"}}))
                .is_empty()
        );
        let failed = layout.conditions(&tree!({"status": {"phase": "Failed"}}));
        assert_eq!(failed[0].str_at(&["reason"]), Some("Failed"));
    }
}
