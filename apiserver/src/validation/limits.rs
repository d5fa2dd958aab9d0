//! Limit ranges: which bounds a type may have, and how they are ordered.
//! Applying them to pods and claims is admission's.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use object::names::qualified_name;
use schema::Value;
use schema::quantity::Quantity;

use super::place::Place;
use super::quantities::{compare, quantity};
use crate::strategy::Errors;

const TYPES: [&str; 3] = ["Pod", "Container", "PersistentVolumeClaim"];

/// A LimitRange by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let mut types = HashSet::new();
    for limit in Place::root(object, "spec").field("limits").items() {
        let kind = limit.field("type");
        kind.format(qualified_name, errors);
        if !kind.text().contains('/') && !TYPES.contains(&kind.text()) {
            errors.push(kind.invalid_text("must be a standard limit type or fully qualified"));
        }
        if !types.insert(kind.text()) {
            errors.push(kind.duplicate());
        }
        self::limit(&limit, kind.text(), errors);
    }
}

/// A LimitRange after another.
pub fn update(object: &Value, _old: &Value, errors: &mut Errors) {
    create(object, errors);
}

fn limit(limit: &Place<'_>, kind: &str, errors: &mut Errors) {
    if kind == "Pod" {
        for field in ["default", "defaultRequest"] {
            if !limit.field(field).is_empty() {
                errors.push(
                    limit
                        .field(field)
                        .forbidden("may not be specified when `type` is 'Pod'"),
                );
            }
        }
    }
    let storage = |field| limit.field(field).key("storage").is_set();
    if kind == "PersistentVolumeClaim" && !storage("min") && !storage("max") {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(limit.field("limits").required(detail));
    }
    let fields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let names: BTreeSet<_> = fields
        .iter()
        .flat_map(|field| limit.field(field).entries().map(|(name, _)| name))
        .collect();
    names.into_iter().for_each(|name| bounds(limit, name, errors));
}

fn bounds(limit: &Place<'_>, name: &str, errors: &mut Errors) {
    let of = |field| limit.field(field).key(name);
    let [min, max, default, request, ratio] =
        ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"].map(of);
    // Which is blamed, whose value is shown, and what must not be greater than what.
    let order = [
        (&min, &min, &min, &max, "min value", "max value"),
        (
            &request,
            &request,
            &min,
            &request,
            "min value",
            "default request value",
        ),
        (
            &request,
            &request,
            &request,
            &max,
            "default request value",
            "max value",
        ),
        (
            &request,
            &request,
            &request,
            &default,
            "default request value",
            "default limit value",
        ),
        (&default, &min, &min, &default, "min value", "default value"),
        (&default, &default, &default, &max, "default value", "max value"),
    ];
    for (blamed, shown, low, high, low_name, high_name) in order {
        let both = low.is_set() && high.is_set();
        if both && compare(&quantity(low), &quantity(high)) == Ordering::Greater {
            let detail = format!(
                "{low_name} {} is greater than {high_name} {}",
                low.text(),
                high.text()
            );
            errors.push(blamed.invalid_as(shown.value(), detail));
        }
    }
    let one = Quantity::parse("1").expect("a quantity");
    if ratio.is_set() && compare(&quantity(&ratio), &one) == Ordering::Less {
        errors.push(ratio.invalid(format!("ratio {} is less than 1", ratio.text())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn created(limit: Value) -> Vec<String> {
        let mut errors = Errors::new();
        create(&tree!({"spec": {"limits": [limit]}}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn bounds_are_ordered() {
        assert_eq!(
            created(tree!({"type": "Container", "min": {"cpu": "1"}, "max": {"cpu": "2"}})),
            [""; 0]
        );
        let text = r#"spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1"#;
        assert_eq!(
            created(tree!({"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}})),
            [text]
        );
        assert_eq!(
            created(tree!({"type": "Container", "maxLimitRequestRatio": {"cpu": "500m"}})).len(),
            1
        );
    }

    #[test]
    fn types_have_their_fields() {
        assert_eq!(created(tree!({"type": "Pod", "default": {"cpu": "1"}})).len(), 1);
        assert_eq!(created(tree!({"type": "PersistentVolumeClaim"})).len(), 1);
        assert_eq!(created(tree!({"type": "bogus"})).len(), 1);
    }
}
