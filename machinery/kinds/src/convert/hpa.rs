//! Horizontal pod autoscalers: autoscaling/v1 knows CPU utilization only and keeps the rest of v2 in annotations.

use schema::{Map, SmolStr, Types, Value, json, tree};

use super::{Error, metrics};

/// Metrics other than CPU utilization, as flat specs.
const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
/// Current metrics, as flat statuses.
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
/// Conditions.
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
/// Behavior, under the names of the reference's unversioned fields.
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Turns autoscaling/v1 into v2. Annotations that do not parse are dropped.
pub(super) fn from_v1(object: &mut Value) -> Result<(), Error> {
    let Value::Map(object) = object else { return Ok(()) };
    let kept = take_annotations(object);
    let spec = object.map_at("spec");
    let cpu = spec.remove("targetCPUUtilizationPercentage").map(|utilization| {
        let target = tree!({"type": "Utilization", "averageUtilization": utilization});
        tree!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    });
    let mut list = kept.list(METRICS, "MetricSpec").unwrap_or_default();
    list.iter_mut().for_each(metrics::spec_from_flat);
    list.extend(cpu);
    put_list(spec, "metrics", list);
    if let Some(behavior) = kept.text(BEHAVIOR).and_then(behavior_from_annotation) {
        spec.insert("behavior", behavior);
    }
    let status = object.map_at("status");
    let cpu = status
        .remove("currentCPUUtilizationPercentage")
        .map(|utilization| {
            let current = tree!({"averageUtilization": utilization});
            tree!({"type": "Resource", "resource": {"name": "cpu", "current": current}})
        });
    match kept.list(CURRENT, "MetricStatus") {
        Some(mut list) => {
            list.iter_mut().for_each(metrics::status_from_flat);
            put_list(status, "currentMetrics", list);
        }
        None => put_list(status, "currentMetrics", cpu.into_iter().collect()),
    }
    if let Some(list) = kept.list(CONDITIONS, "HorizontalPodAutoscalerCondition") {
        put_list(status, "conditions", list);
    }
    Ok(())
}

/// Turns autoscaling/v2 into v1.
pub(super) fn to_v1(object: &mut Value) -> Result<(), Error> {
    let Value::Map(object) = object else { return Ok(()) };
    drop_annotations(object);
    let mut annotations = Vec::new();
    let spec = object.map_at("spec");
    let (cpu, mut others): (Vec<_>, Vec<_>) = take_list(spec, "metrics").into_iter().partition(is_cpu_target);
    if let Some(utilization) = cpu.iter().find_map(|metric| metric.at(TARGET).cloned()) {
        spec.insert("targetCPUUtilizationPercentage", utilization);
    }
    others.iter_mut().for_each(metrics::spec_to_flat);
    annotate(&mut annotations, METRICS, &others, "MetricSpec")?;
    if let Some(Value::Map(behavior)) = spec.remove("behavior") {
        annotations.push((BEHAVIOR, behavior_to_annotation(&behavior)));
    }
    let status = object.map_at("status");
    let mut current = take_list(status, "currentMetrics");
    if let Some(utilization) = current
        .iter()
        .find(|metric| is_cpu(metric))
        .and_then(|cpu| cpu.at(CURRENT_CPU))
    {
        status.insert("currentCPUUtilizationPercentage", utilization.clone());
    }
    current.iter_mut().for_each(metrics::status_to_flat);
    annotate(&mut annotations, CURRENT, &current, "MetricStatus")?;
    let conditions = take_list(status, "conditions");
    annotate(
        &mut annotations,
        CONDITIONS,
        &conditions,
        "HorizontalPodAutoscalerCondition",
    )?;
    if !annotations.is_empty() {
        let map = object.map_at("metadata").map_at("annotations");
        for (name, text) in annotations {
            map.insert(name, text);
        }
    }
    Ok(())
}

