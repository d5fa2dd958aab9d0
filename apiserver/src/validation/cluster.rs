//! Small cluster-wide kinds: priority classes, runtime classes, leases.
//! What they mean to pods is with admission and the scheduler.

use object::field::Error;
use object::meta_validation::labels;
use object::names::{dns_label, qualified_name};
use schema::{Value, tree};

use super::place::Place;
use super::pod_spec::resources;
use super::pod_spec::scheduling::check_tolerations;
use crate::strategy::Errors;

const USER_PRIORITY_MAX: i64 = 1_000_000_000;
/// The classes that only the server makes.
const SYSTEM_CLASSES: [(&str, i64); 2] = [
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

/// A PriorityClass by itself.
pub fn priority_class(object: &Value, errors: &mut Errors) {
    let name = Place::root(object, "metadata").field("name");
    let value = Place::root(object, "value");
    let system = SYSTEM_CLASSES.contains(&(name.text(), value.int()));
    if name.text().starts_with("system-") && !system {
        let detail = "priority class names with 'system-' prefix are reserved for system use only. error: ";
        errors.push(name.forbidden(format!(
            "{detail}{} is not a known system priority class",
            name.text()
        )));
    } else if value.int() > USER_PRIORITY_MAX && !system {
        let detail = format!("maximum allowed value of a user defined priority is {USER_PRIORITY_MAX}");
        errors.push(value.forbidden(detail));
    }
    Place::root(object, "preemptionPolicy").require_one_of(&["PreemptLowerPriority", "Never"], errors);
}

/// A PriorityClass after another.
pub fn priority_class_update(object: &Value, old: &Value, errors: &mut Errors) {
    let (now, before) = (Place::root(object, "value"), Place::root(old, "value"));
    if now.int() != before.int() {
        errors.push(now.forbidden("may not be changed in an update."));
    }
    Place::root(object, "preemptionPolicy").immutable(&Place::root(old, "preemptionPolicy"), errors);
}

/// A RuntimeClass by itself.
pub fn runtime_class(object: &Value, errors: &mut Errors) {
    let handler = Place::root(object, "handler");
    if handler.is_empty() {
        errors.push(handler.required(""));
    } else {
        handler.format(dns_label, errors);
    }
    let overhead = Place::root(object, "overhead");
    if overhead.is_set() {
        // The reference checks, and tells of, what is fixed as the limits of a container.
        let limits = tree!({"limits": (overhead.field("podFixed").value().clone())});
        resources::check(&Place::new(Some(&limits), overhead.path().clone()), &[], errors);
    }
    let selector = Place::root(object, "scheduling").field("nodeSelector");
    errors.extend(labels(selector.value().as_map(), selector.path()));
    let tolerations = Place::root(object, "scheduling").field("tolerations");
    check_tolerations(&tolerations, errors);
    for (at, toleration) in tolerations.items().enumerate() {
        if tolerations.list()[..at].contains(toleration.value()) {
            errors.push(toleration.duplicate());
        }
    }
}

/// A RuntimeClass after another.
pub fn runtime_class_update(object: &Value, old: &Value, errors: &mut Errors) {
    Place::root(object, "handler").immutable(&Place::root(old, "handler"), errors);
}

/// One that there is, or somebody's own, which has a domain. The reference reports it one level too deep.
fn check_strategy(strategy: &Place<'_>, errors: &mut Errors) {
    const KNOWN: [&str; 1] = ["OldestEmulationVersion"];
    let (text, shown) = (strategy.text(), strategy.field("strategy"));
    if text.contains('/') {
        shown.text_format(text, qualified_name, errors);
    } else if !KNOWN.contains(&text) {
        errors.push(Error::not_supported(shown.path(), text, &KNOWN));
    }
}

/// A Lease by itself.
pub fn lease(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let seconds = spec.field("leaseDurationSeconds");
    if seconds.is_set() && seconds.int() <= 0 {
        errors.push(seconds.invalid_int("must be greater than 0"));
    }
    if spec.field("leaseTransitions").is_set() {
        spec.field("leaseTransitions").not_negative(errors);
    }
    let strategy = spec.field("strategy");
    if strategy.is_set() {
        check_strategy(&strategy, errors);
    }
    let holder = spec.field("preferredHolder");
    if !holder.is_empty() && strategy.is_empty() {
        errors.push(holder.forbidden("may only be specified if `strategy` is defined"));
    }
}

/// A Lease after another.
pub fn lease_update(object: &Value, _old: &Value, errors: &mut Errors) {
    lease(object, errors);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(check: impl Fn(&mut Errors)) -> Vec<String> {
        let mut errors = Errors::new();
        check(&mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn user_priorities_are_bounded_and_stay() {
        let of = |name: &str, value: i64| tree!({"metadata": {"name": name}, "value": value, "preemptionPolicy": "Never"});
        assert_eq!(texts(|errors| priority_class(&of("a", 5), errors)), [""; 0]);
        assert_eq!(
            texts(|errors| priority_class(&of("system-node-critical", 2_000_001_000), errors)),
            [""; 0]
        );
        assert_eq!(
            texts(|errors| priority_class(&of("system-a", 5), errors)).len(),
            1
        );
        assert_eq!(
            texts(|errors| priority_class(&of("a", 2_000_000_000), errors)).len(),
            1
        );
        let changed = texts(|errors| priority_class_update(&of("a", 6), &of("a", 5), errors));
        assert_eq!(changed, ["value: Forbidden: may not be changed in an update."]);
    }

    #[test]
    fn runtime_classes_name_a_handler() {
        assert_eq!(
            texts(|errors| runtime_class(&tree!({"handler": "a"}), errors)),
            [""; 0]
        );
        let bad = tree!({"overhead": {"podFixed": {"cpu": "-1"}}});
        let wanted = [
            "handler: Required value",
            r#"overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0"#,
        ];
        assert_eq!(texts(|errors| runtime_class(&bad, errors)), wanted);
        let changed =
            texts(|errors| runtime_class_update(&tree!({"handler": "b"}), &tree!({"handler": "a"}), errors));
        assert_eq!(changed, [r#"handler: Invalid value: "b": field is immutable"#]);
    }

    #[test]
    fn leases_last() {
        let of = |seconds: i64| tree!({"spec": {"leaseDurationSeconds": seconds}});
        assert_eq!(texts(|errors| lease(&of(1), errors)), [""; 0]);
        let text = "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0";
        assert_eq!(texts(|errors| lease(&of(0), errors)), [text]);
    }

    #[test]
    fn strategies_of_leases_are_known_or_have_a_domain() {
        let told = |spec: Value| {
            let object = tree!({"spec": spec});
            texts(|errors| lease(&object, errors))
        };
        for good in ["OldestEmulationVersion", "example.com/own"] {
            assert_eq!(told(tree!({"strategy": good})), [""; 0]);
        }
        assert_eq!(
            told(tree!({"strategy": "Own"})),
            [
                "spec.strategy.strategy: Unsupported value: \"Own\": supported values: \"OldestEmulationVersion\""
            ]
        );
        assert_eq!(told(tree!({"strategy": "a/b/c"})).len(), 1);
        assert_eq!(
            told(tree!({"preferredHolder": "a"})),
            ["spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"]
        );
    }
}
