//! Namespaces: the finalizer that keeps them until they are empty, their phase, and the label with their name.
//! What empties them is the namespace controller's.

use object::meta;
use schema::{Map, SmolStr, Value};

use super::kept;
use crate::strategy::WriteContext;

const FINALIZER: &str = "kubernetes";
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A new namespace is active and has the finalizer.
pub fn prepare_create(_cx: &WriteContext<'_>, object: &mut Value) {
    set_name_label(object);
    let Some(map) = object.as_map_mut() else { return };
    let mut status = Map::new();
    status.insert("phase", "Active");
    map.insert("status", status);
    let finalizers = map
        .map_at("spec")
        .entry_or_insert_with("finalizers", || Value::List(Vec::new()));
    if let Value::List(finalizers) = finalizers
        && !finalizers.iter().any(|name| name.as_str() == Some(FINALIZER))
    {
        finalizers.push(FINALIZER.into());
    }
}

/// Finalizers change only through `finalize`, which changes no status.
pub fn prepare_update(cx: &WriteContext<'_>, object: &mut Value, old: &Value) {
    match cx.subresource {
        "" => kept(object, old, &["spec", "finalizers"]),
        "finalize" => kept(object, old, &["status"]),
        _ => {}
    }
    set_name_label(object);
}

fn set_name_label(object: &mut Value) {
    let name = SmolStr::new(meta::of(object).name());
    meta::edit(object).set_label(NAME_LABEL, name);
}
