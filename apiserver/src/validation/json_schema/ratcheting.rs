//! Which part of an old object a part of the new one follows, and whether it is still the same (KEP-4008): what did not change
//! may be what the schema does not let in any more.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use schema::{SmolStr, Value};

/// A value, the one that it follows, and the schema of both.
#[derive(Clone, Copy, Debug)]
pub struct Correlated<'a> {
    /// Of both.
    pub schema: &'a Value,
    /// As it is.
    pub value: &'a Value,
    /// As it was.
    pub old: &'a Value,
}

impl<'a> Correlated<'a> {
    /// A field that both have and the schema knows.
    pub fn field(self, name: &str) -> Option<Self> {
        let property = self.schema.at(&["properties", name]);
        let more = || {
            self.schema
                .get("additionalProperties")
                .filter(|more| more.as_map().is_some())
        };
        Some(Self {
            schema: property.or_else(more)?,
            value: self.value.get(name)?,
            old: self.old.get(name)?,
        })
    }
}

/// The items of an old list, as those of the new one find them.
#[derive(Debug)]
pub struct OldItems<'a> {
    schema: Option<&'a Value>,
    value: &'a [Value],
    old: OldList<'a>,
}

#[derive(Debug)]
enum OldList<'a> {
    /// No item follows another.
    None,
    ByPlace(&'a [Value]),
    ByKeys(&'a [Value], BTreeMap<String, &'a Value>),
}

impl<'a> OldItems<'a> {
    /// Those of a list.
    pub fn of(list: Correlated<'a>) -> Self {
        let old = match (list.old, list.schema.str_at(&["x-kubernetes-list-type"])) {
            (Value::List(old), Some("map")) => {
                let keys = list.schema.list_at(&["x-kubernetes-list-map-keys"]);
                // Of two with the same keys, the first.
                let items = old.iter().rev().filter(|item| item.as_map().is_some());
                OldList::ByKeys(keys, items.map(|item| (self::keys(keys, item), item)).collect())
            }
            (Value::List(old), None) => OldList::ByPlace(old),
            _ => OldList::None,
        };
        Self {
            schema: list.schema.get("items").filter(|items| items.as_map().is_some()),
            value: list.value.as_list().unwrap_or_default(),
            old,
        }
    }

    /// The old item that the one at this place follows.
    pub fn of_place(&self, at: usize) -> Option<Correlated<'a>> {
        let value = self.value.get(at)?;
        let old = match &self.old {
            OldList::None => None,
            OldList::ByPlace(old) => old.get(at),
            OldList::ByKeys(names, known) => known.get(&keys(names, value)).copied(),
        };
        Some(Correlated {
            schema: self.schema?,
            value,
            old: old.filter(|old| !old.is_null())?,
        })
    }

    fn has_keys(&self) -> bool {
        matches!(self.old, OldList::ByKeys(..))
    }
}

/// The keys of an item as one text.
fn keys(names: &[Value], item: &Value) -> String {
    let names = names.iter().filter_map(Value::as_str);
    names.map(|name| format!("{:?},", item.get(name))).collect()
}

/// Which values were found to be as they were. Each is compared once, however many parts of an object are asked about.
#[derive(Debug, Default)]
pub struct Comparisons(RefCell<HashMap<*const Value, bool>>);

impl Comparisons {
    /// Whether a value is as it was; items of keyed lists may have moved.
    pub fn is_same(&self, of: Correlated<'_>) -> bool {
        let key = std::ptr::from_ref(of.value);
        if let Some(known) = self.0.borrow().get(&key) {
            return *known;
        }
        let is_same = match (of.value, of.old) {
            (Value::List(new), Value::List(old)) => new.len() == old.len() && self.is_same_list(of, new, old),
            (Value::Map(new), Value::Map(old)) => {
                // What no schema knows is not correlated, and counts as changed.
                let is_same = |name: &SmolStr| of.field(name).is_some_and(|field| self.is_same(field));
                new.len() == old.len() && new.keys().all(is_same)
            }
            (new, old) => new == old,
        };
        self.0.borrow_mut().insert(key, is_same);
        is_same
    }

    fn is_same_list(&self, list: Correlated<'_>, new: &[Value], old: &[Value]) -> bool {
        let items = OldItems::of(list);
        let mut all = (0..new.len()).map(|at| items.of_place(at));
        if items.has_keys() {
            return all.all(|item| item.is_some_and(|item| self.is_same(item)));
        }
        match all.collect::<Option<Vec<_>>>() {
            Some(all) => all.into_iter().all(|item| self.is_same(item)),
            None => new == old,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn is_same(schema: &Value, value: &Value, old: &Value) -> bool {
        Comparisons::default().is_same(Correlated { schema, value, old })
    }

    #[test]
    fn keyed_items_may_move_and_others_may_not() {
        let item =
            tree!({"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}});
        let of = |kind: &str| tree!({"type": "array", "items": (item.clone()), "x-kubernetes-list-type": kind, "x-kubernetes-list-map-keys": ["k"]});
        let (a, b) = (tree!({"k": "a", "v": 1i64}), tree!({"k": "b", "v": 2i64}));
        let (one, other) = (
            tree!([(a.clone()), (b.clone())]),
            tree!([(b.clone()), (a.clone())]),
        );
        assert!(is_same(&of("map"), &one, &other));
        assert!(!is_same(&of("set"), &one, &other));
        assert!(is_same(&of("atomic"), &one, &one.clone()));
        assert!(!is_same(&of("map"), &one, &tree!([(a.clone())])));
        assert!(!is_same(
            &of("map"),
            &tree!([{"k": "a", "v": 2i64}]),
            &tree!([(a.clone())])
        ));
    }

    #[test]
    fn what_no_schema_knows_counts_as_changed() {
        let schema = tree!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}});
        let known = tree!({"a": "x"});
        assert!(is_same(&schema, &known, &known.clone()));
        let unknown = tree!({"a": "x", "b": 1i64});
        assert!(!is_same(&schema, &unknown, &unknown.clone()));
    }
}
