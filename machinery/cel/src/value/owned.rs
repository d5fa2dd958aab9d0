//! Lists and maps that an expression made. They know how much is in them, at any depth: parts are shared, so that an expression
//! of a few steps can make values that nobody could go through.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::{Key, Value};

/// Items of a list.
#[derive(Clone, Debug, Default)]
pub struct Items<'a> {
    items: Vec<Value<'a>>,
    weight: u64,
}

impl<'a> Items<'a> {
    /// These.
    pub fn new(items: Vec<Value<'a>>) -> Self {
        let weight = items.iter().map(Value::weight).fold(1, u64::saturating_add);
        Self { items, weight }
    }

    /// One more.
    pub fn push(&mut self, item: Value<'a>) {
        self.weight = self.weight.saturating_add(item.weight());
        self.items.push(item);
    }

    /// All values in it, itself among them.
    pub fn weight(&self) -> u64 {
        self.weight
    }
}

impl<'a> Deref for Items<'a> {
    type Target = [Value<'a>];
    fn deref(&self) -> &Self::Target {
        &self.items
    }
}

/// Entries of a map.
#[derive(Clone, Debug, Default)]
pub struct OwnedMap<'a> {
    entries: BTreeMap<Key, Value<'a>>,
    weight: u64,
}

impl<'a> OwnedMap<'a> {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value to a key; tells what stood there.
    pub fn insert(&mut self, key: Key, value: Value<'a>) -> Option<Value<'a>> {
        self.weight = self.weight.saturating_add(value.weight());
        let before = self.entries.insert(key, value);
        let gone = before.as_ref().map_or(0, Value::weight);
        self.weight = self.weight.saturating_sub(gone);
        before
    }

    /// All values in it, itself among them.
    pub fn weight(&self) -> u64 {
        self.weight.saturating_add(1)
    }
}

impl<'a> Deref for OwnedMap<'a> {
    type Target = BTreeMap<Key, Value<'a>>;
    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<'a> FromIterator<(Key, Value<'a>)> for OwnedMap<'a> {
    fn from_iter<I: IntoIterator<Item = (Key, Value<'a>)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}
