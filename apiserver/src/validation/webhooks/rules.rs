//! Which requests a webhook or a policy is for: operations, groups, versions and resources.
//! Matching requests against them is admission's.

use std::collections::HashSet;

use object::names::path_segment;

use super::super::place::Place;
use crate::strategy::Errors;

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: [&str; 3] = ["*", "Cluster", "Namespaced"];

/// A rule of a webhook.
pub fn with_operations(rule: &Place<'_>, errors: &mut Errors) {
    let operations = rule.field("operations");
    some_or_all(&operations, "operations", errors);
    for operation in operations.items() {
        operation.one_of(&OPERATIONS, errors);
    }
    some_or_all(&rule.field("apiGroups"), "API groups", errors);
    let versions = rule.field("apiVersions");
    some_or_all(&versions, "API versions", errors);
    for version in versions.items() {
        version.require(errors);
    }
    resources(&rule.field("resources"), errors);
    rule.field("scope").one_of_if_set(&SCOPES, errors);
}

/// A rule of a policy, which may name objects.
pub fn named(rule: &Place<'_>, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for name in rule.field("resourceNames").items() {
        name.format(path_segment, errors);
        if !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
    }
    with_operations(rule, errors);
}

/// Requires items, and `*` to be alone.
fn some_or_all(place: &Place<'_>, what: &str, errors: &mut Errors) {
    let texts = place.texts();
    if texts.is_empty() {
        errors.push(place.required(""));
    } else if texts.len() > 1 && texts.contains(&"*") {
        errors.push(place.invalid(format!("if '*' is present, must not specify other {what}")));
    }
}

fn resources(place: &Place<'_>, errors: &mut Errors) {
    if place.list().is_empty() {
        errors.push(place.required(""));
    }
    let (mut all_of, mut of_all) = (HashSet::new(), HashSet::new());
    // The reference looks at the last plain resource only.
    let mut plain_besides_all = false;
    for resource in place.items() {
        let text = resource.text();
        if text.is_empty() {
            errors.push(resource.required(""));
            continue;
        }
        let Some((parent, sub)) = text.split_once('/') else {
            plain_besides_all = text != "*";
            continue;
        };
        if all_of.contains(parent) {
            errors.push(resource.invalid_text(covered(&format!("{parent}/*"), text)));
        }
        if of_all.contains(sub) {
            errors.push(resource.invalid_text(covered(&format!("*/{sub}"), text)));
        }
        if sub == "*" {
            all_of.insert(parent);
        }
        if parent == "*" {
            of_all.insert(sub);
        }
    }
    let texts = place.texts();
    if texts.len() > 1 && texts.contains(&"*/*") {
        errors.push(place.invalid("if '*/*' is present, must not specify other resources"));
    }
    if plain_besides_all && texts.contains(&"*") {
        errors
            .push(place.invalid("if '*' is present, must not specify other resources without subresources"));
    }
}

fn covered(by: &str, text: &str) -> String {
    format!("if '{by}' is present, must not specify {text}")
}
