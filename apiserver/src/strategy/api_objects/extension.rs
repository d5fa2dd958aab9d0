//! What extends the API: services of other API servers, and definitions of custom resources.
//! Serving what they define is not done here.

use schema::{Map, Value};

use crate::strategy::WriteContext;

/// The finalizer of a definition whose objects must go first.
pub const DEFINITION_CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// What this server serves itself is available at once.
pub fn prepare_create_api_service(cx: &WriteContext<'_>, object: &mut Value) {
    if object
        .at(&["spec", "service"])
        .is_some_and(|service| !service.is_null())
    {
        return;
    }
    let mut condition = Map::new();
    condition.insert("lastTransitionTime", cx.now);
    condition.insert("message", "Local APIServices are always available");
    condition.insert("reason", "Local");
    condition.insert("status", "True");
    condition.insert("type", "Available");
    if let Some(map) = object.as_map_mut() {
        map.map_at("status")
            .insert("conditions", vec![Value::Map(condition)]);
    }
}

/// The storage version of a new definition is the first that objects are stored in.
pub fn prepare_create_definition(_cx: &WriteContext<'_>, object: &mut Value) {
    add_stored_version(object);
}

/// A new storage version joins those that objects are stored in.
pub fn prepare_update_definition(cx: &WriteContext<'_>, object: &mut Value, _old: &Value) {
    if cx.subresource.is_empty() {
        add_stored_version(object);
    }
}

fn add_stored_version(object: &mut Value) {
    let versions = object.list_at(&["spec", "versions"]);
    let storage = versions
        .iter()
        .find(|version| version.bool_at(&["storage"]) == Some(true));
    let Some(name) = storage.and_then(|version| version.get("name")).cloned() else {
        return;
    };
    let Some(map) = object.as_map_mut() else { return };
    let stored = map
        .map_at("status")
        .entry_or_insert_with("storedVersions", || Value::List(Vec::new()));
    match stored {
        Value::List(stored) if !stored.contains(&name) => stored.push(name),
        Value::List(_) => {}
        other => *other = Value::List(vec![name]),
    }
}
