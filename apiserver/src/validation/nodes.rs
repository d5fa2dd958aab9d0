//! Nodes: taints, capacities, pod ranges, and what may change.
//! Where pods may run is the scheduler's.

use std::cmp::Ordering;
use std::collections::HashSet;

use object::field::{Error, ErrorKind, Path, Printed, quote};
use object::names::{label_value, qualified_name};
use schema::Value;

use super::addresses::{self, parse_range};
use super::place::Place;
use super::quantities;
use crate::strategy::Errors;

const FEATURE_BYTES_MAX: usize = 253;
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// A node by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    taints(object, errors);
    capacities(object, errors);
    swap(object, errors);
    declared_features(object, errors);
    pod_ranges(object, errors);
}

/// A node after another.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    changed(object, old, errors);
    if object.at(&["spec", "taints"]) != old.at(&["spec", "taints"]) {
        taints(object, errors);
    }
    let external = |object| Place::root(object, "spec").field("externalID");
    if external(object).value() != external(old).value() {
        errors.push(external(object).forbidden("may not be updated"));
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
    declared_features(object, errors);
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
    let path = Path::root("metadata").child("taints");
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

/// The path is the reference's.
fn swap(object: &Value, errors: &mut Errors) {
    let capacity = object.at(&["status", "nodeInfo", "swap", "capacity"]);
    if capacity.is_some() {
        let path = Path::root("metadata").child("nodeSwapStatus").child("capacity");
        let place = Place::new(capacity, path);
        if place.int() <= 0 {
            errors.push(place.invalid_int("must be greater than zero"));
        }
    }
}

/// In order, each once, each well named.
fn declared_features(object: &Value, errors: &mut Errors) {
    let mut before: Option<&str> = None;
    for feature in Place::root(object, "status").field("declaredFeatures").items() {
        let name = feature.text();
        if let Some(problem) = misnamed(name) {
            errors.push(feature.invalid_text(format!("invalid feature name {}: {problem}", quote(name))));
        }
        match before.map(|before| before.cmp(name)) {
            Some(Ordering::Equal) => errors.push(feature.duplicate()),
            Some(Ordering::Greater) => {
                errors.push(feature.invalid_text("list must be sorted alphabetically"))
            }
            _ => {}
        }
        before = Some(name);
    }
}

/// What is wrong with a feature's name: segments between slashes, of letters and digits, the first with a capital.
fn misnamed(name: &str) -> Option<String> {
    if name.len() > FEATURE_BYTES_MAX {
        return Some(format!("must be no more than {FEATURE_BYTES_MAX} characters"));
    }
    let is_segment = |segment: &str| {
        segment.starts_with(|first: char| first.is_ascii_alphabetic())
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let is_good =
        name.starts_with(|first: char| first.is_ascii_uppercase()) && name.split('/').all(is_segment);
    (!is_good).then(|| {
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes".to_owned()
    })
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

    #[test]
    fn declared_features_are_named_well_and_in_order() {
        let of = |features: Value| created(&tree!({"status": {"declaredFeatures": features}}));
        assert!(of(tree!(["Alpha", "Beta/of1", "C3"])).is_empty());
        assert_eq!(
            of(tree!(["B", "A", "A"])),
            [
                "status.declaredFeatures[1]: Invalid value: \"A\": list must be sorted alphabetically",
                "status.declaredFeatures[2]: Duplicate value: \"A\"",
            ]
        );
        for bad in ["lower", "A/", "A/1b", "A-b", ""] {
            let errors = of(tree!([bad]));
            assert!(
                errors.len() == 1 && errors[0].contains("invalid feature name"),
                "{bad}: {errors:?}"
            );
        }
        assert!(of(tree!([("A".repeat(254))]))[0].contains("no more than 253"));
    }

    #[test]
    fn swap_is_more_than_nothing_and_what_is_protected_stays() {
        let of = |capacity: i64| created(&tree!({"status": {"nodeInfo": {"swap": {"capacity": capacity}}}}));
        assert!(of(1).is_empty());
        assert_eq!(
            of(0),
            ["metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero"]
        );
        let mut errors = Errors::new();
        update(
            &tree!({"spec": {"externalID": "b"}}),
            &tree!({"spec": {"externalID": "a"}}),
            &mut errors,
        );
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["spec.externalID: Forbidden: may not be updated"]);
    }
}
