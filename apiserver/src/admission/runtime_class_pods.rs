//! RuntimeClass, for pods: the overhead and the scheduling rules that a pod takes over from its class.
//! It edits trees; the plugin reads the class.

use schema::Value;

use super::tolerations;

/// Merges overhead, node selector and tolerations of the class into a new pod. An error is the reason to forbid it.
pub fn apply(pod: &mut Value, class: &Value) -> Result<(), String> {
    apply_overhead(pod, class)?;
    apply_node_selector(pod, class)?;
    apply_tolerations(pod, class);
    Ok(())
}

/// A pod without a class may not carry an overhead.
pub fn check_without_class(pod: &Value) -> Result<(), String> {
    match pod.at(&["spec", "overhead"]) {
        Some(_) => Err(
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead".to_owned(),
        ),
        None => Ok(()),
    }
}

fn apply_overhead(pod: &mut Value, class: &Value) -> Result<(), String> {
    let wanted = class.at(&["overhead", "podFixed"]);
    match (pod.at(&["spec", "overhead"]), wanted) {
        (Some(given), Some(wanted)) if given != wanted => {
            Err("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_owned())
        }
        (Some(_), None) => check_without_class(pod),
        (None, Some(wanted)) => {
            let wanted = wanted.clone();
            if let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) {
                spec.insert("overhead", wanted);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Those of the pod and of the class, without those that others cover.
fn apply_tolerations(pod: &mut Value, class: &Value) {
    let more = class.list_at(&["scheduling", "tolerations"]);
    let merged = tolerations::merged(pod.list_at(&["spec", "tolerations"]), more);
    let spec = pod.get_mut("spec").and_then(Value::as_map_mut);
    if let (false, Some(spec)) = (more.is_empty(), spec) {
        spec.insert("tolerations", merged);
    }
}

fn apply_node_selector(pod: &mut Value, class: &Value) -> Result<(), String> {
    let Some(wanted) = class.map_at(&["scheduling", "nodeSelector"]) else {
        return Ok(());
    };
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) else {
        return Ok(());
    };
    let selector = spec.map_at("nodeSelector");
    for (key, value) in wanted.iter() {
        match selector.get(key) {
            Some(given) if given != value => {
                return Err(format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}; pod.spec.nodeSelector[{key}] = {}",
                    value.as_str().unwrap_or_default(),
                    given.as_str().unwrap_or_default(),
                ));
            }
            _ => {
                selector.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn class_fills_what_the_pod_leaves_open() {
        let class = tree!({"overhead": {"podFixed": {"cpu": "1"}}, "scheduling": {
            "nodeSelector": {"a": "b"}, "tolerations": [{"key": "k"}]}});
        let mut pod = tree!({"spec": {"nodeSelector": {"c": "d"}}});
        apply(&mut pod, &class).expect("nothing conflicts");
        assert_eq!(pod.str_at(&["spec", "overhead", "cpu"]), Some("1"));
        assert_eq!(
            pod.map_at(&["spec", "nodeSelector"])
                .map(|selector| selector.len()),
            Some(2)
        );
        assert_eq!(pod.list_at(&["spec", "tolerations"]).len(), 1);
        let mut other = tree!({"spec": {"nodeSelector": {"a": "x"}}});
        assert!(apply(&mut other, &class).is_err());
    }

    #[test]
    fn tolerations_that_others_cover_go() {
        let narrow = tree!({"key": "k", "value": "v", "effect": "NoSchedule"});
        let wide = tree!({"key": "k", "operator": "Exists"});
        let merged = |own: Value, of_class: Value| {
            let mut pod = tree!({"spec": {"tolerations": [own]}});
            apply(&mut pod, &tree!({"scheduling": {"tolerations": [of_class]}})).unwrap();
            pod.list_at(&["spec", "tolerations"]).to_vec()
        };
        assert_eq!(merged(wide.clone(), narrow.clone()), [wide.clone()]);
        assert_eq!(merged(narrow, wide.clone()), [wide]);
    }
}
