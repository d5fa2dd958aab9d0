//! Metrics of autoscalers: autoscaling/v1 (in annotations) has the flat form of early versions, v2 has targets.

use schema::{Map, SmolStr, Value};

/// Where a metric's parts are in the flat form and in v2, for one source of metrics.
struct Source {
    /// The member of the union.
    member: &'static str,
    /// Name and selector of the metric in the flat form; none for resources, which are named alike in both.
    metric: Option<(&'static str, &'static str)>,
    /// `value`, `averageValue`, `averageUtilization` in a flat spec; empty where it has none.
    targets: [&'static str; 3],
    /// The same in a flat status.
    current: [&'static str; 3],
}

const AMOUNTS: [&str; 3] = ["value", "averageValue", "averageUtilization"];

const SOURCES: &[Source] = &[
    Source {
        member: "object",
        metric: Some(("metricName", "selector")),
        targets: ["targetValue", "averageValue", ""],
        current: ["currentValue", "averageValue", ""],
    },
    Source {
        member: "pods",
        metric: Some(("metricName", "selector")),
        targets: ["", "targetAverageValue", ""],
        current: ["", "currentAverageValue", ""],
    },
    Source {
        member: "resource",
        metric: None,
        targets: ["", "targetAverageValue", "targetAverageUtilization"],
        current: ["", "currentAverageValue", "currentAverageUtilization"],
    },
    Source {
        member: "containerResource",
        metric: None,
        targets: ["", "targetAverageValue", "targetAverageUtilization"],
        current: ["", "currentAverageValue", "currentAverageUtilization"],
    },
    Source {
        member: "external",
        metric: Some(("metricName", "metricSelector")),
        targets: ["targetValue", "targetAverageValue", ""],
        current: ["currentValue", "currentAverageValue", ""],
    },
];

/// A flat metric of a spec, in v2's form.
pub(super) fn spec_from_flat(metric: &mut Value) {
    from_flat(metric, |source, old, new| {
        let mut target = amounts(&source.targets, old);
        target.insert("type", target_type(source.member, &target));
        new.insert("target", target);
    });
}

/// A flat metric of a status, in v2's form.
pub(super) fn status_from_flat(metric: &mut Value) {
    from_flat(metric, |source, old, new| {
        new.insert("current", amounts(&source.current, old));
    });
}

/// A metric of a v2 spec, in the flat form.
pub(super) fn spec_to_flat(metric: &mut Value) {
    to_flat(metric, "target", |source| &source.targets);
}

/// A metric of a v2 status, in the flat form.
pub(super) fn status_to_flat(metric: &mut Value) {
    to_flat(metric, "current", |source| &source.current);
}

fn target_type(member: &str, target: &Map) -> &'static str {
    match member {
        "resource" | "containerResource" if target.contains_key("averageUtilization") => "Utilization",
        "object" if !target.contains_key("averageValue") => "Value",
        "external" if target.contains_key("value") => "Value",
        _ => "AverageValue",
    }
}

fn from_flat(metric: &mut Value, finish: impl Fn(&Source, &mut Map, &mut Map)) {
    for source in SOURCES {
        let Some(Value::Map(old)) = metric.get_mut(source.member) else {
            continue;
        };
        let mut new = Map::new();
        finish(source, old, &mut new);
        if let Some((name, selector)) = source.metric {
            let identifier = new.map_at("metric");
            shift(old, name, identifier, "name");
            shift(old, selector, identifier, "selector");
        }
        if source.member == "object" {
            shift(old, "target", &mut new, "describedObject");
        }
        for key in ["name", "container"] {
            shift(old, key, &mut new, key);
        }
        *old = new;
    }
}

fn to_flat(metric: &mut Value, amounts_at: &str, names: impl Fn(&Source) -> &[&'static str; 3]) {
    for source in SOURCES {
        let Some(Value::Map(old)) = metric.get_mut(source.member) else {
            continue;
        };
        let mut new = Map::new();
        if let (Some((name, selector)), Some(Value::Map(identifier))) = (source.metric, old.get_mut("metric"))
        {
            shift(identifier, "name", &mut new, name);
            shift(identifier, "selector", &mut new, selector);
        }
        if source.member == "object" {
            shift(old, "describedObject", &mut new, "target");
        }
        for key in ["name", "container"] {
            shift(old, key, &mut new, key);
        }
        if let Some(Value::Map(amounts)) = old.get_mut(amounts_at) {
            for (from, to) in AMOUNTS.iter().zip(names(source)).filter(|(_, to)| !to.is_empty()) {
                shift(amounts, from, &mut new, to);
            }
        }
        *old = new;
    }
}

fn amounts(names: &[&'static str; 3], flat: &mut Map) -> Map {
    let mut amounts = Map::new();
    for (from, to) in names.iter().zip(AMOUNTS).filter(|(from, _)| !from.is_empty()) {
        shift(flat, from, &mut amounts, to);
    }
    amounts
}

fn shift(from: &mut Map, old: &str, to: &mut Map, new: &'static str) {
    if let Some(value) = from.remove(old) {
        to.insert(SmolStr::new_static(new), value);
    }
}

#[cfg(test)]
mod tests {
    use schema::tree;

    use super::*;

    #[test]
    fn flat_specs_have_the_targets_of_v2_and_back() {
        let cases = [
            (
                tree!({"type": "Pods", "pods": {"metricName": "m", "targetAverageValue": "10"}}),
                tree!({"type": "Pods", "pods": {
                    "metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "10"}}}),
            ),
            (
                tree!({"type": "Object", "object": {
                    "target": {"kind": "K", "name": "n"}, "metricName": "m", "targetValue": "3"}}),
                tree!({"type": "Object", "object": {
                    "describedObject": {"kind": "K", "name": "n"}, "metric": {"name": "m"},
                    "target": {"type": "Value", "value": "3"}}}),
            ),
            (
                tree!({"type": "Resource", "resource": {"name": "memory", "targetAverageUtilization": 5i64}}),
                tree!({"type": "Resource", "resource": {
                    "name": "memory", "target": {"type": "Utilization", "averageUtilization": 5i64}}}),
            ),
        ];
        for (flat, nested) in cases {
            let mut metric = flat.clone();
            spec_from_flat(&mut metric);
            assert_eq!(metric, nested);
            spec_to_flat(&mut metric);
            assert_eq!(metric, flat);
        }
    }
}
