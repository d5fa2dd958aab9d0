//! Which part of an old object a part of a new one takes the place of: by key in maps, by the keys of lists that have some. Items of
//! other lists take nobody's place.

use schema::{SmolStr, Value};

/// The old self of a value.
#[derive(Clone, Copy, Debug)]
pub struct Old<'v>(Option<&'v Value>);

impl<'v> Old<'v> {
    /// Of what was there, if something was.
    pub fn of(old: Option<&'v Value>) -> Self {
        Self(old)
    }

    /// It.
    pub fn value(self) -> Option<&'v Value> {
        self.0.filter(|value| !value.is_null())
    }

    /// Whether nothing has changed.
    pub fn is_same(self, new: &Value) -> bool {
        self.0 == Some(new)
    }

    /// Of a field or an entry.
    pub fn below(self, key: &str) -> Self {
        Self(self.0.and_then(|old| old.get(key)))
    }
}

/// The items of a list, each with its old self.
pub fn items<'v>(
    list: &'v [Value],
    old: Old<'v>,
    keys: &'v [SmolStr],
) -> impl Iterator<Item = (&'v Value, Old<'v>)> {
    let before = old.value().and_then(Value::as_list).unwrap_or_default();
    list.iter().map(move |item| {
        let is_it = |other: &&Value| keys.iter().all(|key| other.get(key) == item.get(key));
        let found = (!keys.is_empty()).then(|| before.iter().find(is_it)).flatten();
        (item, Old(found))
    })
}
