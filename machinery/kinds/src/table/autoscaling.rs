//! Horizontal pod autoscalers, in their v2 form, and the Scale that several kinds have.

use schema::Value;

use super::row::{Row, first_of};
use super::{AGE, Column, NAME, field, integer, string};

/// How many metrics a cell shows.
const SHOWN_MAX: usize = 2;
const UNKNOWN: &str = "<unknown>";

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "HorizontalPodAutoscaler" => AUTOSCALERS,
        "Scale" => SCALES,
        _ => return None,
    })
}

const AUTOSCALERS: &[Column] = &[
    NAME,
    string(
        "Reference",
        field!("autoscaling.v2.HorizontalPodAutoscalerSpec", "scaleTargetRef"),
        |row| {
            let of = |field| row.str(&["spec", "scaleTargetRef", field]);
            Value::from(format!("{}/{}", of("kind"), of("name")))
        },
    ),
    string(
        "Targets",
        field!("autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics"),
        targets,
    ),
    string(
        "MinPods",
        field!("autoscaling.v2.HorizontalPodAutoscalerSpec", "minReplicas"),
        |row| {
            let least = row.object.int_at(&["spec", "minReplicas"]);
            Value::from(least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string()))
        },
    ),
    string(
        "MaxPods",
        field!("autoscaling.v2.HorizontalPodAutoscalerSpec", "maxReplicas"),
        |row| row.int(&["spec", "maxReplicas"]),
    ),
    string(
        "Replicas",
        field!("autoscaling.v2.HorizontalPodAutoscalerStatus", "currentReplicas"),
        |row| row.int(&["status", "currentReplicas"]),
    ),
    AGE,
];

const SCALES: &[Column] = &[
    NAME.format(""),
    integer("Desired", field!("autoscaling.v1.ScaleSpec", "replicas"), |row| {
        row.int(&["spec", "replicas"])
    }),
    integer(
        "Available",
        field!("autoscaling.v1.ScaleStatus", "replicas"),
        |row| row.int(&["status", "replicas"]),
    ),
    AGE,
];

fn targets(row: &Row<'_>) -> Value {
    let specs = row.list(&["spec", "metrics"]);
    if specs.is_empty() {
        return Value::from("<none>");
    }
    let statuses = row.list(&["status", "currentMetrics"]);
    let metrics = specs
        .iter()
        .enumerate()
        .map(|(at, spec)| metric(spec, statuses.get(at)));
    Value::from(first_of(metrics, SHOWN_MAX, ", "))
}

/// `current/target` of one metric. The status of a metric stands at the same place as its spec.
fn metric(spec: &Value, status: Option<&Value>) -> String {
    let (source, named) = match spec.str_at(&["type"]) {
        Some("External") => ("external", false),
        Some("Object") => ("object", false),
        Some("Pods") => ("pods", false),
        Some("Resource") => ("resource", true),
        Some("ContainerResource") => ("containerResource", true),
        _ => return "<unknown type>".to_owned(),
    };
    let status = status.and_then(|status| status.get(source));
    let Some(spec) = spec.get(source) else {
        return format!("{UNKNOWN}/<auto>");
    };
    if named {
        return format!(
            "{}: {}",
            spec.str_at(&["name"]).unwrap_or_default(),
            of_resource(spec, status)
        );
    }
    match spec.str_at(&["target", "averageValue"]) {
        Some(target) if source == "pods" => format!("{}/{target}", current(status, "averageValue")),
        Some(target) => format!("{}/{target} (avg)", current(status, "averageValue")),
        None => format!(
            "{}/{}",
            current(status, "value"),
            spec.str_at(&["target", "value"]).unwrap_or("<nil>")
        ),
    }
}

/// A resource is measured as a quantity or as a share of what is requested.
fn of_resource(spec: &Value, status: Option<&Value>) -> String {
    if let Some(target) = spec.str_at(&["target", "averageValue"]) {
        return format!("{}/{target}", current(status, "averageValue"));
    }
    let percent =
        |found: Option<i64>, other: &str| found.map_or_else(|| other.to_owned(), |share| format!("{share}%"));
    let share = status.and_then(|status| status.int_at(&["current", "averageUtilization"]));
    format!(
        "{}/{}",
        percent(share, UNKNOWN),
        percent(spec.int_at(&["target", "averageUtilization"]), "<auto>")
    )
}

fn current<'a>(status: Option<&'a Value>, field: &str) -> &'a str {
    status
        .and_then(|status| status.str_at(&["current", field]))
        .unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn metrics_show_current_and_target() {
        let spec =
            tree!({"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80i64}}});
        assert_eq!(metric(&spec, None), "cpu: <unknown>/80%");
        let status = tree!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 50i64}}});
        assert_eq!(metric(&spec, Some(&status)), "cpu: 50%/80%");
        let spec = tree!({"type": "Pods", "pods": {"target": {"averageValue": "10"}}});
        let status = tree!({"type": "Pods", "pods": {"current": {"averageValue": "3"}}});
        assert_eq!(metric(&spec, Some(&status)), "3/10");
        let spec = tree!({"type": "Object", "object": {"target": {"averageValue": "10"}}});
        assert_eq!(metric(&spec, None), "<unknown>/10 (avg)");
        let spec = tree!({"type": "External", "external": {"target": {"value": "10"}}});
        assert_eq!(metric(&spec, None), "<unknown>/10");
    }

    #[test]
    fn more_than_two_metrics_are_counted() {
        let one = tree!({"type": "Pods", "pods": {"target": {"averageValue": "1"}}});
        let object = tree!({"spec": {"metrics": [(one.clone()), (one.clone()), (one)]}});
        let row = Row {
            object: &object,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(targets(&row), Value::from("<unknown>/1, <unknown>/1 + 1 more..."));
    }
}
