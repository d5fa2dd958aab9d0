//! Priority: what a pod's priority class makes of it. It decides and edits trees; the plugin reads the classes.

use std::sync::Arc;

use schema::Value;

const DEFAULT_PREEMPTION: &str = "PreemptLowerPriority";

/// Sets class, priority and preemption policy of a new pod. `class` looks one up by name, `default` is the class for pods
/// that name none. An error is the reference's reason to forbid the pod.
pub fn resolve<'a>(
    pod: &mut Value,
    class: impl Fn(&str) -> Option<&'a Value>,
    default: Option<&'a Value>,
) -> Result<(), String> {
    let named = pod
        .str_at(&["spec", "priorityClassName"])
        .filter(|name| !name.is_empty());
    let class = match named {
        Some(name) => {
            Some(class(name).ok_or_else(|| format!("no PriorityClass with name {name} was found"))?)
        }
        None => default,
    };
    let priority = class.and_then(|class| class.int_at(&["value"])).unwrap_or(0);
    let policy = class
        .and_then(|class| class.str_at(&["preemptionPolicy"]))
        .unwrap_or(DEFAULT_PREEMPTION)
        .to_owned();
    check_given(pod, priority, &policy)?;
    let default_name = class
        .and_then(|class| class.str_at(&["metadata", "name"]))
        .map(str::to_owned);
    if let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) {
        if let Some(name) = default_name {
            spec.insert("priorityClassName", name);
        }
        spec.insert("priority", priority);
        spec.insert("preemptionPolicy", policy);
    }
    Ok(())
}

fn check_given(pod: &Value, priority: i64, policy: &str) -> Result<(), String> {
    match pod.int_at(&["spec", "priority"]) {
        Some(given) if given != priority => {
            return Err(format!(
                "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
            ));
        }
        _ => {}
    }
    match pod.str_at(&["spec", "preemptionPolicy"]) {
        Some(given) if given != policy => Err(format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        )),
        _ => Ok(()),
    }
}

/// The default among all classes: of several, the one with the lowest value, then the first by name.
pub fn default_class(classes: &[Arc<Value>]) -> Option<&Value> {
    classes
        .iter()
        .map(Arc::as_ref)
        .filter(|class| class.bool_at(&["globalDefault"]) == Some(true))
        .min_by_key(|class| {
            (
                class.int_at(&["value"]).unwrap_or(0),
                class.str_at(&["metadata", "name"]).map(str::to_owned),
            )
        })
}

/// An update keeps what admission once set and the client does not send.
pub fn keep(pod: &mut Value, old: &Value) {
    for field in ["priority", "preemptionPolicy"] {
        let kept = old.at(&["spec", field]).cloned();
        if let (Some(value), Some(spec)) = (kept, pod.get_mut("spec").and_then(Value::as_map_mut))
            && !spec.contains_key(field)
        {
            spec.insert(field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn class_gives_value_and_policy() {
        let class = tree!({"metadata": {"name": "high"}, "value": 7i64, "preemptionPolicy": "Never"});
        let mut pod = tree!({"spec": {"priorityClassName": "high"}});
        resolve(&mut pod, |name| (name == "high").then_some(&class), None).expect("it exists");
        assert_eq!(pod.int_at(&["spec", "priority"]), Some(7));
        assert_eq!(pod.str_at(&["spec", "preemptionPolicy"]), Some("Never"));
    }

    #[test]
    fn client_values_must_agree() {
        let mut pod = tree!({"spec": {"priority": 3i64}});
        let refusal = resolve(&mut pod, |_| None, None).expect_err("0 was computed");
        assert!(
            refusal.starts_with("the integer value of priority (3) must not"),
            "{refusal}"
        );
        let mut unknown = tree!({"spec": {"priorityClassName": "no"}});
        assert_eq!(
            resolve(&mut unknown, |_| None, None),
            Err("no PriorityClass with name no was found".to_owned())
        );
    }

    #[test]
    fn lowest_default_wins() {
        let classes = [
            tree!({"metadata": {"name": "a"}, "value": 9i64, "globalDefault": true}),
            tree!({"metadata": {"name": "b"}, "value": 2i64, "globalDefault": true}),
            tree!({"metadata": {"name": "c"}, "value": 1i64}),
        ]
        .map(Arc::new);
        assert_eq!(
            default_class(&classes).and_then(|class| class.str_at(&["metadata", "name"])),
            Some("b")
        );
    }
}
