//! Slices of a driver's pool of devices: where the devices are, and which they are.

use object::names::dns_subdomain;
use schema::Value;

use super::super::place::Place;
use super::super::pod_spec::terms;
use super::{by, device, driver, each_once, pool};
use crate::limits::{DEVICE_COUNTER_SETS_MAX, DEVICES_MAX, DEVICES_WITH_MORE_MAX};
use crate::strategy::Errors;

const WHERE: &str =
    "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";

/// A slice by itself.
pub fn slice(object: &Value, errors: &mut Errors) {
    spec(object, None, errors);
}

/// A slice after another: it stays with its driver, pool and node.
pub fn slice_update(object: &Value, old: &Value, errors: &mut Errors) {
    spec(object, Some(old), errors);
}

fn spec(object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    driver(&spec.field("driver"), errors);
    pool_of(&spec.field("pool"), errors);
    if let Some(old) = old {
        let before = Place::root(old, "spec");
        let name = |spec: &Place<'_>| spec.field("pool").field("name").text().to_owned();
        if name(&spec) != name(&before) {
            let place = spec.field("pool").field("name");
            errors.push(place.invalid_text(object::meta_validation::IMMUTABLE));
        }
        if spec.field("driver").text() != before.field("driver").text() {
            errors.push(
                spec.field("driver")
                    .invalid_text(object::meta_validation::IMMUTABLE),
            );
        }
        spec.field("nodeName")
            .immutable(&before.field("nodeName"), errors);
    }
    where_usable(&spec, errors);
    let [devices, counters] = ["devices", "sharedCounters"].map(|field| spec.field(field));
    if devices.is_set() && counters.is_set() {
        errors.push(spec.invalid_as("", "only one of `sharedCounters` or `devices` is allowed"));
    }
    let says_where = spec.field("perDeviceNodeSelection").is_true();
    let check = |device: &Place<'_>, errors: &mut Errors| {
        let before = old.and_then(|old| named(old, device.field("name").text()));
        device::check(device, before, says_where, errors);
    };
    each_once(&devices, devices_max(&devices), errors, check, by("name"));
    let set = |set: &Place<'_>, errors: &mut Errors| device::counters(set, "name", errors);
    each_once(&counters, DEVICE_COUNTER_SETS_MAX, errors, set, by("name"));
}

fn devices_max(devices: &Place<'_>) -> usize {
    let has_more = |device: Place<'_>| {
        ["taints", "consumesCounters"]
            .iter()
            .any(|field| !device.field(field).list().is_empty())
    };
    if devices.items().any(has_more) {
        DEVICES_WITH_MORE_MAX
    } else {
        DEVICES_MAX
    }
}

fn named<'a>(slice: &'a Value, name: &str) -> Option<&'a Value> {
    let devices = slice.list_at(&["spec", "devices"]).iter();
    devices
        .into_iter()
        .find(|device| device.str_at(&["name"]) == Some(name))
}

fn pool_of(place: &Place<'_>, errors: &mut Errors) {
    pool(&place.field("name"), errors);
    let [count, generation] = ["resourceSliceCount", "generation"].map(|field| place.field(field));
    if count.int() <= 0 {
        errors.push(count.invalid_int("must be greater than zero"));
    }
    if generation.int() < 0 {
        errors.push(generation.invalid_int("must be greater than or equal to zero"));
    }
}

fn where_usable(spec: &Place<'_>, errors: &mut Errors) {
    let mut given = Vec::new();
    let [node, selector] = ["nodeName", "nodeSelector"].map(|field| spec.field(field));
    if !node.is_empty() {
        given.push("`nodeName`");
        node.format(dns_subdomain, errors);
    } else if node.is_set() {
        errors.push(node.invalid_text("must be either unset or set to a non-empty string"));
    }
    if selector.is_set() {
        given.push("`nodeSelector`");
        terms::check_selector(&selector, errors);
        let all_terms = selector.field("nodeSelectorTerms");
        if all_terms.list().len() != 1 {
            let shown = super::super::internal_form::compact_list("NodeSelectorTerm", all_terms.value());
            errors.push(all_terms.invalid_as(shown, "must have exactly one node selector term"));
        }
    }
    for (field, shown) in [
        ("allNodes", "`allNodes`"),
        ("perDeviceNodeSelection", "`perDeviceNodeSelection`"),
    ] {
        let place = spec.field(field);
        if place.is_true() {
            given.push(shown);
        } else if place.is_set() {
            errors.push(place.invalid("must be either unset or set to true"));
        }
    }
    match given.len() {
        0 => errors.push(spec.required(WHERE)),
        1 => {}
        _ => {
            let detail = format!("{WHERE}, but multiple fields are set");
            errors.push(spec.invalid_as(format!("{{{}}}", given.join(", ")), detail));
        }
    }
}
