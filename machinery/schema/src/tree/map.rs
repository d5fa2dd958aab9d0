//! The map of the object tree: entries sorted by key, cheap while there are few and never slow when there are many.
//! What its values are is the tree's affair.

use std::collections::{BTreeMap, btree_map};
use std::{slice, vec};

use smol_str::SmolStr;

use super::Value;

/// With more entries than this an entry is not put between others by moving them: a body of many keys in bad order would cost
/// the square of their number.
const VECTOR_ENTRIES_MAX: usize = 512;

/// An object: entries sorted by key (bytewise), each key once.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Entries,
}

#[derive(Clone, Debug)]
#[allow(
    clippy::box_collection,
    clippy::box_default,
    reason = "maps are everywhere in a tree: the rare form must not make all of them larger"
)]
enum Entries {
    /// Sorted. It may be long if entries came in order.
    Vector(Vec<(SmolStr, Value)>),
    Tree(Box<BTreeMap<SmolStr, Value>>),
}

impl Default for Entries {
    fn default() -> Self {
        Self::Vector(Vec::new())
    }
}

impl Map {
    /// An empty map.
    pub const fn new() -> Self {
        Self {
            entries: Entries::Vector(Vec::new()),
        }
    }

    /// An empty map with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: Entries::Vector(Vec::with_capacity(capacity)),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Vector(vector) => vector.len(),
            Entries::Tree(tree) => tree.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.entries {
            Entries::Vector(vector) => find(vector, key).ok().map(|at| &vector[at].1),
            Entries::Tree(tree) => tree.get(key),
        }
    }

    /// The value at `key`, to change in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match &mut self.entries {
            Entries::Vector(vector) => find(vector, key).ok().map(|at| &mut vector[at].1),
            Entries::Tree(tree) => tree.get_mut(key),
        }
    }

    /// Whether `key` is present.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets `key`, and returns what stood there.
    pub fn insert(&mut self, key: impl Into<SmolStr>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match &mut self.entries {
            // Decoders mostly append in order.
            Entries::Vector(vector) if vector.last().is_none_or(|(last, _)| *last < key) => {
                vector.push((key, value));
                return None;
            }
            Entries::Vector(vector) => match find(vector, &key) {
                Ok(at) => return Some(std::mem::replace(&mut vector[at].1, value)),
                Err(at) if vector.len() < VECTOR_ENTRIES_MAX => {
                    vector.insert(at, (key, value));
                    return None;
                }
                Err(_) => {}
            },
            Entries::Tree(_) => {}
        }
        self.tree().insert(key, value)
    }

    /// Removes `key`, and returns what stood there.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        match &mut self.entries {
            Entries::Vector(vector) => {
                let at = find(vector, key).ok()?;
                if at + 1 == vector.len() || vector.len() <= VECTOR_ENTRIES_MAX {
                    return Some(vector.remove(at).1);
                }
                self.tree().remove(key)
            }
            Entries::Tree(tree) => tree.remove(key),
        }
    }

    /// The value at `key`, made by `make` if it is absent.
    pub fn entry_or_insert_with(&mut self, key: &str, make: impl FnOnce() -> Value) -> &mut Value {
        if !self.contains_key(key) {
            self.insert(key, make());
        }
        self.get_mut(key).expect("it is there or was made just above")
    }

    /// The map at `key`; an absent or other value becomes an empty map first.
    pub fn map_at(&mut self, key: &str) -> &mut Map {
        let value = self.entry_or_insert_with(key, || Value::Map(Map::new()));
        if !matches!(value, Value::Map(_)) {
            *value = Value::Map(Map::new());
        }
        match value {
            Value::Map(map) => map,
            _ => unreachable!("made a map just above"),
        }
    }

    /// Keeps the entries that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        match &mut self.entries {
            Entries::Vector(vector) => vector.retain_mut(|(key, value)| keep(key, value)),
            Entries::Tree(tree) => tree.retain(|key, value| keep(key, value)),
        }
    }

    /// Entries in key order.
    pub fn iter(&self) -> Iter<'_> {
        match &self.entries {
            Entries::Vector(vector) => Iter::Vector(vector.iter()),
            Entries::Tree(tree) => Iter::Tree(tree.iter()),
        }
    }

    /// Entries in key order, values to change in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&SmolStr, &mut Value)> {
        let (vector, tree) = match &mut self.entries {
            Entries::Vector(vector) => (Some(vector), None),
            Entries::Tree(tree) => (None, Some(tree)),
        };
        let vector = vector.into_iter().flatten().map(|(key, value)| (&*key, value));
        vector.chain(tree.into_iter().flat_map(|tree| tree.iter_mut()))
    }

    /// Keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &SmolStr> {
        self.iter().map(|(key, _)| key)
    }

    /// Values in key order.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// Values in key order, to change in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// The entries as a tree, which they are from now on.
    fn tree(&mut self) -> &mut BTreeMap<SmolStr, Value> {
        if let Entries::Vector(vector) = &mut self.entries {
            let tree = std::mem::take(vector).into_iter().collect();
            self.entries = Entries::Tree(Box::new(tree));
        }
        match &mut self.entries {
            Entries::Tree(tree) => tree,
            Entries::Vector(_) => unreachable!("made a tree just above"),
        }
    }
}

