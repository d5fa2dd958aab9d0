//! Workloads of the groups apps and extensions before apps/v1, and of batch before batch/v1.

use schema::{Map, SmolStr, Value, tree};

use super::Legacy;

const V1: &str = "apps/v1";

pub(super) const LEGACY: &[Legacy] = &[
    Legacy::same("apps/v1beta1", "Deployment", V1)
        .named(rollback)
        .filled(deployment),
    Legacy::same("apps/v1beta1", "StatefulSet", V1).filled(stateful_set),
    Legacy::same("apps/v1beta1", "ControllerRevision", V1),
    Legacy::same("apps/v1beta2", "Deployment", V1),
    Legacy::same("apps/v1beta2", "StatefulSet", V1),
    Legacy::same("apps/v1beta2", "DaemonSet", V1),
    Legacy::same("apps/v1beta2", "ReplicaSet", V1),
    Legacy::same("apps/v1beta2", "ControllerRevision", V1),
    Legacy::same("extensions/v1beta1", "Deployment", V1)
        .named(rollback)
        .filled(old_deployment),
    Legacy::same("extensions/v1beta1", "DaemonSet", V1)
        .named(generation)
        .filled(old_daemon_set),
    Legacy::same("extensions/v1beta1", "ReplicaSet", V1).filled(labels_from_template),
    Legacy::same("batch/v1beta1", "CronJob", "batch/v1"),
];

fn rollback(object: &mut Map) {
    let target = object.map_at("spec").remove("rollbackTo");
    if let Some(target) = target {
        let revision = target.int_at(&["revision"]).unwrap_or(0);
        annotate(object, "deprecated.deployment.rollback.to", revision);
    }
}

fn generation(object: &mut Map) {
    if let Some(Value::Int(generation)) = object.map_at("spec").remove("templateGeneration") {
        annotate(object, "deprecated.daemonset.template.generation", generation);
    }
}

fn annotate(object: &mut Map, name: &'static str, number: i64) {
    let annotations = object.map_at("metadata").map_at("annotations");
    annotations.insert(SmolStr::new_static(name), number.to_string());
}

fn deployment(object: &mut Map) {
    labels_from_template(object);
    fill(object.map_at("spec"), "revisionHistoryLimit", 2);
}

/// Without limits, and one pod at a time.
fn old_deployment(object: &mut Map) {
    labels_from_template(object);
    let spec = object.map_at("spec");
    fill(spec, "revisionHistoryLimit", i64::from(i32::MAX));
    fill(spec, "progressDeadlineSeconds", i64::from(i32::MAX));
    let strategy = spec.map_at("strategy");
    if matches!(
        strategy.get("type").and_then(Value::as_str),
        None | Some("" | "RollingUpdate")
    ) {
        let rolling = strategy.map_at("rollingUpdate");
        fill(rolling, "maxUnavailable", 1);
        fill(rolling, "maxSurge", 1);
    }
}

fn stateful_set(object: &mut Map) {
    labels_from_template(object);
    on_delete(object);
}

fn old_daemon_set(object: &mut Map) {
    labels_from_template(object);
    on_delete(object);
}

fn on_delete(object: &mut Map) {
    let strategy = object.map_at("spec").map_at("updateStrategy");
    if strategy.get("type").is_none_or(Value::is_zero) {
        strategy.insert("type", "OnDelete");
    }
}

/// Labels and selector are the template's unless given.
fn labels_from_template(object: &mut Map) {
    let spec = object.get("spec");
    let Some(labels) = spec
        .and_then(|spec| spec.map_at(&["template", "metadata", "labels"]))
        .cloned()
    else {
        return;
    };
    let spec = object.map_at("spec");
    if spec.get("selector").is_none_or(Value::is_null) {
        spec.insert("selector", tree!({"matchLabels": (labels.clone())}));
    }
    let metadata = object.map_at("metadata");
    if metadata.get("labels").is_none_or(Value::is_zero) {
        metadata.insert("labels", labels);
    }
}

fn fill(map: &mut Map, key: &'static str, number: i64) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(SmolStr::new_static(key), number);
    }
}
