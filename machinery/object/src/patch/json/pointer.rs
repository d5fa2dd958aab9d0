//! JSON pointers (RFC 6901): from a path to the container that the last step is looked up in.

use schema::{Map, Value};

use crate::patch::nesting::expand;

/// What holds the value that a path means.
pub(super) enum Container<'a> {
    Map(&'a mut Map),
    List(&'a mut Vec<Value>),
}

/// The container and the last step of a path; none where a step before it leads nowhere.
/// The text before the first `/` is ignored; a path without `/` has no container.
pub(super) fn resolve<'a>(root: &'a mut Value, path: &str) -> Option<(Container<'a>, String)> {
    let (_, steps) = path.split_once('/')?;
    let (parents, last) = match steps.rsplit_once('/') {
        Some((parents, last)) => (Some(parents), last),
        None => (None, steps),
    };
    let mut at = root;
    for step in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let key = unescape(step);
        at = match container(at)? {
            Container::Map(map) => map.get_mut(&key)?,
            Container::List(list) => {
                let index = existing(&key, list.len()).ok()?;
                list.get_mut(index)?
            }
        };
    }
    Some((container(at)?, unescape(last)))
}

/// The place of an item that is there. A negative index counts from the end.
///
/// # Errors
/// No number, or beyond the list.
pub(super) fn existing(key: &str, length: usize) -> Result<usize, String> {
    let index = parse(key)?;
    let from_end = || length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?);
    let place = if index < 0 {
        from_end()
    } else {
        usize::try_from(index).ok()
    };
    place.filter(|place| *place < length).ok_or_else(|| beyond(index))
}

/// The place where an item may be put in: that of an item, or the end. `-1` is the end.
///
/// # Errors
/// No number, or beyond the end.
pub(super) fn insertion(key: &str, length: usize) -> Result<usize, String> {
    let index = parse(key).map_err(|e| format!("value was not a proper array index: '{key}': {e}"))?;
    existing(key, length + 1).map_err(|_| beyond(index))
}

fn parse(key: &str) -> Result<i64, String> {
    key.parse().map_err(|_| {
        format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            crate::field::quote(key)
        )
    })
}

fn beyond(index: i64) -> String {
    format!("Unable to access invalid index: {index}: invalid index referenced")
}

fn container(value: &mut Value) -> Option<Container<'_>> {
    expand(value);
    match value {
        Value::Map(map) => Some(Container::Map(map)),
        Value::List(list) => Some(Container::List(list)),
        _ => None,
    }
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
