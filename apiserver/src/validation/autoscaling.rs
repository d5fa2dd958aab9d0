//! Horizontal pod autoscalers in their hub form (v2): bounds, target, metrics, behavior.
//! Scaling is a controller's.

use object::names::path_segment;
use schema::Value;

use super::place::Place;
use super::pod_spec::resources;
use super::quantities;
use crate::strategy::Errors;

const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];
const METRIC_TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const WINDOW_SECONDS_MAX: i64 = 3_600;
const PERIOD_SECONDS_MAX: i64 = 1_800;

/// An autoscaler by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let (min, max) = (spec.field("minReplicas"), spec.field("maxReplicas"));
    if min.is_set() && min.int() < 1 {
        errors.push(min.invalid_int("must be greater than or equal to 1"));
    }
    if max.int() < 1 {
        errors.push(max.required("must be set and greater than 0"));
    }
    if min.is_set() && max.int() < min.int() {
        errors.push(max.invalid_int("must be greater than or equal to `minReplicas`"));
    }
    reference(&spec.field("scaleTargetRef"), errors);
    for metric in spec.field("metrics").items() {
        self::metric(&metric, errors);
    }
    for direction in ["scaleUp", "scaleDown"] {
        let rules = spec.field("behavior").field(direction);
        if rules.is_set() {
            behavior(&rules, errors);
        }
    }
}

/// An autoscaler after another.
pub fn update(object: &Value, _old: &Value, errors: &mut Errors) {
    create(object, errors);
}

/// An autoscaler's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    for field in ["currentReplicas", "desiredReplicas"] {
        Place::root(object, "status").field(field).not_negative(errors);
    }
}

fn named(place: &Place<'_>, errors: &mut Errors) {
    if place.require(errors) {
        place.format(path_segment, errors);
    }
}

fn reference(target: &Place<'_>, errors: &mut Errors) {
    named(&target.field("kind"), errors);
    named(&target.field("name"), errors);
    let version = target.field("apiVersion");
    let core = target.field("kind").text() == "ReplicationController" && version.text() == "v1";
    match version.text().matches('/').count() {
        0 if core => {}
        0 => errors.push(version.invalid_text("apiVersion must specify API group")),
        1 => {}
        _ => errors.push(version.invalid_text(format!("unexpected GroupVersion string: {}", version.text()))),
    }
}

fn metric(metric: &Place<'_>, errors: &mut Errors) {
    let kind = metric.field("type");
    kind.require_one_of(&METRIC_TYPES, errors);
    for (name, field) in SOURCES {
        let source = metric.field(field);
        if source.is_set() && kind.text() != name {
            errors.push(source.forbidden("must populate the given metric source only"));
        }
    }
    let Some((_, field)) = SOURCES.into_iter().find(|(name, _)| *name == kind.text()) else {
        return;
    };
    let source = metric.field(field);
    if !source.is_set() {
        errors.push(source.required("must populate information for the given metric source"));
        return;
    }
    match field {
        "object" => object_source(&source, errors),
        "external" => external(&source, errors),
        "pods" => {
            identified(&source, errors);
            target(&source.field("target"), errors);
            if !source.field("target").field("averageValue").is_set() {
                errors.push(
                    source
                        .field("target")
                        .field("averageValue")
                        .required("must specify a positive target averageValue"),
                );
            }
        }
        _ => resource(&source, field == "containerResource", errors),
    }
}

fn identified(source: &Place<'_>, errors: &mut Errors) {
    let metric = source.field("metric");
    named(&metric.field("name"), errors);
    let selector = metric.field("selector");
    if selector.is_set() {
        errors.extend(object::meta_validation::label_selector(
            selector.value(),
            true,
            selector.path(),
        ));
    }
}

fn object_source(source: &Place<'_>, errors: &mut Errors) {
    reference(&source.field("describedObject"), errors);
    identified(source, errors);
    let target = source.field("target");
    self::target(&target, errors);
    if !target.field("value").is_set() && !target.field("averageValue").is_set() {
        let detail = "must set either a target value or averageValue";
        errors.push(target.field("averageValue").required(detail));
    }
}

fn external(source: &Place<'_>, errors: &mut Errors) {
    identified(source, errors);
    let target = source.field("target");
    self::target(&target, errors);
    let (value, average) = (target.field("value"), target.field("averageValue"));
    if !value.is_set() && !average.is_set() {
        errors.push(average.required("must set either a target value for metric or a per-pod target"));
    }
    if value.is_set() && average.is_set() {
        errors.push(value.forbidden("may not set both a target value for metric and a per-pod target"));
    }
}

