//! Certificate signing requests: who asks is who is authenticated, and each endpoint changes its own part.
//! Signing is a controller's.

use schema::{Map, Value};

use super::kept;
use crate::strategy::WriteContext;

const DECISIONS: [&str; 2] = ["Approved", "Denied"];

/// The requester's identity is the server's to say.
pub fn prepare_create(cx: &WriteContext<'_>, object: &mut Value) {
    let Some(map) = object.as_map_mut() else { return };
    let spec = map.map_at("spec");
    for field in ["username", "uid", "groups", "extra"] {
        spec.remove(field);
    }
    set_unless_empty(spec, "username", cx.user.name.clone().into());
    set_unless_empty(spec, "uid", cx.user.uid.clone().into());
    set_unless_empty(spec, "groups", texts(&cx.user.groups));
    let extra: Map = cx
        .user
        .extra
        .iter()
        .map(|(key, values)| (key.clone(), texts(values)))
        .collect();
    set_unless_empty(spec, "extra", extra.into());
}

/// The request itself never changes. `approval` decides, `status` brings the certificate.
pub fn prepare_update(cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    kept(object, old, &["spec"]);
    match cx.subresource {
        "approval" => {
            let conditions = object.at(&["status", "conditions"]).cloned();
            kept(object, old, &["status"]);
            set_conditions(object, conditions);
            time_conditions(object, old, cx.now);
        }
        "status" => {
            keep_decisions(object, old);
            time_conditions(object, old, cx.now);
        }
        _ => kept(object, old, &["status"]),
    }
}

fn texts(list: &[schema::SmolStr]) -> Value {
    Value::List(list.iter().cloned().map(Value::String).collect())
}

fn set_unless_empty(map: &mut Map, field: &str, value: Value) {
    if !value.is_zero() {
        map.insert(field, value);
    }
}

fn set_conditions(object: &mut Value, conditions: Option<Value>) {
    let Some(map) = object.as_map_mut() else { return };
    let status = map.map_at("status");
    match conditions {
        Some(conditions) if !conditions.is_zero() => status.insert("conditions", conditions),
        _ => status.remove("conditions"),
    };
}

/// Decisions are made through `approval` alone: those that were there stay as they were. Where some were added or removed, it
/// is left to validation to refuse that.
fn keep_decisions(object: &mut Value, old: &Value) {
    for kind in DECISIONS {
        let is_of_kind = |condition: &&Value| condition.str_at(&["type"]) == Some(kind);
        let before: Vec<&Value> = old
            .list_at(&["status", "conditions"])
            .iter()
            .filter(is_of_kind)
            .collect();
        let now = object
            .at_mut(&["status", "conditions"])
            .and_then(Value::as_list_mut)
            .map_or(&mut [][..], Vec::as_mut_slice);
        if now.iter().filter(|condition| is_of_kind(condition)).count() != before.len() {
            continue;
        }
        let now = now
            .iter_mut()
            .filter(|condition| condition.str_at(&["type"]) == Some(kind));
        for (condition, before) in now.zip(before) {
            *condition = before.clone();
        }
    }
}

/// A condition without times was updated now, and came about now or when it last was the same.
fn time_conditions(object: &mut Value, old: &Value, now: &str) {
    let before = old.list_at(&["status", "conditions"]);
    let conditions = object
        .at_mut(&["status", "conditions"])
        .and_then(Value::as_list_mut);
    for condition in conditions.into_iter().flatten().filter_map(Value::as_map_mut) {
        if condition.get("lastUpdateTime").is_none_or(Value::is_zero) {
            condition.insert("lastUpdateTime", now);
        }
        if condition.get("lastTransitionTime").is_none_or(Value::is_zero) {
            let same = |other: &&Value| {
                ["type", "status"]
                    .iter()
                    .all(|field| other.get(field) == condition.get(field))
            };
            let since = before
                .iter()
                .find(same)
                .and_then(|other| other.get("lastTransitionTime"))
                .cloned();
            condition.insert("lastTransitionTime", since.unwrap_or_else(|| now.into()));
        }
    }
}
