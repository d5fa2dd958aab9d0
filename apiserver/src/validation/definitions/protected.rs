//! Groups whose APIs are the Kubernetes project's own: definitions there need a reviewer's word.

use schema::Value;

use super::super::place::Place;
use crate::strategy::Errors;

const DOMAINS: [&str; 2] = ["k8s.io", "kubernetes.io"];
const ANNOTATION: &str = "api-approved.kubernetes.io";
const SEE: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

#[derive(PartialEq, Eq)]
enum Approval {
    Missing,
    Invalid,
    Bypassed,
    Approved,
}

/// Requires approval in a protected group, unless it is as it was before.
pub fn check(definition: &Value, old: Option<&Value>, errors: &mut Errors) {
    let group = definition.str_at(&["spec", "group"]).unwrap_or_default();
    let approval = approval(definition);
    if !is_protected(group) || old.is_some_and(|old| self::approval(old) == approval) {
        return;
    }
    let annotation = annotation(definition);
    match approval {
        Approval::Missing => errors.push(annotation.required(&format!(
            "protected groups must have approval annotation {ANNOTATION:?}, {SEE}"
        ))),
        Approval::Invalid => errors.push(annotation.invalid(format!(
            "protected groups must have approval annotation {ANNOTATION:?} with either a URL or a reason starting with \"unapproved\", {SEE}"
        ))),
        Approval::Bypassed | Approval::Approved => {}
    }
}

fn is_protected(group: &str) -> bool {
    DOMAINS.iter().any(|domain| {
        group
            .strip_suffix(domain)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

fn annotation(definition: &Value) -> Place<'_> {
    Place::root(definition, "metadata")
        .field("annotations")
        .key(ANNOTATION)
}

fn approval(definition: &Value) -> Approval {
    match annotation(definition).text() {
        "" => Approval::Missing,
        text if text.starts_with("unapproved") => Approval::Bypassed,
        text if text
            .split_once("://")
            .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty()) =>
        {
            Approval::Approved
        }
        _ => Approval::Invalid,
    }
}
