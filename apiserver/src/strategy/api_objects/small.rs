//! Resources with one small difference each: service accounts, endpoint slices, leases, nodes, services.
//! What takes more has a file of its own.

use object::meta;
use schema::{Map, Value};

use super::super::services;
use crate::strategy::WriteContext;

/// Of the secrets of a service account only the names count.
pub fn service_account(_cx: &WriteContext<'_>, object: &mut Value) {
    let secrets = object.at_mut(&["secrets"]).and_then(Value::as_list_mut);
    for secret in secrets.into_iter().flatten().filter_map(Value::as_map_mut) {
        secret.retain(|field, _| field == "name");
    }
}

/// The old form of topology is not written any more.
pub fn prepare_create_slice(_cx: &WriteContext<'_>, object: &mut Value) {
    let endpoints = object.at_mut(&["endpoints"]).and_then(Value::as_list_mut);
    for endpoint in endpoints.into_iter().flatten().filter_map(Value::as_map_mut) {
        endpoint.remove("deprecatedTopology");
    }
}

/// Labels count as content: consumers select slices by them.
pub fn prepare_update_slice(cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    if object.get("endpoints") != old.get("endpoints") {
        prepare_create_slice(cx, object);
    }
    if meta::of(object).labels() != meta::of(old).labels() {
        let generation = meta::of(old).generation() + 1;
        meta::edit(object).set_generation(generation);
    }
}

/// Coordinated leader election is off.
pub fn prepare_create_lease(_cx: &WriteContext<'_>, object: &mut Value) {
    drop_unused(object, None);
}

/// What an old lease has of it may stay.
pub fn prepare_update_lease(_cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    drop_unused(object, Some(old));
}

fn drop_unused(object: &mut Value, old: Option<&Value>) {
    let Some(spec) = object.get_mut("spec").and_then(Value::as_map_mut) else {
        return;
    };
    let spec: &mut Map = spec;
    for field in ["strategy", "preferredHolder"] {
        if old.and_then(|old| old.at(&["spec", field])).is_none() {
            spec.remove(field);
        }
    }
}

/// Nodes are not configured through the API any more.
pub fn prepare_create_node(_cx: &WriteContext<'_>, object: &mut Value) {
    drop_configuration(object, None);
}

/// What an old node has of it may stay.
pub fn prepare_update_node(_cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    drop_configuration(object, Some(old));
}

fn drop_configuration(object: &mut Value, old: Option<&Value>) {
    for (part, field) in [("spec", "configSource"), ("status", "config")] {
        let before = old.and_then(|old| old.at(&[part, field]));
        if before.is_none_or(Value::is_null)
            && let Some(map) = object.get_mut(part).and_then(Value::as_map_mut)
        {
            map.remove(field);
        }
    }
}

/// A new service has an empty status and both address fields.
pub fn prepare_create_service(_cx: &WriteContext<'_>, object: &mut Value) {
    services::prepare_create(object);
}

/// An update of a service keeps what was allocated and drops what its new type has no use for.
pub fn prepare_update_service(cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    if cx.subresource.is_empty() {
        services::update::reconcile(object, old);
    }
}
