//! Disruption budgets: whether a pod may go, and what that costs. Pure decisions over trees.

use object::meta;
use schema::{Value, tree};

/// How many pods a budget remembers as on their way out; the reference's limit.
const DISRUPTED_PODS_MAX: usize = 2_000;

/// What a budget says to an eviction.
pub(super) enum Verdict {
    /// It has one less now.
    Spent(Value),
    /// It has none left, or does not know yet.
    Refused(String),
}

/// Whether no budget is asked: the pod does not run, or goes already.
pub(super) fn is_free(pod: &Value) -> bool {
    let phase = pod.str_at(&["status", "phase"]).unwrap_or_default();
    matches!(phase, "Succeeded" | "Failed" | "Pending") || meta::of(pod).is_deleting()
}

/// Whether the budget lets pods go that are not ready anyway.
pub(super) fn ignores_unhealthy(budget: &Value, pod: &Value) -> bool {
    let is_ready = pod.list_at(&["status", "conditions"]).iter().any(|condition| {
        condition.str_at(&["type"]) == Some("Ready") && condition.str_at(&["status"]) == Some("True")
    });
    if is_ready {
        return false;
    }
    let number = |field: &str| budget.int_at(&["status", field]).unwrap_or(0);
    match budget.str_at(&["spec", "unhealthyPodEvictionPolicy"]) {
        Some("AlwaysAllow") => true,
        _ => number("currentHealthy") >= number("desiredHealthy") && number("desiredHealthy") > 0,
    }
}

/// Takes one from the budget for a pod. `now` is RFC 3339.
pub(super) fn spend(budget: &Value, pod: &str, now: &str) -> Verdict {
    let name = meta::of(budget).name();
    let number = |field: &str| budget.int_at(&["status", field]).unwrap_or(0);
    if number("observedGeneration") < meta::of(budget).generation() {
        return Verdict::Refused(format!(
            "The disruption budget {name} is still being processed by the server."
        ));
    }
    let allowed = number("disruptionsAllowed");
    let disrupted = budget
        .map_at(&["status", "disruptedPods"])
        .map_or(0, schema::Map::len);
    if allowed <= 0 || disrupted >= DISRUPTED_PODS_MAX {
        return Verdict::Refused(format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            number("desiredHealthy"),
            number("currentHealthy")
        ));
    }
    let mut next = budget.clone();
    if let Some(map) = next.as_map_mut() {
        let status = map.map_at("status");
        status.insert("disruptionsAllowed", allowed - 1);
        status.map_at("disruptedPods").insert(pod, tree!(now));
    }
    Verdict::Spent(next)
}

/// The pod with the condition that says why it goes.
pub(super) fn announced(pod: &Value, now: &str) -> Value {
    let mut next = pod.clone();
    let Some(map) = next.as_map_mut() else { return next };
    let conditions = map
        .map_at("status")
        .entry_or_insert_with("conditions", || Value::List(Vec::new()));
    if let Some(list) = conditions.as_list_mut() {
        list.retain(|condition| condition.str_at(&["type"]) != Some("DisruptionTarget"));
        list.push(tree!({
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
            "lastTransitionTime": now,
        }));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_once_per_disruption() {
        let budget = tree!({"metadata": {"name": "b", "generation": 1i64},
            "status": {"observedGeneration": 1i64, "disruptionsAllowed": 1i64, "desiredHealthy": 2i64, "currentHealthy": 3i64}});
        let Verdict::Spent(next) = spend(&budget, "p", "2026-01-01T00:00:00Z") else {
            panic!("one is left")
        };
        assert_eq!(
            next.str_at(&["status", "disruptedPods", "p"]),
            Some("2026-01-01T00:00:00Z")
        );
        let Verdict::Refused(why) = spend(&next, "q", "2026-01-01T00:00:00Z") else {
            panic!("none is left")
        };
        assert_eq!(
            why,
            "The disruption budget b needs 2 healthy pods and has 3 currently"
        );
    }

    #[test]
    fn a_budget_that_was_not_looked_at_yet_refuses() {
        let budget = tree!({"metadata": {"name": "b", "generation": 2i64},
            "status": {"observedGeneration": 1i64, "disruptionsAllowed": 1i64}});
        let Verdict::Refused(why) = spend(&budget, "p", "2026-01-01T00:00:00Z") else {
            panic!("it is not known what is left")
        };
        assert_eq!(
            why,
            "The disruption budget b is still being processed by the server."
        );
    }

    #[test]
    fn pods_that_do_not_run_are_free() {
        for phase in ["Succeeded", "Failed", "Pending"] {
            assert!(is_free(&tree!({"status": {"phase": phase}})), "{phase}");
        }
        assert!(!is_free(&tree!({"status": {"phase": "Running"}})));
    }
}
