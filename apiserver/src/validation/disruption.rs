//! Pod disruption budgets: how many pods, of which, and the status.
//! Evicting is not done here.

use object::field::{Printed, quote};
use object::meta_validation::label_selector;
use object::names::percent;
use schema::{Value, json};

use super::place::Place;
use crate::strategy::Errors;

/// A budget by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let (min, max) = (spec.field("minAvailable"), spec.field("maxUnavailable"));
    if min.is_set() && max.is_set() {
        let detail = "minAvailable and maxUnavailable cannot be both set";
        errors.push(spec.invalid_as(inner(&spec), detail));
    }
    for amount in [min, max].iter().filter(|amount| amount.is_set()) {
        number_or_percent(amount, errors);
    }
    let selector = spec.field("selector");
    if selector.is_set() {
        errors.extend(label_selector(selector.value(), true, selector.path()));
    }
    spec.field("unhealthyPodEvictionPolicy")
        .one_of_if_set(&["AlwaysAllow", "IfHealthyBudget"], errors);
}

/// A budget after another.
pub fn update(object: &Value, _old: &Value, errors: &mut Errors) {
    create(object, errors);
}

/// A budget's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    super::conditions::check(&Place::root(object, "status").field("conditions"), errors);
    for field in [
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    ] {
        Place::root(object, "status").field(field).not_negative(errors);
    }
}

/// Requires a number of at least 0, or a percentage of at most 100.
fn number_or_percent(place: &Place<'_>, errors: &mut Errors) {
    let Value::String(text) = place.value() else {
        place.not_negative(errors);
        return;
    };
    place.format(percent, errors);
    let number = text
        .strip_suffix('%')
        .and_then(|digits| digits.parse::<i64>().ok());
    if number.is_some_and(|number| number > 100) {
        errors.push(place.invalid("must not be greater than 100%"));
    }
}

/// The form inside the reference.
fn inner(spec: &Place<'_>) -> Printed {
    let shown = |field| match spec.field(field).is_set() {
        true => json::to_string(spec.field(field).value()),
        false => "null".to_owned(),
    };
    let policy = spec.field("unhealthyPodEvictionPolicy");
    let policy = if policy.is_set() {
        quote(policy.text())
    } else {
        "null".to_owned()
    };
    Printed::raw(format!(
        "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{policy}}}",
        shown("minAvailable"),
        shown("selector"),
        shown("maxUnavailable")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn created(spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        create(&tree!({"spec": spec}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_budget_is_a_number_or_a_percentage() {
        assert_eq!(created(tree!({"minAvailable": "50%"})), [""; 0]);
        assert_eq!(created(tree!({"minAvailable": 1i64})), [""; 0]);
        let text = r#"spec.minAvailable: Invalid value: "101%": must not be greater than 100%"#;
        assert_eq!(created(tree!({"minAvailable": "101%"})), [text]);
        assert_eq!(created(tree!({"maxUnavailable": (-1i64)})).len(), 1);
    }

    #[test]
    fn only_one_bound_is_set() {
        let shown =
            r#"{"MinAvailable":1,"Selector":{},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}"#;
        let both = created(tree!({"minAvailable": 1i64, "maxUnavailable": 1i64, "selector": {}}));
        let detail = "minAvailable and maxUnavailable cannot be both set";
        assert_eq!(both, [format!("spec: Invalid value: {shown}: {detail}")]);
    }

    #[test]
    fn counts_in_the_status_are_not_negative() {
        let object = tree!({"status": {"currentHealthy": (-1i64)}});
        let mut errors = Errors::new();
        status(&object, &object, &mut errors);
        assert_eq!(errors.len(), 1);
    }
}
