//! `matchLabelKeys` and `mismatchLabelKeys`: a new pod's own labels become part of its affinity and spread selectors.
//! Whether the keys are allowed is validation's part. Source: KEP-3633 and KEP-3243.

use object::meta;
use schema::{Map, Value, tree};

const TERMS: [&str; 2] = [
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
];

/// Merges them into all selectors of a new pod.
pub fn merge(pod: &mut Value) {
    let Some(labels) = meta::of(pod).labels().cloned() else {
        return;
    };
    let Some(spec) = pod.get_mut("spec") else { return };
    for constraint in list_mut(spec, &["topologySpreadConstraints"]) {
        merge_into(constraint, &labels);
    }
    for affinity in ["podAffinity", "podAntiAffinity"] {
        for term in list_mut(spec, &["affinity", affinity, TERMS[0]]) {
            merge_into(term, &labels);
        }
        for weighted in list_mut(spec, &["affinity", affinity, TERMS[1]]) {
            if let Some(term) = weighted.get_mut("podAffinityTerm") {
                merge_into(term, &labels);
            }
        }
    }
}

fn list_mut<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut [Value] {
    value
        .at_mut(path)
        .and_then(Value::as_list_mut)
        .map_or(&mut [], Vec::as_mut_slice)
}

fn merge_into(term: &mut Value, labels: &Map) {
    let mut added = Vec::new();
    for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
        for key in term.list_at(&[field]).iter().filter_map(Value::as_str) {
            if let Some(value) = labels.get(key) {
                let value = value.clone();
                added.push(tree!({"key": key, "operator": operator, "values": [value]}));
            }
        }
    }
    // An absent selector matches nothing, and goes on to.
    let Some(selector) = term.get_mut("labelSelector").and_then(Value::as_map_mut) else {
        return;
    };
    if added.is_empty() {
        return;
    }
    let expressions = selector.entry_or_insert_with("matchExpressions", || Value::List(Vec::new()));
    if let Some(expressions) = expressions.as_list_mut() {
        expressions.extend(added);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_pod_become_requirements() {
        let mut pod = tree!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "topologySpreadConstraints": [{"labelSelector": {}, "matchLabelKeys": ["app", "absent"]}],
                "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
                    {"podAffinityTerm": {"labelSelector": {}, "mismatchLabelKeys": ["app"]}}
                ]}}
            }
        });
        merge(&mut pod);
        let spread = &pod.list_at(&["spec", "topologySpreadConstraints"])[0];
        assert_eq!(
            spread.list_at(&["labelSelector", "matchExpressions"]),
            [tree!({"key": "app", "operator": "In", "values": ["web"]})]
        );
        let weighted = &pod.list_at(&["spec", "affinity", "podAffinity", TERMS[1]])[0];
        assert_eq!(
            weighted.list_at(&["podAffinityTerm", "labelSelector", "matchExpressions"])[0]
                .str_at(&["operator"]),
            Some("NotIn")
        );
    }

    #[test]
    fn an_absent_selector_stays_absent() {
        let mut pod = tree!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {"topologySpreadConstraints": [{"matchLabelKeys": ["app"]}]}
        });
        let before = pod.clone();
        merge(&mut pod);
        assert_eq!(pod, before);
    }
}
