//! The order of a merged list: items that the patch names come in the patch's order, the others keep theirs, and the two
//! are interleaved as they stood before.

use std::collections::{HashMap, HashSet};

use schema::{SmolStr, Value};

use super::Error;
use super::directive::PATCH;
use super::error::GO_MAP;

/// What tells a scalar or a merge key from another; an integer and a fraction are never the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    String(SmolStr),
}

impl Identity {
    /// None for lists and maps, which equal nothing.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(truth) => Some(Self::Bool(*truth)),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Float(number) => Some(Self::Float(number.to_bits())),
            Value::String(text) | Value::Raw(text) => Some(Self::String(text.clone())),
            Value::List(_) | Value::Map(_) => None,
        }
    }
}

/// Drops repeated scalars.
pub(super) fn unique(items: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::with_capacity(items.len());
    items
        .into_iter()
        .filter(|item| Identity::of(item).is_none_or(|item| seen.insert(item)))
        .collect()
}

/// Puts merged items in order: those in `patch` in its order, the others in that of `before`. `key` is the merge key of
/// maps; it is empty for scalars.
///
/// # Errors
/// Items without their merge key.
pub(super) fn arrange(
    merged: Vec<Value>,
    patch: &[Value],
    before: &[Value],
    key: &str,
) -> Result<Vec<Value>, Error> {
    let patch_places = places(patch, key)?;
    let before_places = places(before, key)?;
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for item in merged {
        let identity = identity(&item, key)?;
        let in_patch = identity
            .as_ref()
            .and_then(|identity| patch_places.get(identity))
            .copied();
        let stood = identity
            .as_ref()
            .and_then(|identity| before_places.get(identity))
            .copied();
        match in_patch {
            Some(place) => ours.push(Item {
                rank: Some(place),
                stood,
                value: item,
            }),
            None => theirs.push(Item {
                rank: stood,
                stood,
                value: item,
            }),
        }
    }
    let (ours, theirs) = (ranked(ours), ranked(theirs));
    Ok(interleaved(theirs, ours))
}

/// Checks that the patch's items stand in the order that `order` gives, and that none is missing there.
///
/// # Errors
/// They do not, or items have no merge key.
pub(super) fn check(patch: &[Value], order: &[Value], key: &str) -> Result<(), Error> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut rest = order.iter();
    for item in patch.iter().filter(|item| item.get(PATCH).is_none()) {
        let wanted = identity(item, key)?;
        let mut found = false;
        for place in rest.by_ref() {
            if identity(place, key)? == wanted && wanted.is_some() {
                found = true;
                break;
            }
        }
        if !found {
            let (patch, order) = (printed_list(patch), printed_list(order));
            return Err(Error::Other(format!(
                "The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n"
            )));
        }
    }
    Ok(())
}

struct Item {
    /// The place in the list that orders it.
    rank: Option<usize>,
    /// The place before the merge.
    stood: Option<usize>,
    value: Value,
}

/// In order of rank; what has none comes first, the last one first, as the reference's sort leaves it.
fn ranked(items: Vec<Item>) -> Vec<Item> {
    let (mut known, mut unknown): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.rank.is_some());
    known.sort_by_key(|item| item.rank);
    unknown.reverse();
    unknown.append(&mut known);
    unknown
}

/// An item of `theirs` comes before one of `ours` only where it stood before it.
fn interleaved(theirs: Vec<Item>, ours: Vec<Item>) -> Vec<Value> {
    let mut merged = Vec::with_capacity(theirs.len() + ours.len());
    let mut theirs = theirs.into_iter().peekable();
    for ours in ours {
        while let Some(next) = theirs.next_if(|next| stood_before(next, &ours)) {
            merged.push(next.value);
        }
        merged.push(ours.value);
    }
    merged.extend(theirs.map(|item| item.value));
    merged
}

fn stood_before(a: &Item, b: &Item) -> bool {
    matches!((a.stood, b.stood), (Some(a), Some(b)) if a < b)
}

fn places(items: &[Value], key: &str) -> Result<HashMap<Identity, usize>, Error> {
    let mut places = HashMap::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        if let Some(identity) = identity(item, key)? {
            places.entry(identity).or_insert(at);
        }
    }
    Ok(places)
}

fn identity(item: &Value, key: &str) -> Result<Option<Identity>, Error> {
    if key.is_empty() {
        return Ok(Identity::of(item));
    }
    let map = item.as_map().ok_or_else(|| Error::wrong_type(GO_MAP, item))?;
    map.get(key)
        .map(Identity::of)
        .ok_or_else(|| Error::no_merge_key(map, key))
}

fn printed_list(items: &[Value]) -> String {
    super::printed(&Value::List(items.to_vec()))
}
