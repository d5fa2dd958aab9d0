//! DefaultTolerationSeconds: a pod stays for a while on a node that stops answering, unless it says otherwise.

use schema::{Value, tree};

const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const DEFAULT_SECONDS: i64 = 300;

/// Adds the two default tolerations where the pod has none for the taint.
pub fn add_defaults(pod: &mut Value) {
    for taint in TAINTS {
        let tolerated = pod
            .list_at(&["spec", "tolerations"])
            .iter()
            .any(|toleration| covers(toleration, taint));
        let Some(spec) = pod.get_mut("spec").and_then(Value::as_map_mut) else {
            return;
        };
        let tolerations = spec.entry_or_insert_with("tolerations", || Value::List(Vec::new()));
        if let (false, Some(list)) = (tolerated, tolerations.as_list_mut()) {
            list.push(tree!({
                "key": taint,
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": DEFAULT_SECONDS,
            }));
        }
    }
}

/// A toleration without a key covers every taint, one without an effect every effect.
fn covers(toleration: &Value, taint: &str) -> bool {
    let empty_or = |field: &str, wanted: &str| {
        matches!(toleration.str_at(&[field]), None | Some("")) || toleration.str_at(&[field]) == Some(wanted)
    };
    empty_or("key", taint) && empty_or("effect", "NoExecute")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_tolerations_are_kept_and_missing_ones_added() {
        let mut pod = tree!({"spec": {"tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5i64},
        ]}});
        add_defaults(&mut pod);
        let tolerations = pod.list_at(&["spec", "tolerations"]);
        assert_eq!(tolerations.len(), 2);
        assert_eq!(tolerations[0].int_at(&["tolerationSeconds"]), Some(5));
        assert_eq!(
            tolerations[1].str_at(&["key"]),
            Some("node.kubernetes.io/unreachable")
        );
    }

    #[test]
    fn a_toleration_of_everything_is_enough() {
        let mut pod = tree!({"spec": {"tolerations": [{"operator": "Exists"}]}});
        add_defaults(&mut pod);
        assert_eq!(pod.list_at(&["spec", "tolerations"]).len(), 1);
    }
}
