//! Scopes of quotas: for which pods and claims one is. Source: "Resource Quotas" of the Kubernetes documentation.

use std::fmt;

use schema::Value;

use super::usage::Kind;
use crate::strategy::pods::qos;

/// One of the things that must hold of what a quota counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Such as `PriorityClass`.
    pub name: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// For the first two.
    pub values: Vec<String>,
}

impl Scope {
    /// Of `matchExpressions` and the like.
    pub fn of(expression: &Value) -> Self {
        let text = |field: &str| expression.str_at(&[field]).unwrap_or_default().to_owned();
        let values = expression.list_at(&["values"]).iter();
        Self {
            name: text("scopeName"),
            operator: text("operator"),
            values: values.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// Whether it holds of an object. Only pods and claims have scopes.
    pub fn matches(&self, kind: Kind, object: &Value) -> bool {
        match kind {
            Kind::Pods => self.matches_pod(object),
            Kind::Claims if self.name == "VolumeAttributesClass" => {
                self.matches_any(&attributes_classes(object))
            }
            _ => false,
        }
    }

    fn matches_pod(&self, pod: &Value) -> bool {
        let terminates = pod
            .int_at(&["spec", "activeDeadlineSeconds"])
            .is_some_and(|seconds| seconds >= 0);
        let is_best_effort = || qos::class(pod) == "BestEffort";
        match self.name.as_str() {
            "Terminating" => terminates,
            "NotTerminating" => !terminates,
            "BestEffort" => is_best_effort(),
            "NotBestEffort" => !is_best_effort(),
            "CrossNamespacePodAffinity" => reaches_other_namespaces(pod),
            "PriorityClass" => {
                let class = pod.str_at(&["spec", "priorityClassName"]);
                let class: Vec<&str> = class.filter(|name| !name.is_empty()).into_iter().collect();
                self.matches_any(&class)
            }
            _ => false,
        }
    }

    /// As a label selector would: over each name, or over none.
    fn matches_any(&self, names: &[&str]) -> bool {
        let listed = |name: &&str| self.values.iter().any(|value| value == name);
        match self.operator.as_str() {
            "Exists" => !names.is_empty(),
            "DoesNotExist" => names.is_empty(),
            "In" => names.iter().any(listed),
            "NotIn" => names.is_empty() || names.iter().any(|name| !listed(name)),
            _ => false,
        }
    }
}

/// As the reference prints it in refusals.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{{} {} [{}]}}",
            self.name,
            self.operator,
            self.values.join(" ")
        )
    }
}

/// The scopes of a ResourceQuota.
pub fn of_quota(quota: &Value) -> Vec<Scope> {
    let plain = quota
        .list_at(&["spec", "scopes"])
        .iter()
        .filter_map(Value::as_str);
    let plain = plain.map(|name| Scope {
        name: name.to_owned(),
        operator: "Exists".to_owned(),
        values: Vec::new(),
    });
    let expressions = quota.list_at(&["spec", "scopeSelector", "matchExpressions"]);
    plain.chain(expressions.iter().map(Scope::of)).collect()
}

/// The volume attributes classes that a claim has, wants or is being changed to.
pub fn attributes_classes(claim: &Value) -> Vec<&str> {
    let paths: [&[&str]; 3] = [
        &["spec", "volumeAttributesClassName"],
        &["status", "currentVolumeAttributesClassName"],
        &["status", "modifyVolumeStatus", "targetVolumeAttributesClassName"],
    ];
    let mut names: Vec<&str> = paths.into_iter().filter_map(|path| claim.str_at(path)).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

fn reaches_other_namespaces(pod: &Value) -> bool {
    let reaches = |term: &Value| {
        !term.list_at(&["namespaces"]).is_empty()
            || term
                .get("namespaceSelector")
                .is_some_and(|selector| !selector.is_null())
    };
    ["podAffinity", "podAntiAffinity"].into_iter().any(|affinity| {
        let terms = |field| pod.list_at(&["spec", "affinity", affinity, field]).iter();
        terms("requiredDuringSchedulingIgnoredDuringExecution").any(reaches)
            || terms("preferredDuringSchedulingIgnoredDuringExecution")
                .filter_map(|weighted| weighted.get("podAffinityTerm"))
                .any(reaches)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn holds(scope: Value, kind: Kind, object: &Value) -> bool {
        Scope::of(&scope).matches(kind, object)
    }

    fn exists(name: &str, pod: &Value) -> bool {
        holds(tree!({"scopeName": name, "operator": "Exists"}), Kind::Pods, pod)
    }

    #[test]
    fn scopes_of_pods_come_in_pairs() {
        let ends = tree!({"spec": {"activeDeadlineSeconds": 5i64, "containers": [{"resources": {"requests": {"cpu": "1"}}}]}});
        let stays = tree!({"spec": {"containers": [{"name": "c"}]}});
        assert!(exists("Terminating", &ends) && !exists("NotTerminating", &ends));
        assert!(exists("NotTerminating", &stays) && !exists("Terminating", &stays));
        assert!(exists("NotBestEffort", &ends) && exists("BestEffort", &stays));
        assert!(!exists("Unknown", &stays));
    }

    #[test]
    fn priority_classes_are_selected_like_labels() {
        let high = tree!({"spec": {"priorityClassName": "high"}});
        let none = tree!({"spec": {}});
        let of = |operator: &str, pod: &Value| {
            let scope = tree!({"scopeName": "PriorityClass", "operator": operator, "values": ["high"]});
            holds(scope, Kind::Pods, pod)
        };
        assert!(of("In", &high) && !of("In", &none));
        assert!(!of("NotIn", &high) && of("NotIn", &none));
        assert!(of("Exists", &high) && !of("Exists", &none));
        assert!(!of("DoesNotExist", &high) && of("DoesNotExist", &none));
    }

    #[test]
    fn affinity_to_other_namespaces_is_a_scope() {
        let term = tree!({"topologyKey": "a", "namespaceSelector": {}});
        let required = tree!({"spec": {"affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": (vec![term.clone()])}}}});
        let preferred = tree!({"spec": {"affinity": {"podAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1i64, "podAffinityTerm": term}]}}}});
        let own = tree!({"spec": {"affinity": {"podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a"}]}}}});
        assert!(exists("CrossNamespacePodAffinity", &required));
        assert!(exists("CrossNamespacePodAffinity", &preferred));
        assert!(!exists("CrossNamespacePodAffinity", &own));
    }

    #[test]
    fn claims_have_the_class_that_they_have_or_want() {
        let claim = tree!({"spec": {"volumeAttributesClassName": "silver"}, "status": {"currentVolumeAttributesClassName": "gold"}});
        let of = |operator: &str, values: Value| {
            let scope = tree!({"scopeName": "VolumeAttributesClass", "operator": operator, "values": values});
            holds(scope, Kind::Claims, &claim)
        };
        assert!(of("In", tree!(["gold"])) && of("In", tree!(["silver"])));
        assert!(!of("In", tree!(["bronze"])) && of("Exists", tree!([])));
        assert!(of("NotIn", tree!(["gold"])));
    }

    #[test]
    fn services_have_no_scopes() {
        assert!(!holds(
            tree!({"scopeName": "NotTerminating", "operator": "Exists"}),
            Kind::Services,
            &tree!({})
        ));
    }
}
