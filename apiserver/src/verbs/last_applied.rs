//! Objects that kubectl once applied on the client's side: its annotation says which fields it owned then, so that kubectl's
//! first server-side apply is no conflict with itself, and follows later applies.

use object::ownership::{self, Apply, Conflicts, Set};
use schema::{TypeId, Value, json};

/// Where kubectl keeps what it applied last.
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The only manager that this is for.
const KUBECTL: &str = "kubectl";
/// Longer annotations are not written: the limit of all annotations together, in bytes.
const ANNOTATIONS_BYTES_MAX: usize = 256 << 10;

/// Whether all conflicts are about fields that kubectl applied itself and that are still as it applied them.
pub fn allows(apply: &Apply<'_>, id: TypeId, live: &Value, conflicts: &Conflicts) -> bool {
    if apply.manager != KUBECTL {
        return false;
    }
    match owned(apply, id, live) {
        Some(owned) => conflicts.paths().difference(&owned).is_empty(),
        None => false,
    }
}

fn owned(apply: &Apply<'_>, id: TypeId, live: &Value) -> Option<Set> {
    let last = json::parse(live.str_at(&["metadata", "annotations", ANNOTATION])?.as_bytes()).ok()?;
    let version = last.str_at(&["apiVersion"])?.to_owned();
    let (last_id, last) = apply.versions.convert(&last, &version, apply.api_version)?;
    if last_id != id {
        return None;
    }
    let changed = ownership::compare(apply.types, id, &last, live);
    let set = ownership::field_set(apply.types, id, &last);
    Some(
        set.difference(&changed.modified)
            .difference(&changed.added)
            .difference(&changed.removed),
    )
}

/// The object with the annotation that says this configuration, if it has one and kubectl applies.
pub fn synced(manager: &str, object: &Value, config: &Value) -> Option<Value> {
    object
        .str_at(&["metadata", "annotations", ANNOTATION])
        .filter(|_| manager == KUBECTL)?;
    let mut config = config.clone();
    if let Some(metadata) = config.at_mut(&["metadata"]).and_then(Value::as_map_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_map_mut) {
            annotations.remove(ANNOTATION);
        }
    }
    let mut text = json::to_string(&config);
    text.push('\n');
    if text.len() > ANNOTATIONS_BYTES_MAX {
        text.clear();
    }
    let mut object = object.clone();
    let annotations = object
        .at_mut(&["metadata", "annotations"])
        .and_then(Value::as_map_mut)?;
    annotations.insert(ANNOTATION, text);
    Some(object)
}
