//! What may change of where a pod is placed while gates hold it back: it may only get narrower. Source: KEP-3838.

use schema::{Map, Value};

use super::super::internal_form;
use super::super::place::Place;
use crate::strategy::Errors;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const ADDITIONS: &str = "only additions are allowed (no mutations or deletions)";

/// Checks the node selector and the node affinity of a gated pod.
pub fn check(spec: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let (selector, had) = (spec.field("nodeSelector"), before.field("nodeSelector"));
    let kept = |key: &str, value: &Value| selector.value().get(key) == Some(value);
    if !had.entries().all(|(key, entry)| kept(key, entry.value())) {
        errors.push(selector.invalid(ADDITIONS));
    }
    check_terms(&terms(spec), &terms(before), errors);
}

fn terms<'a>(spec: &Place<'a>) -> Place<'a> {
    let affinity = spec.field("affinity").field("nodeAffinity");
    affinity.field(REQUIRED).field("nodeSelectorTerms")
}

/// A pod that had no terms may get any; each of those it had may only ask for more.
fn check_terms(now: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let count = before.list().len();
    if count > 0 && count != now.list().len() {
        let shown = internal_form::compact_list("NodeSelectorTerm", now.value());
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errors.push(now.invalid_as(shown, detail));
        return;
    }
    for (term, had) in now.items().zip(before.list()) {
        if !has_only_more(term.value(), had) {
            let shown = internal_form::compact("NodeSelectorTerm", term.value());
            errors.push(term.invalid_as(shown, ADDITIONS));
        }
    }
}

/// A term without requirements matches no node, and would match some with one.
fn has_only_more(term: &Value, had: &Value) -> bool {
    let lists = ["matchExpressions", "matchFields"];
    let is_empty = |term: &Value| lists.iter().all(|list| term.list_at(&[*list]).is_empty());
    let begins = |list: &&str| term.list_at(&[*list]).starts_with(had.list_at(&[*list]));
    lists.iter().all(begins) && (!is_empty(had) || is_empty(term))
}

/// Puts the node affinity of before into a spec.
pub fn restore_affinity(spec: &mut Map, before: &Place<'_>) {
    let had = before.field("affinity");
    let node = had.value().get("nodeAffinity");
    if node.is_none() && !spec.contains_key("affinity") {
        return;
    }
    let affinity = spec.map_at("affinity");
    match node {
        Some(node) => drop(affinity.insert("nodeAffinity", node.clone())),
        None => drop(affinity.remove("nodeAffinity")),
    }
    if affinity.is_empty() && !had.is_set() {
        spec.remove("affinity");
    }
}