/// Removes the annotations that only v1 gives a meaning to.
pub(super) fn drop_annotations(object: &mut Map) {
    let Some(Value::Map(metadata)) = object.get_mut("metadata") else {
        return;
    };
    let Some(Value::Map(annotations)) = metadata.get_mut("annotations") else {
        return;
    };
    annotations.retain(|name, _| !matches!(name, METRICS | CURRENT | CONDITIONS | BEHAVIOR));
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

const TARGET: &[&str] = &["resource", "target", "averageUtilization"];
const CURRENT_CPU: &[&str] = &["resource", "current", "averageUtilization"];

fn is_cpu(metric: &Value) -> bool {
    metric.str_at(&["type"]) == Some("Resource") && metric.str_at(&["resource", "name"]) == Some("cpu")
}

fn is_cpu_target(metric: &Value) -> bool {
    is_cpu(metric) && metric.at(TARGET).is_some()
}

/// The annotations as they were before they were dropped.
struct Kept(Map);

fn take_annotations(object: &mut Map) -> Kept {
    let annotations = object
        .get("metadata")
        .and_then(|metadata| metadata.map_at(&["annotations"]))
        .cloned();
    drop_annotations(object);
    Kept(annotations.unwrap_or_default())
}

impl Kept {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The list in an annotation, if all of it is of the type.
    fn list(&self, name: &str, message: &str) -> Option<Vec<Value>> {
        let Value::List(list) = parse(self.text(name)?)? else {
            return None;
        };
        let id = Types::builtin().id(&format!("io.k8s.api.autoscaling.v1.{message}"))?;
        let typed = |item: Value| Some(json::from_tree(Types::builtin(), id, &item).ok()?.value);
        list.into_iter().map(typed).collect()
    }
}

fn parse(text: &str) -> Option<Value> {
    json::parse(text.as_bytes()).ok()
}

fn annotate(
    annotations: &mut Vec<(&'static str, String)>,
    name: &'static str,
    list: &[Value],
    message: &str,
) -> Result<(), Error> {
    if list.is_empty() {
        return Ok(());
    }
    let unknown = || Error::Malformed(format!("no type {message}"));
    let id = Types::builtin()
        .id(&format!("io.k8s.api.autoscaling.v1.{message}"))
        .ok_or_else(unknown)?;
    let mut text = Vec::from(b"[");
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        json::encode(Types::builtin(), id, item, &mut text);
    }
    text.push(b']');
    annotations.push((name, String::from_utf8_lossy(&text).into_owned()));
    Ok(())
}

fn take_list(map: &mut Map, key: &str) -> Vec<Value> {
    match map.remove(key) {
        Some(Value::List(list)) => list,
        _ => Vec::new(),
    }
}

fn put_list(map: &mut Map, key: &'static str, list: Vec<Value>) {
    if !list.is_empty() {
        map.insert(key, list);
    }
}

/// Names in v2 and in the annotation, in the annotation's order.
const DIRECTIONS: &[(&str, &str)] = &[("scaleUp", "ScaleUp"), ("scaleDown", "ScaleDown")];
const RULES: &[(&str, &str)] = &[
    ("stabilizationWindowSeconds", "StabilizationWindowSeconds"),
    ("selectPolicy", "SelectPolicy"),
    ("policies", "Policies"),
    ("tolerance", "Tolerance"),
];
const POLICY: &[(&str, &str)] = &[
    ("type", "Type"),
    ("value", "Value"),
    ("periodSeconds", "PeriodSeconds"),
];

fn behavior_to_annotation(behavior: &Map) -> String {
    renamed(behavior, DIRECTIONS, |_, rules| match rules {
        Value::Map(rules) => renamed(rules, RULES, |name, value| match (name, value) {
            ("policies", Value::List(list)) => {
                let policies: Vec<_> = list
                    .iter()
                    .filter_map(Value::as_map)
                    .map(|policy| renamed(policy, POLICY, |_, v| json::to_string(v)))
                    .collect();
                format!("[{}]", policies.join(","))
            }
            _ => json::to_string(value),
        }),
        _ => json::to_string(rules),
    })
}

/// An object in the annotation's order, absent fields as null.
fn renamed(map: &Map, names: &[(&str, &str)], write: impl Fn(&str, &Value) -> String) -> String {
    let field = |(name, other): &(&str, &str)| {
        let value = map
            .get(name)
            .map_or_else(|| String::from("null"), |value| write(name, value));
        format!("\"{other}\":{value}")
    };
    let fields: Vec<_> = names.iter().map(field).collect();
    format!("{{{}}}", fields.join(","))
}

/// The reference reads field names in any case; values of other types make it ignore the annotation.
fn behavior_from_annotation(text: &str) -> Option<Value> {
    let Value::Map(annotation) = parse(text)? else {
        return None;
    };
    let mut behavior = Map::new();
    for (name, rules) in named(annotation, DIRECTIONS) {
        let Value::Map(rules) = rules else { return None };
        let mut converted = Map::new();
        for (name, value) in named(rules, RULES) {
            let value = match value {
                Value::List(list) => Value::List(list.into_iter().map(policy).collect::<Option<_>>()?),
                other => other,
            };
            converted.insert(name, value);
        }
        behavior.insert(name, converted);
    }
    let id = Types::builtin().id("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior")?;
    Some(
        json::from_tree(Types::builtin(), id, &Value::Map(behavior))
            .ok()?
            .value,
    )
}

fn policy(policy: Value) -> Option<Value> {
    let Value::Map(policy) = policy else { return None };
    Some(Value::Map(
        named(policy, POLICY)
            .map(|(name, value)| (SmolStr::new_static(name), value))
            .collect(),
    ))
}

/// The fields that have a name, nulls left out.
fn named(
    map: Map,
    names: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, Value)> {
    map.into_iter()
        .filter(|(_, value)| !value.is_null())
        .filter_map(move |(key, value)| {
            let (name, _) = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key))?;
            Some((*name, value))
        })
}
