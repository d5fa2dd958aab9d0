//! Conditions of statuses that this server's own controllers keep up. What they say is with each controller.

use schema::{Map, Value, tree};

/// What a condition says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it is about, e.g. `Available`.
    pub kind: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// Why, in one word.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// Sets a condition among those of an object; its transition time stays as long as its status does.
/// `now` is an RFC 3339 time. Does nothing if the condition says that already.
pub fn set(object: &mut Value, condition: &Condition, now: &str) {
    let before = find(object, condition.kind);
    let says = |field: &str, text: &str| before.is_some_and(|before| before.str_at(&[field]) == Some(text));
    if says("status", condition.status)
        && says("reason", condition.reason)
        && says("message", &condition.message)
    {
        return;
    }
    let since = before
        .filter(|_| says("status", condition.status))
        .and_then(|before| before.str_at(&["lastTransitionTime"]))
        .unwrap_or(now);
    let next = tree!({
        "lastTransitionTime": (since.to_owned()),
        "message": (condition.message.clone()),
        "reason": (condition.reason),
        "status": (condition.status),
        "type": (condition.kind),
    });
    let Some(status) = object.as_map_mut().map(|map: &mut Map| map.map_at("status")) else {
        return;
    };
    let mut conditions = match status.remove("conditions") {
        Some(Value::List(conditions)) => conditions,
        _ => Vec::new(),
    };
    match conditions
        .iter_mut()
        .find(|other| other.str_at(&["type"]) == Some(condition.kind))
    {
        Some(old) => *old = next,
        None => conditions.push(next),
    }
    status.insert("conditions", conditions);
}

/// A condition of an object by its type.
pub fn find<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object
        .list_at(&["status", "conditions"])
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some(kind))
}

/// Takes a condition away, if it is there.
pub fn remove(object: &mut Value, kind: &str) {
    if find(object, kind).is_none() {
        return;
    }
    let status = object.as_map_mut().map(|map: &mut Map| map.map_at("status"));
    if let Some(Value::List(conditions)) = status.and_then(|status| status.get_mut("conditions")) {
        conditions.retain(|one| one.str_at(&["type"]) != Some(kind));
    }
}

/// Whether a condition is there and true.
pub fn is_true(object: &Value, kind: &str) -> bool {
    find(object, kind).is_some_and(|condition| condition.str_at(&["status"]) == Some("True"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(status: &'static str, message: &str) -> Condition {
        Condition {
            kind: "Ready",
            status,
            reason: "R",
            message: message.to_owned(),
        }
    }

    #[test]
    fn transition_time_changes_with_the_status_alone() {
        let mut object = tree!({"status": {"conditions": [{"type": "Other", "status": "True"}]}});
        let since = |object: &Value| {
            find(object, "Ready")
                .and_then(|found| found.str_at(&["lastTransitionTime"]))
                .map(str::to_owned)
        };
        set(&mut object, &ready("False", "a"), "t1");
        set(&mut object, &ready("False", "b"), "t2");
        assert_eq!(since(&object).as_deref(), Some("t1"));
        assert!(!is_true(&object, "Ready"));
        set(&mut object, &ready("True", "b"), "t3");
        assert_eq!(since(&object).as_deref(), Some("t3"));
        assert!(is_true(&object, "Ready") && is_true(&object, "Other"));
    }
}
