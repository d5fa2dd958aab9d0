//! Persistent volumes and claims: phases, and the two fields that name a claim's data source.
//! Binding is the volume controller's.

use schema::{Map, Value};

use crate::strategy::WriteContext;

/// A new volume is pending since now.
pub fn prepare_create_volume(cx: &WriteContext<'_>, object: &mut Value) {
    let mut status = Map::new();
    status.insert("lastPhaseTransitionTime", cx.now);
    status.insert("phase", "Pending");
    if let Some(map) = object.as_map_mut() {
        map.insert("status", status);
    }
}

/// A change of the phase is timed unless the client says when it was.
pub fn prepare_update_volume(cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    if cx.subresource != "status" {
        return;
    }
    let same = |field: &str| object.at(&["status", field]) == old.at(&["status", field]);
    let timed =
        object.at(&["status", "lastPhaseTransitionTime"]).is_some() && !same("lastPhaseTransitionTime");
    if same("phase") || timed {
        return;
    }
    if let Some(map) = object.as_map_mut() {
        map.map_at("status").insert("lastPhaseTransitionTime", cx.now);
    }
}

/// A new claim has an empty status (its phase is a default of reads, and is not stored); its data source is in both fields.
pub fn prepare_create_claim(_cx: &WriteContext<'_>, object: &mut Value) {
    let Some(map) = object.as_map_mut() else { return };
    map.insert("status", Map::new());
    drop_unknown_source(map.map_at("spec"));
    mirror_sources(map.map_at("spec"));
}

/// The data source stays in both fields.
pub fn prepare_update_claim(cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    if !cx.subresource.is_empty() {
        return;
    }
    let Some(map) = object.as_map_mut() else { return };
    let had = ["dataSource", "dataSourceRef"]
        .iter()
        .any(|field| old.at(&["spec", field]).is_some());
    if !had {
        drop_unknown_source(map.map_at("spec"));
    }
    mirror_sources(map.map_at("spec"));
}

/// `dataSource` alone may only be a claim or a snapshot; anything else was always ignored.
fn drop_unknown_source(spec: &mut Map) {
    if spec.contains_key("dataSourceRef") {
        return;
    }
    let Some(source) = spec.get("dataSource") else {
        return;
    };
    let known = matches!(
        (
            source.str_at(&["apiGroup"]).unwrap_or_default(),
            source.str_at(&["kind"])
        ),
        ("", Some("PersistentVolumeClaim")) | ("snapshot.storage.k8s.io", Some("VolumeSnapshot"))
    );
    if !known {
        spec.remove("dataSource");
    }
}

/// Only a source in the claim's own namespace can stand in the older field.
fn mirror_sources(spec: &mut Map) {
    match (
        spec.get("dataSource").cloned(),
        spec.get("dataSourceRef").cloned(),
    ) {
        (Some(source), None) => {
            spec.insert("dataSourceRef", source);
        }
        (None, Some(mut source)) if source.str_at(&["namespace"]).unwrap_or_default().is_empty() => {
            if let Some(map) = source.as_map_mut() {
                map.remove("namespace");
            }
            spec.insert("dataSource", source);
        }
        _ => {}
    }
}
