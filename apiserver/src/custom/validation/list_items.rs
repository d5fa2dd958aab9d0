//! Items of lists: in a set each is there once, in a keyed list each has keys of its own.

use std::collections::BTreeMap;

use object::field::{Error, Path};
use schema::Value;

use super::walk::walk;
use crate::strategy::Errors;

/// Checks all lists of an object.
pub(super) fn check(schema: &Value, object: &Value, errors: &mut Errors) {
    walk(schema, object, &mut |visited| {
        let Value::List(items) = visited.value else { return };
        match visited.schema.str_at(&["x-kubernetes-list-type"]) {
            Some("set") => errors.extend(twice(items, visited.path)),
            Some("map") => keyed(visited.schema, items, visited.path, errors),
            _ => {}
        }
    });
}

fn keyed(schema: &Value, items: &[Value], path: &Path, errors: &mut Errors) {
    let is_other = |item: &&Value| !item.is_null() && item.as_map().is_none();
    if let Some(at) = items.iter().position(|item| is_other(&item)) {
        let problem = "must be an object for an array of list-type map";
        errors.push(Error::invalid(&path.index(at), &items[at], problem));
        return;
    }
    let names = schema.list_at(&["x-kubernetes-list-map-keys"]);
    let keys: Vec<Value> = items.iter().map(|item| keys(names, item)).collect();
    errors.extend(twice(&keys, path));
}

/// Those keys that an item has.
fn keys(names: &[Value], item: &Value) -> Value {
    let names = names.iter().filter_map(Value::as_str);
    let have = names.filter_map(|name| Some((name.into(), item.get(name)?.clone())));
    Value::Map(have.collect())
}

/// What is there again is told the first time that it is.
fn twice(items: &[Value], path: &Path) -> Errors {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut errors = Errors::new();
    for (at, item) in items.iter().enumerate() {
        let times = seen.entry(format!("{item:?}")).or_default();
        *times += 1;
        if *times == 2 {
            errors.push(Error::duplicate(&path.index(at), item));
        }
    }
    errors
}
