//! A device that a driver offers: what it is like, what it takes from shared counters, and where it can be used.

use object::field::{Error, Printed};
use object::names::{dns_label, dns_subdomain, qualified_name};
use schema::{SmolStr, Value};
use std::collections::HashSet;

use super::super::place::Place;
use super::super::pod_spec::terms;
use super::{NOTHING, by, device_values, each, each_once, qualified, taints};
use crate::limits::{
    DEVICE_ATTRIBUTES_MAX, DEVICE_BINDING_CONDITIONS_MAX, DEVICE_COUNTER_SETS_USED_MAX, DEVICE_COUNTERS_MAX,
    DEVICE_DOMAIN_BYTES_MAX, DEVICE_IDENTIFIER_BYTES_MAX, DEVICE_TAINTS_MAX,
};
use crate::strategy::Errors;

const PER_DEVICE: &str = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
/// Longer keys are shown without their middle.
const SHOWN_KEY_BYTES_MAX: usize = DEVICE_DOMAIN_BYTES_MAX + 1 + DEVICE_IDENTIFIER_BYTES_MAX;
const SHOWN_LABEL_BYTES_MAX: usize = 63;

/// A device of a slice. `before` is the device of this name in the old slice; taints that it has may stay.
pub fn check(device: &Place<'_>, before: Option<&Value>, says_where: bool, errors: &mut Errors) {
    device.field("name").format(dns_label, errors);
    let [attributes, capacity] = ["attributes", "capacity"].map(|field| device.field(field));
    let count = attributes.entries().count() + capacity.entries().count();
    if count > DEVICE_ATTRIBUTES_MAX {
        let detail =
            format!("the total number of attributes and capacities must not exceed {DEVICE_ATTRIBUTES_MAX}");
        errors.push(device.invalid_as(i64::try_from(count).unwrap_or(i64::MAX), detail));
    }
    for (key, attribute) in entries(&attributes, SHOWN_KEY_BYTES_MAX) {
        qualified(&attribute, key, errors);
        device_values::attribute(&attribute, errors);
    }
    let shared = device.field("allowMultipleAllocations").is_true();
    for (key, capacity) in entries(&capacity, SHOWN_KEY_BYTES_MAX) {
        qualified(&capacity, key, errors);
        device_values::capacity(&capacity, shared, errors);
    }
    let all_taints = device.field("taints");
    if before
        .and_then(|before| before.get("taints"))
        .unwrap_or(&Value::Null)
        != all_taints.value()
    {
        each(&all_taints, DEVICE_TAINTS_MAX, errors, |taint, errors| {
            taints::taint(taint, None, errors);
        });
    }
    let used = device.field("consumesCounters");
    each_once(
        &used,
        DEVICE_COUNTER_SETS_USED_MAX,
        errors,
        consumption,
        by("counterSet"),
    );
    where_usable(device, says_where, errors);
    binding_conditions(device, errors);
}

/// The entries of a map, with long keys shown without their middle.
fn entries<'a>(map: &Place<'a>, shown_bytes_max: usize) -> impl Iterator<Item = (&'a SmolStr, Place<'a>)> {
    let path = map.path().clone();
    map.entries().map(move |(key, entry)| {
        let place = Place::new(Some(entry.value()), path.key(shortened(key, shown_bytes_max)));
        (key, place)
    })
}

fn shortened(key: &str, bytes_max: usize) -> SmolStr {
    if key.len() <= bytes_max {
        return SmolStr::new(key);
    }
    let rest = bytes_max - 3;
    let (head, tail) = (rest.div_ceil(2), key.len() - rest / 2);
    let text = [key.as_bytes().get(..head), key.as_bytes().get(tail..)]
        .map(|part| String::from_utf8_lossy(part.unwrap_or_default()).into_owned());
    SmolStr::from(text.join("..."))
}

/// What a device takes from a set of counters.
fn consumption(place: &Place<'_>, errors: &mut Errors) {
    counters(place, "counterSet", errors);
}

/// A set of counters: its name, and counters by name.
pub fn counters(place: &Place<'_>, name_field: &'static str, errors: &mut Errors) {
    let name = place.field(name_field);
    if name.require(errors) {
        name.format(dns_label, errors);
    }
    let counters = place.field("counters");
    let count = counters.entries().count();
    if count == 0 {
        errors.push(counters.required(""));
    } else if count > DEVICE_COUNTERS_MAX {
        errors.push(Error::too_many(counters.path(), count, DEVICE_COUNTERS_MAX));
    } else {
        for (key, counter) in entries(&counters, SHOWN_LABEL_BYTES_MAX) {
            counter.text_format(key, dns_label, errors);
        }
    }
}

fn where_usable(device: &Place<'_>, says_where: bool, errors: &mut Errors) {
    let [node, selector, all] = ["nodeName", "nodeSelector", "allNodes"].map(|field| device.field(field));
    if !says_where {
        if node.is_set() || selector.is_set() || all.is_set() {
            errors.push(device.invalid_as(
                Printed::raw(NOTHING),
                "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec",
            ));
        }
        return;
    }
    let mut given = Vec::new();
    if !node.is_empty() {
        given.push("`nodeName`");
        node.format(dns_subdomain, errors);
    } else if node.is_set() {
        errors.push(node.invalid_text("must not be empty"));
    }
    if selector.is_set() {
        given.push("`nodeSelector`");
        terms::check_selector(&selector, errors);
    }
    if all.is_true() {
        given.push("`allNodes`");
    } else if all.is_set() {
        errors.push(all.invalid("must be either unset or set to true"));
    }
    match given.len() {
        0 => errors.push(device.required(PER_DEVICE)),
        1 => {}
        _ => errors.push(device.invalid_as(format!("{{{}}}", given.join(", ")), PER_DEVICE)),
    }
}

/// Conditions that binding waits for, and those that end the wait: label keys, each once, both or neither.
pub fn binding_conditions(place: &Place<'_>, errors: &mut Errors) {
    let [wait, fail] = ["bindingConditions", "bindingFailureConditions"].map(|field| place.field(field));
    for list in [&wait, &fail] {
        each(list, DEVICE_BINDING_CONDITIONS_MAX, errors, |one, errors| {
            one.format(qualified_name, errors);
        });
    }
    let mut seen = HashSet::new();
    for one in wait.items().filter(|one| !seen.insert(one.text())) {
        errors.push(one.duplicate());
    }
    let mut failures = HashSet::new();
    for one in fail.items() {
        if !failures.insert(one.text()) {
            errors.push(one.duplicate());
        }
        if seen.contains(one.text()) {
            errors.push(one.invalid_text("bindingFailureConditions must not overlap with bindingConditions"));
        }
    }
    match (wait.is_empty(), fail.is_empty()) {
        (true, false) => {
            errors.push(wait.invalid("bindingConditions are required to use bindingFailureConditions"));
        }
        (false, true) => {
            errors.push(fail.invalid("bindingFailureConditions are required to use bindingConditions"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_lose_their_middle() {
        assert_eq!(shortened("short", 16), "short");
        assert_eq!(shortened("0123456789abcdefghij", 16), "0123456...efghij");
    }
}
