//! What a resize of a running pod may change: cpu and memory, as long as the pod stays of its QoS class.

use schema::{Map, Value};

use super::super::place::Place;
use super::super::pod_spec::{self, Owner};
use super::MIRROR;
use crate::strategy::Errors;
use crate::strategy::pods::qos;

/// Checks a write through `resize`.
pub fn check(pod: &Value, old: &Value, errors: &mut Errors) {
    let (spec, before) = (Place::root(pod, "spec"), Place::root(old, "spec"));
    if object::meta::of(old).annotation(MIRROR).is_some() {
        errors.push(spec.forbidden("static pods cannot be resized"));
        return;
    }
    if before.field("os").field("name").text() == "windows" {
        errors.push(spec.forbidden("windows pods cannot be resized"));
        return;
    }
    pod_spec::check(&spec, Owner::Pod, errors);
    let class = old.str_at(&["status", "qosClass"]).unwrap_or_default();
    let old_class = if class.is_empty() { qos::class(old) } else { class };
    if qos::class(pod) != old_class {
        errors.push(spec.invalid_as(old_class, "Pod QOS Class may not change as a result of resizing"));
    }
    for list in ["containers", "initContainers"] {
        let (now, was) = (spec.field(list), before.field(list));
        if now.list().len() != was.list().len() {
            errors.push(spec.forbidden("the number of containers must not be changed"));
            continue;
        }
        for (now, was) in now.items().zip(was.items()) {
            check_container(&now, &was, errors);
        }
    }
}

fn check_container(now: &Place<'_>, was: &Place<'_>, errors: &mut Errors) {
    if now.field("name").text() != was.field("name").text() {
        errors.push(
            now.field("name")
                .forbidden("containers may not be renamed or reordered on resize"),
        );
        return;
    }
    let resources = now.field("resources");
    for list in ["requests", "limits"] {
        let (asked, had) = (resources.field(list), was.field("resources").field(list));
        let other = |place: &Place<'_>| -> Map {
            let mut map = place.value().as_map().cloned().unwrap_or_default();
            map.retain(|name, _| !matches!(name, "cpu" | "memory"));
            map
        };
        if other(&asked) != other(&had) {
            errors.push(resources.forbidden("only cpu and memory resources are mutable"));
        }
        for name in ["cpu", "memory"] {
            if had.key(name).is_set() && !asked.key(name).is_set() {
                errors.push(asked.forbidden(format!("resource {list} cannot be removed")));
                break;
            }
        }
    }
}
