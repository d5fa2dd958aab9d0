//! Resource quotas: what may be limited, scopes, and the status.
//! Counting is the quota controller's.

use object::meta_validation::IMMUTABLE;
use object::names::qualified_name;
use schema::Value;

use super::place::Place;
use super::quantities;
use crate::strategy::Errors;

const STANDARD: [&str; 18] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
];
const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];
const EXCLUSIVE: [[&str; 2]; 2] = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];

/// A ResourceQuota by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    amounts(&spec.field("hard"), errors);
    let scopes = spec.field("scopes");
    for scope in scopes.texts().into_iter().filter(|scope| !SCOPES.contains(scope)) {
        errors.push(scopes.invalid_as(scopes.value(), format!("unsupported scope {scope}").as_str()));
    }
    if EXCLUSIVE
        .iter()
        .any(|pair| pair.iter().all(|scope| scopes.texts().contains(scope)))
    {
        errors.push(scopes.invalid("conflicting scopes"));
    }
    selector(&spec.field("scopeSelector").field("matchExpressions"), errors);
}

/// A ResourceQuota after another: scopes stay.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    create(object, errors);
    let of = |object| Place::root(object, "spec").field("scopes");
    let sorted = |object| {
        let mut scopes = of(object).texts();
        scopes.sort_unstable();
        scopes
    };
    if sorted(object) != sorted(old) {
        errors.push(of(object).invalid(IMMUTABLE));
    }
}

/// A ResourceQuota's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    for field in ["hard", "used"] {
        amounts(&Place::root(object, "status").field(field), errors);
    }
}

fn amounts(hard: &Place<'_>, errors: &mut Errors) {
    for (name, amount) in hard.entries() {
        let before = errors.len();
        amount.text_format(name, qualified_name, errors);
        let unknown = errors.len() == before && !name.contains('/') && !is_standard(name);
        if unknown {
            errors.push(amount.invalid_as(name, "must be a standard resource type or fully qualified"));
            errors.push(amount.invalid_as(name, "must be a standard resource for quota"));
        }
        quantities::amount(name, &amount, errors);
    }
}

fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name)
        || name == "services.loadbalancers"
        || name.starts_with("hugepages-")
        || name.starts_with("requests.hugepages-")
}

fn selector(expressions: &Place<'_>, errors: &mut Errors) {
    for expression in expressions.items() {
        let [scope, operator, values] =
            ["scopeName", "operator", "values"].map(|field| expression.field(field));
        // The reference does not say which expression it is.
        let operator = Place::new(
            operator.is_set().then(|| operator.value()),
            expressions.path().child("operator"),
        );
        if !SCOPES.contains(&scope.text()) {
            errors.push(scope.invalid_text("unsupported scope"));
        }
        let exists_only = !["PriorityClass", "VolumeAttributesClass"].contains(&scope.text());
        if exists_only && operator.text() != "Exists" {
            errors.push(operator.invalid_text(
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, \
                 ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
            ));
            continue;
        }
        match operator.text() {
            "In" | "NotIn" if values.list().is_empty() => {
                errors.push(values.required(
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
                ));
            }
            "Exists" | "DoesNotExist" if !values.list().is_empty() => {
                errors.push(values.invalid(
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
                ));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.push(operator.invalid_text("not a valid selector operator")),
        }
    }
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
    fn known_resources_are_limited() {
        assert_eq!(
            created(tree!({"hard": {"pods": "10", "requests.cpu": "2", "count/jobs.batch": "3"}})),
            [""; 0]
        );
        assert_eq!(created(tree!({"hard": {"bogus": "1"}})).len(), 2);
        assert_eq!(created(tree!({"hard": {"pods": "-1"}})).len(), 1);
    }

    #[test]
    fn scopes_do_not_exclude_each_other() {
        assert_eq!(created(tree!({"scopes": ["BestEffort"]})), [""; 0]);
        let text = r#"spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes"#;
        assert_eq!(
            created(tree!({"scopes": ["BestEffort", "NotBestEffort"]})),
            [text]
        );
        let mut errors = Errors::new();
        update(
            &tree!({"spec": {"scopes": ["BestEffort"]}}),
            &tree!({"spec": {}}),
            &mut errors,
        );
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn scope_selectors_fit_their_scope() {
        let of = |expression: Value| created(tree!({"scopeSelector": {"matchExpressions": [expression]}}));
        assert_eq!(
            of(tree!({"scopeName": "PriorityClass", "operator": "In", "values": ["a"]})),
            [""; 0]
        );
        assert_eq!(
            of(tree!({"scopeName": "BestEffort", "operator": "In", "values": ["a"]})).len(),
            1
        );
        assert_eq!(
            of(tree!({"scopeName": "PriorityClass", "operator": "In"})).len(),
            1
        );
    }

    #[test]
    fn used_amounts_are_not_negative() {
        let object = tree!({"status": {"used": {"pods": "-1"}}});
        let mut errors = Errors::new();
        status(&object, &object, &mut errors);
        assert_eq!(errors.len(), 1);
    }
}
