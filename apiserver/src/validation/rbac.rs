//! Roles and bindings: rules, role references, subjects.
//! Whether the writer may grant them is for the escalation checks.

use object::field::{Printed, quote};
use object::meta_validation::label_selector;
use object::names::{dns_subdomain, path_segment};
use schema::Value;

use super::place::Place;
use crate::strategy::Errors;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role by itself.
pub fn role(object: &Value, errors: &mut Errors) {
    Place::root(object, "rules")
        .items()
        .for_each(|rule| self::rule(&rule, true, errors));
}

/// A ClusterRole by itself.
pub fn cluster_role(object: &Value, errors: &mut Errors) {
    Place::root(object, "rules")
        .items()
        .for_each(|rule| self::rule(&rule, false, errors));
    let aggregation = Place::root(object, "aggregationRule");
    if !aggregation.is_set() {
        return;
    }
    let selectors = aggregation.field("clusterRoleSelectors");
    if selectors.list().is_empty() {
        errors.push(
            selectors.required("at least one clusterRoleSelector required if aggregationRule is non-nil"),
        );
    }
    for selector in selectors.items() {
        let before = errors.len();
        errors.extend(label_selector(selector.value(), true, selector.path()));
        if errors.len() > before {
            errors.push(selector.invalid_as(Printed::null(), "invalid label selector."));
        }
    }
}

/// A RoleBinding by itself.
pub fn binding(object: &Value, errors: &mut Errors) {
    role_ref(object, &["Role", "ClusterRole"], errors);
    Place::root(object, "subjects")
        .items()
        .for_each(|subject| self::subject(&subject, true, errors));
}

/// A ClusterRoleBinding by itself.
pub fn cluster_binding(object: &Value, errors: &mut Errors) {
    role_ref(object, &["ClusterRole"], errors);
    Place::root(object, "subjects")
        .items()
        .for_each(|subject| self::subject(&subject, false, errors));
}

/// A RoleBinding after another.
pub fn binding_update(object: &Value, old: &Value, errors: &mut Errors) {
    binding(object, errors);
    role_ref_kept(object, old, errors);
}

/// A ClusterRoleBinding after another.
pub fn cluster_binding_update(object: &Value, old: &Value, errors: &mut Errors) {
    cluster_binding(object, errors);
    role_ref_kept(object, old, errors);
}

fn role_ref_kept(object: &Value, old: &Value, errors: &mut Errors) {
    let (now, before) = (Place::root(object, "roleRef"), Place::root(old, "roleRef"));
    if now.value() == before.value() {
        return;
    }
    let [group, kind, name] = ["apiGroup", "kind", "name"].map(|field| quote(now.field(field).text()));
    let shown = format!("{{\"APIGroup\":{group},\"Kind\":{kind},\"Name\":{name}}}");
    errors.push(now.invalid_as(Printed::raw(shown), "cannot change roleRef"));
}

fn rule(rule: &Place<'_>, namespaced: bool, errors: &mut Errors) {
    let [verbs, groups, resources, urls, names] = [
        "verbs",
        "apiGroups",
        "resources",
        "nonResourceURLs",
        "resourceNames",
    ]
    .map(|field| rule.field(field));
    if verbs.list().is_empty() {
        errors.push(verbs.required("verbs must contain at least one value"));
    }
    if !urls.list().is_empty() {
        if namespaced {
            errors.push(urls.invalid("namespaced rules cannot apply to non-resource URLs"));
        }
        if [groups, resources, names]
            .iter()
            .any(|list| !list.list().is_empty())
        {
            errors.push(urls.invalid("rules cannot apply to both regular resources and non-resource URLs"));
        }
        return;
    }
    if groups.list().is_empty() {
        errors.push(groups.required("resource rules must supply at least one api group"));
    }
    if resources.list().is_empty() {
        errors.push(resources.required("resource rules must supply at least one resource"));
    }
}

fn role_ref(object: &Value, kinds: &[&str], errors: &mut Errors) {
    let reference = Place::root(object, "roleRef");
    reference.field("apiGroup").one_of(&[GROUP], errors);
    reference.field("kind").one_of(kinds, errors);
    let name = reference.field("name");
    if name.require(errors) {
        name.format(path_segment, errors);
    }
}

fn subject(subject: &Place<'_>, namespaced: bool, errors: &mut Errors) {
    let [name, kind, group, namespace] =
        ["name", "kind", "apiGroup", "namespace"].map(|field| subject.field(field));
    name.require(errors);
    match kind.text() {
        "ServiceAccount" => {
            if !name.is_empty() {
                name.format(dns_subdomain, errors);
            }
            if !group.is_empty() {
                errors.push(group.not_supported(&[""]));
            }
            if !namespaced && namespace.is_empty() {
                errors.push(namespace.required(""));
            }
        }
        "User" | "Group" => group.one_of(&[GROUP], errors),
        _ => errors.push(kind.not_supported(&["ServiceAccount", "User", "Group"])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: fn(&Value, &mut Errors), object: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_are_of_resources_or_urls() {
        let good = tree!({"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]});
        assert_eq!(texts(role, &good), [""; 0]);
        assert_eq!(texts(role, &tree!({"rules": [{}]})).len(), 3);
        let urls = tree!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]});
        assert_eq!(texts(role, &urls).len(), 1);
        assert_eq!(texts(cluster_role, &urls), [""; 0]);
    }

    #[test]
    fn aggregation_needs_selectors() {
        assert_eq!(texts(cluster_role, &tree!({"aggregationRule": {}})).len(), 1);
        let good = tree!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}});
        assert_eq!(texts(cluster_role, &good), [""; 0]);
    }

    #[test]
    fn bindings_keep_their_role() {
        let of = |name: &str| {
            tree!({"roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
                "subjects": [{"kind": "User", "apiGroup": GROUP, "name": "jane"}]})
        };
        assert_eq!(texts(binding, &of("a")), [""; 0]);
        assert_eq!(texts(cluster_binding, &of("a")), [""; 0]);
        let mut errors = Errors::new();
        binding_update(&of("b"), &of("a"), &mut errors);
        let shown = r#"{"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"b"}"#;
        assert_eq!(
            errors[0].to_string(),
            format!("roleRef: Invalid value: {shown}: cannot change roleRef")
        );
    }

    #[test]
    fn service_accounts_of_a_cluster_binding_have_a_namespace() {
        let object = tree!({"roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "a"},
            "subjects": [{"kind": "ServiceAccount", "name": "sa"}]});
        assert_eq!(
            texts(cluster_binding, &object),
            ["subjects[0].namespace: Required value"]
        );
    }
}
