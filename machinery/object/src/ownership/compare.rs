//! What differs between two states of an object, as sets of paths.

use schema::{Map, SmolStr, TypeId, Types, Value};
use std::collections::BTreeMap;

use super::path::Element;
use super::set::Set;
use super::shape::{Shape, keys_of};

/// What one state has that the other has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Only in the new state.
    pub added: Set,
    /// In both, with other values.
    pub modified: Set,
    /// Only in the old state.
    pub removed: Set,
}

/// Compares two objects of a type, both as Go prints them (`schema::json::printed`).
pub fn compare(types: &Types, id: TypeId, old: &Value, new: &Value) -> Comparison {
    let mut walker = Walker {
        types,
        path: Vec::new(),
        found: Comparison::default(),
    };
    walker.both(Shape::Struct(id), Some(old), Some(new));
    walker.found
}

struct Walker<'t> {
    types: &'t Types,
    path: Vec<Element>,
    found: Comparison,
}

impl<'t> Walker<'t> {
    fn both(&mut self, shape: Shape<'t>, old: Option<&Value>, new: Option<&Value>) {
        // Most of an object is what it was: to see that costs less than to go down by keys.
        if old == new {
            return;
        }
        let descended = match shape {
            Shape::Struct(_) | Shape::Map(_) | Shape::Untyped | Shape::Deduced => self.maps(shape, old, new),
            Shape::Keyed(item, _) | Shape::Set(item) => self.lists(shape, item, old, new),
            Shape::Leaf => false,
        };
        match (descended, old, new) {
            (_, None, Some(_)) => self.found.added.insert(&self.path),
            (_, Some(_), None) => self.found.removed.insert(&self.path),
            (false, Some(_), Some(_)) => self.found.modified.insert(&self.path),
            _ => {}
        }
    }

    /// Whether they were compared by key. Two empty ones are compared as one piece: null is not `{}`.
    fn maps(&mut self, shape: Shape<'t>, old: Option<&Value>, new: Option<&Value>) -> bool {
        let empty = Map::new();
        let (Some(old), Some(new)) = (map_of(old, &empty), map_of(new, &empty)) else {
            return false;
        };
        if old.is_empty() && new.is_empty() {
            return false;
        }
        for key in union_of_keys(old, new) {
            self.path.push(Element::Field(key.clone()));
            self.both(shape.below(self.types, key), old.get(key), new.get(key));
            self.path.pop();
        }
        true
    }

    fn lists(
        &mut self,
        shape: Shape<'t>,
        item: &'t schema::FieldType,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> bool {
        let (Some(old), Some(new)) = (list_of(old), list_of(new)) else {
            return false;
        };
        if old.is_empty() && new.is_empty() {
            return false;
        }
        let below = Shape::of_type(self.types, item);
        let element = |value: &Value| match shape {
            Shape::Keyed(item, keys) => keys_of(self.types, item, keys, value),
            _ => Element::Value(value.clone()),
        };
        let mut items: BTreeMap<Element, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        old.iter()
            .for_each(|value| items.entry(element(value)).or_default().0.push(value));
        new.iter()
            .for_each(|value| items.entry(element(value)).or_default().1.push(value));
        for (element, (old, new)) in items {
            self.path.push(element);
            self.items(below, &old, &new);
            self.path.pop();
        }
        true
    }

    /// Items of one element. Several of them (which validation refuses, but old objects may have) count as one piece.
    fn items(&mut self, shape: Shape<'t>, old: &[&Value], new: &[&Value]) {
        match (old, new) {
            ([] | [_], [] | [_]) => self.both(shape, old.first().copied(), new.first().copied()),
            ([], _) => self.found.added.insert(&self.path),
            (_, []) => self.found.removed.insert(&self.path),
            (old, new) if old != new => self.found.modified.insert(&self.path),
            _ => {}
        }
    }
}

/// Absent and null maps are empty ones; anything else is no map.
fn map_of<'v>(value: Option<&'v Value>, empty: &'v Map) -> Option<&'v Map> {
    match value {
        None | Some(Value::Null) => Some(empty),
        Some(value) => value.as_map(),
    }
}

fn list_of(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None | Some(Value::Null) => Some(&[]),
        Some(value) => value.as_list(),
    }
}

fn union_of_keys<'v>(a: &'v Map, b: &'v Map) -> Vec<&'v SmolStr> {
    let mut keys: Vec<&SmolStr> = a.keys().chain(b.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