fn resource(source: &Place<'_>, in_container: bool, errors: &mut Errors) {
    let name = source.field("name");
    if name.is_empty() {
        errors.push(name.required("must specify a resource name"));
    } else if in_container {
        resources::check_name(name.text(), &name, errors);
    }
    let container = source.field("container");
    if in_container && container.is_empty() {
        errors.push(container.required("must specify a container"));
    } else if in_container {
        container.format(object::names::dns_label, errors);
    }
    let target = source.field("target");
    self::target(&target, errors);
    let (utilization, average) = (target.field("averageUtilization"), target.field("averageValue"));
    if !utilization.is_set() && !average.is_set() {
        let detail = "must set either a target raw value or a target utilization";
        errors.push(utilization.required(detail));
    }
    if utilization.is_set() && average.is_set() {
        errors.push(average.forbidden("may not set both a target raw value and a target utilization"));
    }
}

fn target(target: &Place<'_>, errors: &mut Errors) {
    let kind = target.field("type");
    if kind.is_empty() {
        errors.push(kind.required("must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind.text()) {
        errors.push(kind.invalid_text("must be either Utilization, Value, or AverageValue"));
    }
    for field in ["value", "averageValue"] {
        let amount = target.field(field);
        if amount.is_set() && quantities::quantity(&amount).signum() != 1 {
            errors.push(amount.invalid("must be positive"));
        }
    }
    let utilization = target.field("averageUtilization");
    if utilization.is_set() && utilization.int() < 1 {
        errors.push(utilization.invalid_int("must be greater than 0"));
    }
}

fn behavior(rules: &Place<'_>, errors: &mut Errors) {
    let window = rules.field("stabilizationWindowSeconds");
    if window.is_set() {
        window.not_negative(errors);
        if window.int() > WINDOW_SECONDS_MAX {
            errors.push(window.invalid_int(format!("must be less than or equal to {WINDOW_SECONDS_MAX}")));
        }
    }
    rules
        .field("selectPolicy")
        .one_of_if_set(&["Disabled", "Max", "Min"], errors);
    let policies = rules.field("policies");
    if policies.list().is_empty() {
        errors.push(policies.required("must specify at least one Policy"));
    }
    for policy in policies.items() {
        policy.field("type").one_of(&["Percent", "Pods"], errors);
        for field in ["value", "periodSeconds"] {
            if policy.field(field).int() <= 0 {
                errors.push(policy.field(field).invalid_int("must be greater than zero"));
            }
        }
        if policy.field("periodSeconds").int() > PERIOD_SECONDS_MAX {
            let detail = format!("must be less than or equal to {PERIOD_SECONDS_MAX}");
            errors.push(policy.field("periodSeconds").invalid_int(detail));
        }
    }
    let tolerance = rules.field("tolerance");
    if tolerance.is_set() {
        quantities::not_negative(&tolerance, errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::{Map, tree};

    fn created(change: impl FnOnce(&mut Map)) -> Vec<String> {
        let mut scaler = tree!({"spec": {"minReplicas": 1i64, "maxReplicas": 3i64,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}});
        change(scaler.as_map_mut().expect("a map").map_at("spec"));
        let mut errors = Errors::new();
        create(&scaler, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn bounds_are_ordered() {
        assert_eq!(created(|_| {}), [""; 0]);
        let texts = [
            "spec.maxReplicas: Required value: must be set and greater than 0",
            "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
        ];
        assert_eq!(created(|spec| drop(spec.insert("maxReplicas", 0i64))), texts);
    }

    #[test]
    fn the_target_names_a_group() {
        let core = tree!({"kind": "ReplicationController", "apiVersion": "v1", "name": "a"});
        assert_eq!(created(|spec| drop(spec.insert("scaleTargetRef", core))), [""; 0]);
        assert_eq!(created(|spec| drop(spec.remove("scaleTargetRef"))).len(), 3);
    }

    #[test]
    fn metrics_have_their_source_alone() {
        let of = |metric: Value| created(|spec| drop(spec.insert("metrics", Value::List(vec![metric]))));
        let target = tree!({"type": "Utilization", "averageUtilization": 50i64});
        assert_eq!(
            of(tree!({"type": "Resource", "resource": {"name": "cpu", "target": target}})),
            [""; 0]
        );
        let missing =
            "spec.metrics[0].resource: Required value: must populate information for the given metric source";
        assert_eq!(of(tree!({"type": "Resource"})), [missing]);
    }

    #[test]
    fn policies_are_bounded() {
        let behavior =
            tree!({"scaleDown": {"policies": [{"type": "Bogus", "value": 0i64, "periodSeconds": 9_999i64}]}});
        assert_eq!(created(|spec| drop(spec.insert("behavior", behavior))).len(), 3);
    }
}
