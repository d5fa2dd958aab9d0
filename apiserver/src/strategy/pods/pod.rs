//! The strategy of pods: their first status, what a write may touch, how long they live on when deleted.

use schema::{Map, Value, tree};

use super::super::{Errors, Strategy, WriteContext};
use super::{app_armor, match_keys, qos, subresources};
use crate::validation::pods as rules;

/// Pods.
#[derive(Debug)]
pub struct Pods;

impl Strategy for Pods {
    fn warnings_before(&self, pod: &Value) -> Vec<String> {
        app_armor::warnings(pod)
    }

    fn prepare_create(&self, cx: &WriteContext<'_>, pod: &mut Value) {
        raise_negative_grace(pod);
        match_keys::merge(pod);
        app_armor::fill(pod);
        let status = first_status(pod, cx.now);
        if let Some(map) = pod.as_map_mut() {
            map.insert("status", status);
        }
    }

    fn prepare_update(&self, cx: &WriteContext<'_>, pod: &mut Value, old: &Value) {
        match cx.subresource {
            "status" => subresources::keep_for_status(pod, old),
            "ephemeralcontainers" => subresources::keep_all_but_ephemeral_containers(pod, old),
            "resize" => subresources::keep_all_but_resources(pod, old),
            _ => {}
        }
    }

    fn validate_create(&self, _cx: &WriteContext<'_>, pod: &Value, errors: &mut Errors) {
        rules::create(pod, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, pod: &Value, old: &Value, errors: &mut Errors) {
        rules::update(cx.subresource, pod, old, errors);
    }

    fn warnings(&self, cx: &WriteContext<'_>, pod: &Value, old: Option<&Value>) -> Vec<String> {
        if matches!(cx.subresource, "" | "ephemeralcontainers" | "resize") {
            rules::warnings(pod, old)
        } else {
            Vec::new()
        }
    }

    fn grace_seconds(&self, pod: &Value, asked: Option<i64>) -> Option<i64> {
        let scheduled = pod
            .str_at(&["spec", "nodeName"])
            .is_some_and(|node| !node.is_empty());
        let ended = matches!(pod.str_at(&["status", "phase"]), Some("Failed" | "Succeeded"));
        let wanted = asked
            .or_else(|| pod.int_at(&["spec", "terminationGracePeriodSeconds"]))
            .unwrap_or(0);
        Some(match wanted {
            _ if !scheduled || ended => 0,
            negative if negative < 0 => 1,
            seconds => seconds,
        })
    }
}

/// A negative grace period means the shortest that there is.
fn raise_negative_grace(pod: &mut Value) {
    if let Some(Value::Int(seconds @ ..0)) = pod.at_mut(&["spec", "terminationGracePeriodSeconds"]) {
        *seconds = 1;
    }
}

fn first_status(pod: &Value, now: &str) -> Value {
    let mut status = Map::new();
    if !pod.list_at(&["spec", "schedulingGates"]).is_empty() {
        let gated = tree!({
            "type": "PodScheduled",
            "status": "False",
            "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
            "lastTransitionTime": now,
        });
        status.insert("conditions", vec![gated]);
    }
    status.insert("phase", "Pending");
    status.insert("qosClass", qos::class(pod));
    Value::Map(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gated_pod_says_so_from_the_start() {
        let status = first_status(
            &tree!({"spec": {"schedulingGates": [{"name": "a"}]}}),
            "2026-01-01T00:00:00Z",
        );
        let condition = &status.list_at(&["conditions"])[0];
        assert_eq!(condition.str_at(&["reason"]), Some("SchedulingGated"));
        assert_eq!(
            condition.str_at(&["lastTransitionTime"]),
            Some("2026-01-01T00:00:00Z")
        );
        assert!(first_status(&tree!({"spec": {}}), "").get("conditions").is_none());
    }

    #[test]
    fn only_bound_running_pods_get_time_to_end() {
        let pod = |node: &str, phase: &str| tree!({"spec": {"nodeName": node, "terminationGracePeriodSeconds": 30i64}, "status": {"phase": phase}});
        assert_eq!(Pods.grace_seconds(&pod("n", "Running"), None), Some(30));
        assert_eq!(Pods.grace_seconds(&pod("n", "Running"), Some(5)), Some(5));
        assert_eq!(Pods.grace_seconds(&pod("n", "Running"), Some(-5)), Some(1));
        assert_eq!(Pods.grace_seconds(&pod("", "Pending"), None), Some(0));
        assert_eq!(Pods.grace_seconds(&pod("n", "Failed"), Some(5)), Some(0));
    }
}
