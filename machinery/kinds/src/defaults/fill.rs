//! How a rule asks for absent fields and sets them. Which fields those are is in the families.

use schema::{Map, SmolStr, Value};

use super::Fill;

impl Fill {
    /// The value to set.
    pub(super) fn value(self) -> Value {
        match self {
            Fill::Text(text) => Value::String(SmolStr::new_static(text)),
            Fill::Int(number) => Value::Int(number),
            Fill::Bool(truth) => Value::Bool(truth),
            Fill::Object => Value::Map(Map::new()),
        }
    }
}

/// Whether a pointer field is nil.
pub(super) fn is_nil(map: &Map, key: &str) -> bool {
    map.get(key).is_none_or(Value::is_null)
}

/// Whether a plain field is Go's empty value.
pub(super) fn is_empty(map: &Map, key: &str) -> bool {
    map.get(key).is_none_or(Value::is_zero)
}

/// Sets a pointer field that is nil.
pub(super) fn nil(map: &mut Map, key: &'static str, fill: Fill) {
    if is_nil(map, key) {
        map.insert(SmolStr::new_static(key), fill.value());
    }
}

/// Sets a plain field that is empty.
pub(super) fn empty(map: &mut Map, key: &'static str, fill: Fill) {
    if is_empty(map, key) {
        map.insert(SmolStr::new_static(key), fill.value());
    }
}

/// The text of a field; empty when absent.
pub(super) fn text<'a>(map: &'a Map, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The objects of a list field, to change in place.
pub(super) fn objects<'a>(map: &'a mut Map, key: &str) -> impl Iterator<Item = &'a mut Map> {
    let list = map.get_mut(key).and_then(Value::as_list_mut);
    list.into_iter().flatten().filter_map(Value::as_map_mut)
}
