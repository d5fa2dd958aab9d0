//! Merging lists: of maps by their merge key, of scalars as sets. The order of the result is in [`super::order`].

use std::collections::HashMap;
use std::mem::discriminant;

use schema::{Map, Value};

use super::directive::PATCH;
use super::error::{GO_LIST, GO_MAP, go_kind};
use super::order::{self, Identity};
use super::types::{Declared, Place};
use super::{Error, map};

/// Merges a list as its field declares: items merge, or the list is replaced.
pub(super) fn merge_declared(
    declared: Declared<'_>,
    target: &mut Vec<Value>,
    patch: Vec<Value>,
    deletes: bool,
) -> Result<(), Error> {
    if !declared.merge {
        *target = patch;
        return Ok(());
    }
    if target.is_empty() && patch.is_empty() {
        return Ok(());
    }
    match (items_are_maps(target, &patch)?, deletes) {
        (true, _) => merge_maps(declared, target, patch),
        (false, true) => {
            let gone: std::collections::HashSet<Identity> = patch.iter().filter_map(Identity::of).collect();
            target.retain(|item| Identity::of(item).is_none_or(|item| !gone.contains(&item)));
            Ok(())
        }
        (false, false) => {
            let before = target.clone();
            let merged = target.drain(..).chain(patch.iter().cloned()).collect();
            *target = order::arrange(order::unique(merged), &patch, &before, "")?;
            Ok(())
        }
    }
}

/// Merges the list `key` of a map together with its `$setElementOrder`; takes it out of the patch.
pub(super) fn merge_ordered(
    place: Place<'_>,
    target: &mut Map,
    patch: &mut Map,
    key: &str,
    order: Value,
) -> Result<(), Error> {
    let order = into_list(order)?;
    let old = target.get(key).cloned().map(into_list).transpose()?;
    let new = patch.get(key).cloned().map(into_list).transpose()?;
    let declared = place.field(key)?;
    let in_patch = new.as_deref().unwrap_or_default();
    order::check(in_patch, &order, declared.merge_key)?;
    if old.is_none() && new.is_none() {
        return Ok(());
    }
    let before = old.clone().unwrap_or_default();
    items_are_maps(&before, in_patch)?;
    let merged = match (old, new) {
        (old, None) => old.unwrap_or_default(),
        (None, Some(new)) => new,
        (Some(mut old), Some(new)) => {
            merge_declared(declared, &mut old, new, false)?;
            old
        }
    };
    target.insert(
        key,
        Value::List(order::arrange(merged, &order, &before, declared.merge_key)?),
    );
    patch.remove(key);
    Ok(())
}

fn merge_maps(declared: Declared<'_>, target: &mut Vec<Value>, patch: Vec<Value>) -> Result<(), Error> {
    let key = declared.merge_key;
    if key.is_empty() {
        let kind = declared.place.kind();
        return Err(Error::Other(format!(
            "cannot merge lists without merge key for {kind}"
        )));
    }
    let (replaces, patch) = special_items(target, patch, key)?;
    if replaces {
        *target = patch;
        return Ok(());
    }
    let before = target.clone();
    let mut places = places(target, key);
    for item in patch.iter().cloned() {
        merge_item(declared, target, &mut places, item)?;
    }
    *target = order::arrange(std::mem::take(target), &patch, &before, key)?;
    Ok(())
}

/// Items with `$patch`: deletes what they delete, and tells whether the list is replaced. The others remain.
fn special_items(target: &mut Vec<Value>, patch: Vec<Value>, key: &str) -> Result<(bool, Vec<Value>), Error> {
    let mut replaces = false;
    let mut gone = std::collections::HashSet::new();
    let mut remaining = Vec::with_capacity(patch.len());
    for item in patch {
        let Some(map) = item.as_map() else { continue };
        let Some(directive) = map.get(PATCH) else {
            remaining.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let value = map.get(key).ok_or_else(|| Error::no_merge_key(map, key))?;
                gone.extend(Identity::of(value));
            }
            Some("replace") => replaces = true,
            Some("merge") => {
                return Err(Error::Other(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => return Err(Error::unknown_directive(directive, map)),
        }
    }
    target.retain(|item| {
        item.get(key)
            .and_then(Identity::of)
            .is_none_or(|item| !gone.contains(&item))
    });
    Ok((replaces, remaining))
}

/// The first place of each merge key.
fn places(target: &[Value], key: &str) -> HashMap<Identity, usize> {
    let mut places = HashMap::with_capacity(target.len());
    for (at, item) in target.iter().enumerate() {
        if let Some(identity) = item.get(key).and_then(Identity::of) {
            places.entry(identity).or_insert(at);
        }
    }
    places
}

fn merge_item(
    declared: Declared<'_>,
    target: &mut Vec<Value>,
    places: &mut HashMap<Identity, usize>,
    item: Value,
) -> Result<(), Error> {
    let Value::Map(item) = item else {
        return Err(Error::wrong_type(GO_MAP, &item));
    };
    let key = declared.merge_key;
    let value = item.get(key).ok_or_else(|| Error::no_merge_key(&item, key))?;
    let identity = Identity::of(value);
    let at = identity
        .as_ref()
        .and_then(|identity| places.get(identity))
        .copied();
    match at.and_then(|at| target.get_mut(at)).and_then(Value::as_map_mut) {
        Some(old) => map::merge(declared.place, old, item)?,
        None => {
            if let Some(identity) = identity {
                places.insert(identity, target.len());
            }
            target.push(Value::Map(item));
        }
    }
    Ok(())
}

/// Whether the items of two lists are maps; they must all be of one kind, and none a list.
fn items_are_maps(a: &[Value], b: &[Value]) -> Result<bool, Error> {
    let mut items = a.iter().chain(b);
    let Some(first) = items.next() else {
        return Err(Error::Other("no elements in any of the given slices".to_owned()));
    };
    if matches!(first, Value::List(_)) {
        return Err(Error::ListOfLists);
    }
    match items.find(|item| discriminant(*item) != discriminant(first)) {
        None => Ok(matches!(first, Value::Map(_))),
        Some(other) => {
            let (first, other) = (go_kind(first), go_kind(other));
            Err(Error::Other(format!(
                "list element types are not identical: {first} {other}"
            )))
        }
    }
}

fn into_list(value: Value) -> Result<Vec<Value>, Error> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(Error::wrong_type(GO_LIST, &other)),
    }
}
