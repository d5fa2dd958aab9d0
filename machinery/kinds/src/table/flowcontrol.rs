//! Kinds of the flowcontrol group.

use schema::Value;

use super::{AGE, Column, NAME, field, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "FlowSchema" => FLOW_SCHEMAS,
        "PriorityLevelConfiguration" => PRIORITY_LEVELS,
        _ => return None,
    })
}

const QUEUING: [&str; 4] = ["spec", "limited", "limitResponse", "queuing"];

const FLOW_SCHEMAS: &[Column] = &[
    NAME,
    string(
        "PriorityLevel",
        field!("flowcontrol.v1.PriorityLevelConfigurationReference", "name"),
        |row| row.text(&["spec", "priorityLevelConfiguration", "name"]),
    ),
    string(
        "MatchingPrecedence",
        field!("flowcontrol.v1.FlowSchemaSpec", "matchingPrecedence"),
        |row| row.int(&["spec", "matchingPrecedence"]),
    ),
    string(
        "DistinguisherMethod",
        field!("flowcontrol.v1.FlowSchemaSpec", "distinguisherMethod"),
        |row| row.text_or(&["spec", "distinguisherMethod", "type"], "<none>"),
    ),
    AGE,
    string(
        "MissingPL",
        text("references a broken or non-existent PriorityLevelConfiguration"),
        |row| {
            Value::from(
                row.condition("Dangling")
                    .and_then(|condition| condition.str_at(&["status"]))
                    .unwrap_or("?"),
            )
        },
    ),
];

const PRIORITY_LEVELS: &[Column] = &[
    NAME,
    string(
        "Type",
        field!("flowcontrol.v1.PriorityLevelConfigurationSpec", "type"),
        |row| row.text(&["spec", "type"]),
    ),
    string(
        "NominalConcurrencyShares",
        field!(
            "flowcontrol.v1.LimitedPriorityLevelConfiguration",
            "nominalConcurrencyShares"
        ),
        |row| row.int_or(&["spec", "limited", "nominalConcurrencyShares"], "<none>"),
    ),
    string(
        "Queues",
        field!("flowcontrol.v1.QueuingConfiguration", "queues"),
        |row| queuing(row, "queues"),
    ),
    string(
        "HandSize",
        field!("flowcontrol.v1.QueuingConfiguration", "handSize"),
        |row| queuing(row, "handSize"),
    ),
    string(
        "QueueLengthLimit",
        field!("flowcontrol.v1.QueuingConfiguration", "queueLengthLimit"),
        |row| queuing(row, "queueLengthLimit"),
    ),
    AGE,
];

fn queuing(row: &super::Row<'_>, field: &str) -> Value {
    match row.object.at(&QUEUING) {
        Some(queuing) => Value::Int(queuing.int_at(&[field]).unwrap_or_default()),
        None => Value::from("<none>"),
    }
}
