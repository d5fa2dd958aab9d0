//! What an update of a pod itself may change.

use schema::Value;

use super::super::internal_form;
use super::super::place::Place;
use super::super::pod_spec::{self, INT32_MAX, Owner};
use super::profiles::APP_ARMOR;
use super::{gated, tolerations};
use crate::strategy::Errors;

const MAY_CHANGE: &str = "pod updates may not change fields other than \
    `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
    `spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Checks an updated pod.
pub fn check(pod: &Value, old: &Value, errors: &mut Errors) {
    let (spec, before) = (Place::root(pod, "spec"), Place::root(old, "spec"));
    check_kept_annotations(pod, old, errors);
    super::check_annotations(pod, &spec, errors);
    pod_spec::check(&spec, Owner::Pod, errors);
    for (list, words) in [("containers", "containers"), ("initContainers", "containers")] {
        let (now, was) = (spec.field(list), before.field(list));
        if now.list().len() != was.list().len() {
            errors.push(now.forbidden(format!("pod updates may not add or remove {words}")));
            return;
        }
    }
    for list in ["containers", "initContainers"] {
        for container in spec.field(list).items() {
            container.field("image").require(errors);
        }
    }
    check_deadline(&spec, &before, errors);
    tolerations::check(&spec, &before, errors);
    check_gates(&spec, &before, errors);
    if *spec.value() == *before.value() {
        return;
    }
    if is_gated(&before) {
        gated::check(&spec, &before, errors);
    }
    let munged = with_allowed(&spec, &before);
    if munged != *before.value() {
        let difference = internal_form::diff("PodSpec", before.value(), &munged);
        errors.push(spec.forbidden(format!("{MAY_CHANGE}\n{difference}")));
    }
}

/// Annotations that are as a pod was made with them: what comes first is removed or changed, then what is added.
fn check_kept_annotations(pod: &Value, old: &Value, errors: &mut Errors) {
    let of = |object| Place::root(object, "metadata").field("annotations");
    let (now, before) = (of(pod), of(old));
    let kept = |key: &str| match key {
        super::MIRROR => Some("mirror pod annotation"),
        _ if key.starts_with(APP_ARMOR) => Some("AppArmor annotations"),
        _ => None,
    };
    for (key, was) in before.entries() {
        if let Some(name) = kept(key)
            && now.key(key).value() != was.value()
        {
            let detail = format!("may not remove or update {name}");
            errors.push(now.key(key).forbidden(detail));
        }
    }
    for (key, _) in now.entries() {
        if let Some(name) = kept(key)
            && !before.key(key).is_set()
        {
            errors.push(now.key(key).forbidden(format!("may not add {name}")));
        }
    }
}

/// A deadline may come closer, not go away.
fn check_deadline(spec: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let (deadline, was) = (
        spec.field("activeDeadlineSeconds"),
        before.field("activeDeadlineSeconds"),
    );
    if deadline.is_set() {
        if !(0..=INT32_MAX).contains(&deadline.int()) {
            deadline.within(0..=INT32_MAX, errors);
        } else if was.is_set() && was.int() < deadline.int() {
            errors.push(deadline.invalid_int("must be less than or equal to previous value"));
        }
    } else if was.is_set() {
        errors.push(deadline.invalid_as(
            object::field::Printed::null(),
            "must not update from a positive integer to nil value",
        ));
    }
}

/// Gates only go.
fn check_gates(spec: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let names = |spec: &Place<'_>| -> Vec<String> {
        spec.field("schedulingGates")
            .items()
            .map(|gate| gate.field("name").text().to_owned())
            .collect()
    };
    let (now, was) = (names(spec), names(before));
    let added: Vec<&str> = now
        .iter()
        .filter(|name| !was.contains(name))
        .map(String::as_str)
        .collect();
    if !added.is_empty() {
        let problem = format!(
            "only deletion is allowed, but found new scheduling gates '{}'",
            added.join(",")
        );
        errors.push(spec.field("schedulingGates").forbidden(problem));
    }
}

/// Whether the scheduler does not look at a pod yet.
fn is_gated(before: &Place<'_>) -> bool {
    !before.field("schedulingGates").is_empty()
}

/// The new spec with everything that may change put back, so that what differs still is what may not.
fn with_allowed(spec: &Place<'_>, before: &Place<'_>) -> Value {
    let mut munged = spec.value().clone();
    let Some(map) = munged.as_map_mut() else {
        return munged;
    };
    let mut restored = vec!["activeDeadlineSeconds", "schedulingGates", "tolerations"];
    if is_gated(before) {
        restored.push("nodeSelector");
        gated::restore_affinity(map, before);
    }
    let grace = (
        spec.field("terminationGracePeriodSeconds").int(),
        before.field("terminationGracePeriodSeconds").int(),
    );
    if grace.0 == 1 && grace.1 < 0 {
        restored.push("terminationGracePeriodSeconds");
    }
    for name in restored {
        match before.value().get(name) {
            Some(value) => map.insert(name, value.clone()),
            None => map.remove(name),
        };
    }
    for list in ["containers", "initContainers"] {
        let containers = map.get_mut(list).and_then(Value::as_list_mut);
        for (container, was) in containers
            .map_or(&mut [][..], Vec::as_mut_slice)
            .iter_mut()
            .zip(before.field(list).list())
        {
            if let (Some(container), Some(image)) = (container.as_map_mut(), was.get("image")) {
                container.insert("image", image.clone());
            }
        }
    }
    munged
}
