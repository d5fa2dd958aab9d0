//! The `Dangling` condition of flow schemas: whether the priority level that they name exists.
//! It decides; it reads and writes nothing.

use schema::{Value, tree};

/// Who owns the condition, as the reference names itself there.
pub const MANAGER: &str = "api-priority-and-fairness-config-consumer-v1";

/// The condition that a flow schema should have now; `None` if it has it already. `now` is an RFC 3339 time.
pub fn dangling_condition(flow_schema: &Value, level_exists: bool, now: &str) -> Option<Value> {
    let level = flow_schema
        .str_at(&["spec", "priorityLevelConfiguration", "name"])
        .unwrap_or_default();
    let (status, reason, message) = match level_exists {
        true => (
            "False",
            "Found",
            format!(
                "This FlowSchema references the PriorityLevelConfiguration object named {level:?} and it exists"
            ),
        ),
        false => (
            "True",
            "NotFound",
            format!(
                "This FlowSchema references the PriorityLevelConfiguration object named {level:?} but there is no such object"
            ),
        ),
    };
    let has_it = flow_schema
        .list_at(&["status", "conditions"])
        .iter()
        .any(|condition| {
            condition.str_at(&["type"]) == Some("Dangling")
                && condition.str_at(&["status"]) == Some(status)
                && condition.str_at(&["message"]) == Some(&message)
        });
    (!has_it).then(|| {
        tree!({
            "type": "Dangling",
            "status": status,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_is_written_once_per_state() {
        let mut flow_schema = tree!({"spec": {"priorityLevelConfiguration": {"name": "system"}}});
        let condition = dangling_condition(&flow_schema, true, "2026-01-01T00:00:00Z").expect("none yet");
        assert_eq!(condition.str_at(&["status"]), Some("False"));
        if let Some(map) = flow_schema.as_map_mut() {
            map.map_at("status").insert("conditions", vec![condition]);
        }
        assert!(dangling_condition(&flow_schema, true, "2026-01-02T00:00:00Z").is_none());
        assert!(dangling_condition(&flow_schema, false, "2026-01-02T00:00:00Z").is_some());
    }
}