fn find(vector: &[(SmolStr, Value)], key: &str) -> Result<usize, usize> {
    vector.binary_search_by(|(have, _)| have.as_str().cmp(key))
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl FromIterator<(SmolStr, Value)> for Map {
    /// Later entries win over earlier ones with the same key.
    fn from_iter<I: IntoIterator<Item = (SmolStr, Value)>>(entries: I) -> Self {
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl IntoIterator for Map {
    type Item = (SmolStr, Value);
    type IntoIter = IntoIter;
    fn into_iter(self) -> IntoIter {
        match self.entries {
            Entries::Vector(vector) => IntoIter::Vector(vector.into_iter()),
            Entries::Tree(tree) => IntoIter::Tree(tree.into_iter()),
        }
    }
}

/// Entries of a map in key order.
#[derive(Clone, Debug)]
pub enum Iter<'a> {
    #[doc(hidden)]
    Vector(slice::Iter<'a, (SmolStr, Value)>),
    #[doc(hidden)]
    Tree(btree_map::Iter<'a, SmolStr, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a SmolStr, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Vector(vector) => vector.next().map(|(key, value)| (key, value)),
            Iter::Tree(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::Vector(vector) => vector.size_hint(),
            Iter::Tree(tree) => tree.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Vector(vector) => vector.next_back().map(|(key, value)| (key, value)),
            Iter::Tree(tree) => tree.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Entries of a map that is used up, in key order.
#[derive(Debug)]
pub enum IntoIter {
    #[doc(hidden)]
    Vector(vec::IntoIter<(SmolStr, Value)>),
    #[doc(hidden)]
    Tree(btree_map::IntoIter<SmolStr, Value>),
}

impl Iterator for IntoIter {
    type Item = (SmolStr, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            IntoIter::Vector(vector) => vector.next(),
            IntoIter::Tree(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            IntoIter::Vector(vector) => vector.size_hint(),
            IntoIter::Tree(tree) => tree.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys in an order that is never the sorted one for long.
    fn keys(count: usize) -> impl Iterator<Item = SmolStr> {
        (0..count).map(move |at| SmolStr::from(format!("{:06}", at * 7_919 % count)))
    }

    #[test]
    fn many_keys_in_bad_order_are_kept_sorted_and_cost_little() {
        let count = 200_003;
        let start = std::time::Instant::now();
        let map: Map = keys(count).map(|key| (key, Value::Null)).collect();
        // The square of their number would take minutes.
        assert!(start.elapsed().as_secs() < 20);
        assert_eq!(map.len(), count);
        assert!(map.keys().is_sorted());
        assert!(map.iter().rev().map(|(key, _)| key).is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn maps_are_equal_whatever_the_way_to_them() {
        let mut bad: Map = keys(1_009).map(|key| (key, Value::Null)).collect();
        let mut good = Map::new();
        bad.iter()
            .for_each(|(key, value)| drop(good.insert(key.clone(), value.clone())));
        assert_eq!(bad, good);
        assert!(bad.remove("000500").is_some() && good.remove("000500").is_some());
        assert_eq!(bad, good);
        bad.insert("000500", 1);
        assert_ne!(bad, good);
        *good.entry_or_insert_with("000500", || Value::Null) = Value::Int(1);
        assert_eq!(bad, good);
        bad.retain(|key, _| key < "000007");
        assert_eq!(bad.into_iter().count(), 7);
    }
}
