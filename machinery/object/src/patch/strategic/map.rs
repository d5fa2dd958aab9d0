//! Merging maps: directives first, then field by field.

use std::mem::discriminant;

use schema::{Map, SmolStr, Value};

use super::directive::{PATCH, RETAIN_KEYS, deleted_field, ordered_field, taken_over};
use super::types::{Declared, Place};
use super::{Error, list};

/// Merges `patch` into `target`, a map of the type at `place`.
pub(super) fn merge(place: Place<'_>, target: &mut Map, mut patch: Map) -> Result<(), Error> {
    if let Some(directive) = patch.remove(PATCH) {
        return whole(target, patch, directive);
    }
    retain_keys(target, &mut patch)?;
    for (key, order) in orders(&mut patch)? {
        list::merge_ordered(place, target, &mut patch, &key, order)?;
    }
    for (key, value) in patch {
        match deleted_field(&key) {
            Some(field) => merge_field(place, target, SmolStr::new(field?), value, true)?,
            None => merge_field(place, target, key, value, false)?,
        }
    }
    Ok(())
}

/// `$patch` on a map: the map is replaced or emptied.
fn whole(target: &mut Map, mut patch: Map, directive: Value) -> Result<(), Error> {
    match directive.as_str() {
        Some("replace") => *target = patch,
        Some("delete") => *target = Map::new(),
        _ => {
            patch.insert(PATCH, directive.clone());
            return Err(Error::unknown_directive(&directive, &patch));
        }
    }
    Ok(())
}

/// `$retainKeys`: what it does not list goes; what the patch sets must be listed.
fn retain_keys(target: &mut Map, patch: &mut Map) -> Result<(), Error> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let keys = keys.as_list().ok_or(Error::RetainKeys)?;
    let listed = |key: &str| keys.iter().any(|have| have.as_str() == Some(key));
    let exempt =
        |key: &str| key.starts_with("$deleteFromPrimitiveList") || key.starts_with("$setElementOrder");
    if patch
        .iter()
        .any(|(key, value)| !value.is_null() && !exempt(key) && !listed(key))
    {
        return Err(Error::RetainKeys);
    }
    target.retain(|key, _| listed(key));
    Ok(())
}

/// Takes the `$setElementOrder` directives out of a patch: fields and their orders.
fn orders(patch: &mut Map) -> Result<Vec<(SmolStr, Value)>, Error> {
    let keys: Vec<SmolStr> = patch
        .keys()
        .filter(|key| ordered_field(key).is_some())
        .cloned()
        .collect();
    let mut orders = Vec::new();
    for key in keys {
        let (Some(field), Some(order)) = (ordered_field(&key), patch.remove(&key)) else {
            continue;
        };
        orders.push((SmolStr::new(field?), order));
    }
    Ok(orders)
}

fn merge_field(
    place: Place<'_>,
    target: &mut Map,
    key: SmolStr,
    patch: Value,
    deletes: bool,
) -> Result<(), Error> {
    if patch.is_null() {
        target.remove(&key);
        return Ok(());
    }
    let old = match target.get_mut(&key) {
        Some(old) if discriminant(old) == discriminant(&patch) => old,
        // A field that is absent or of another kind is taken from the patch; there is nothing to delete from.
        _ if deletes => return Ok(()),
        _ => {
            match taken_over(patch) {
                Some(value) => drop(target.insert(key, value)),
                None => drop(target.remove(&key)),
            }
            return Ok(());
        }
    };
    match (old, patch) {
        (Value::Map(old), Value::Map(patch)) => merge_child(place.field(&key)?, old, patch),
        (Value::List(old), Value::List(patch)) => {
            list::merge_declared(place.field(&key)?, old, patch, deletes)
        }
        (old, patch) => {
            *old = patch;
            Ok(())
        }
    }
}

fn merge_child(declared: Declared<'_>, old: &mut Map, patch: Map) -> Result<(), Error> {
    if declared.replace {
        *old = patch;
        return Ok(());
    }
    merge(declared.place, old, patch)
}
