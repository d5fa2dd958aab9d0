//! Nodes: taints, capacities, pod ranges, and what may change.
//! Where pods may run is the scheduler's.

use std::collections::HashSet;

use object::field::{Error, ErrorKind, Printed, quote};
use object::names::{label_value, qualified_name};
use schema::Value;

use super::addresses::{self, parse_range};
use super::place::Place;
use super::quantities;
use crate::strategy::Errors;

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// A node by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    taints(object, errors);
    capacities(object, errors);
    pod_ranges(object, errors);
}

/// A node after another.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    changed(object, old, errors);
    if object.at(&["spec", "taints"]) != old.at(&["spec", "taints"]) {
        taints(object, errors);
    }
}

/// A node's status after another.
pub fn status(object: &Value, old: &Value, errors: &mut Errors) {
    changed(object, old, errors);
}

fn changed(object: &Value, old: &Value, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for address in Place::root(object, "status").field("addresses").items() {
        let (kind, text) = (address.field("type").text(), address.field("address").text());
        if !seen.insert((kind, text)) {
            let shown = format!("{{\"Type\":{},\"Address\":{}}}", quote(kind), quote(text));
            errors.push(Error::duplicate(address.path(), Printed::raw(shown)));
        }
    }
    capacities(object, errors);
    let (spec, before) = (Place::root(object, "spec"), Place::root(old, "spec"));
    if before.field("podCIDRs").is_empty() {
        pod_ranges(object, errors);
    } else if spec.field("podCIDRs").value() != before.field("podCIDRs").value() {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errors.push(spec.field("podCIDRs").forbidden(detail));
    }
    if !before.field("providerID").is_empty()
        && spec.field("providerID").value() != before.field("providerID").value()
    {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errors.push(spec.field("providerID").forbidden(detail));
    }
}

fn taints(object: &Value, errors: &mut Errors) {
    let mut seen = HashSet::new();
    let path = object::field::Path::root("metadata").child("taints");
    for taint in Place::new(object.at(&["spec", "taints"]), path).items() {
        let [key, value, effect] = ["key", "value", "effect"].map(|field| taint.field(field));
        key.format(qualified_name, errors);
        value.format(label_value, errors);
        effect.require_one_of(&EFFECTS, errors);
        if !seen.insert((key.text(), effect.text())) {
            let added = taint.field("timeAdded");
            let added = if added.is_set() {
                quote(added.text())
            } else {
                "null".to_owned()
            };
            let shown = format!(
                "{{\"Key\":{},\"Value\":{},\"Effect\":{},\"TimeAdded\":{added}}}",
                quote(key.text()),
                quote(value.text()),
                quote(effect.text())
            );
            let mut error = Error::duplicate(taint.path(), Printed::raw(shown));
            error.kind = ErrorKind::Duplicate;
            error.detail = "taints must be unique by key and effect pair".to_owned();
            errors.push(error);
        }
    }
}

fn capacities(object: &Value, errors: &mut Errors) {
    for field in ["capacity", "allocatable"] {
        let amounts = Place::root(object, "status").field(field);
        for (name, amount) in amounts.entries() {
            let place = Place::new(Some(amount.value()), amounts.path().child(name.clone()));
            quantities::amount(name, &place, errors);
        }
    }
}

fn pod_ranges(object: &Value, errors: &mut Errors) {
    let ranges = Place::root(object, "spec").field("podCIDRs");
    ranges
        .items()
        .for_each(|range| addresses::range(&range, range.text(), errors));
    let families: Vec<_> = ranges
        .texts()
        .into_iter()
        .filter_map(parse_range)
        .map(|net| net.addr().is_ipv4())
        .collect();
    let count = ranges.list().len();
    let distinct = families.len() == 2 && families[0] != families[1];
    if count > 2 || (count == 2 && !distinct) {
        errors.push(ranges.invalid("may specify no more than one CIDR for each IP family"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn created(object: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        create(object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn taints_are_unique_and_have_known_effects() {
        let of = |taints: Value| created(&tree!({"spec": {"taints": taints}}));
        assert!(
            of(tree!([{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}])).is_empty()
        );
        let twice = of(tree!([{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule"}]));
        assert_eq!(
            twice,
            [
                r#"metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair"#
            ]
        );
        assert_eq!(of(tree!([{"key": "a", "effect": "Bogus"}])).len(), 1);
    }

    #[test]
    fn capacities_are_not_negative() {
        let node = tree!({"status": {"capacity": {"cpu": "-1"}}});
        let text = r#"status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0"#;
        assert_eq!(created(&node), [text]);
    }

    #[test]
    fn pod_ranges_are_one_per_family_and_stay() {
        assert!(created(&tree!({"spec": {"podCIDRs": ["10.0.0.0/24", "fd00::/64"]}})).is_empty());
        assert_eq!(
            created(&tree!({"spec": {"podCIDRs": ["10.0.0.0/24", "10.1.0.0/24"]}})).len(),
            1
        );
        let mut errors = Errors::new();
        let old = tree!({"spec": {"podCIDRs": ["10.0.0.0/24"]}});
        update(&tree!({"spec": {"podCIDRs": ["10.1.0.0/24"]}}), &old, &mut errors);
        assert_eq!(errors.len(), 1);
    }
}
