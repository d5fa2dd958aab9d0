//! The object tree: what JSON, YAML and protobuf are decoded into and encoded from.
//! It holds values only; what they mean is in [`crate::types`].

mod map;

pub use map::Map;
use smol_str::SmolStr;

/// A JSON-like value.
///
/// Strings of up to 23 bytes are inline, longer ones are shared: a clone never copies text.
/// Quantities, times, durations and base64 bytes are strings in their canonical form.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// JSON null; in a decoded typed object it stands only where the type keeps it (raw extensions).
    #[default]
    Null,
    /// true or false.
    Bool(bool),
    /// A number without fraction or exponent that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(SmolStr),
    /// A list.
    List(Vec<Value>),
    /// An object, keys sorted.
    Map(Map),
    /// JSON text kept as it came: `fieldsV1` only, whose key order matters and whose content is rarely looked at.
    Raw(SmolStr),
}

impl Value {
    /// The value at `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value at `key`, to change in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The value below a chain of keys: `at(&["spec", "template", "metadata"])`.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The same, to change in place.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Value> {
        path.iter().try_fold(self, |value, key| value.get_mut(key))
    }

    /// The text below a chain of keys; `None` when absent or not text.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The whole number below a chain of keys.
    pub fn int_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_int()
    }

    /// The truth value below a chain of keys.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.at(path)?.as_bool()
    }

    /// The list below a chain of keys; empty when absent.
    pub fn list_at(&self, path: &[&str]) -> &[Value] {
        self.at(path).and_then(Value::as_list).unwrap_or_default()
    }

    /// The map below a chain of keys.
    pub fn map_at(&self, path: &[&str]) -> Option<&Map> {
        self.at(path)?.as_map()
    }

    /// As text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// As a whole number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// As a truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// As a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// As a list to change.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// As a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// As a map to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether it is what Go calls the empty value: null, false, zero, or no content.
    pub fn is_zero(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(truth) => !truth,
            Value::Int(number) => *number == 0,
            Value::Float(number) => *number == 0.0,
            Value::String(text) | Value::Raw(text) => text.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(SmolStr::new(text))
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(SmolStr::from(text))
    }
}
impl From<SmolStr> for Value {
    fn from(text: SmolStr) -> Self {
        Value::String(text)
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}
impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Value::List(list)
    }
}

/// Builds a [`Value`] from JSON-like syntax: `tree!({"kind": "Pod", "spec": {"containers": []}})`.
#[macro_export]
macro_rules! tree {
    (null) => { $crate::Value::Null };
    ([ $($item:tt),* $(,)? ]) => { $crate::Value::List(vec![ $( $crate::tree!($item) ),* ]) };
    ({ $($key:literal : $value:tt),* $(,)? }) => {{
        #[allow(unused_mut)]
        let mut map = $crate::Map::new();
        $( map.insert($key, $crate::tree!($value)); )*
        $crate::Value::Map(map)
    }};
    ($value:expr) => { $crate::Value::from($value) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn map_keeps_keys_sorted_and_single() {
        let mut map = Map::new();
        map.insert("b", 1i64);
        map.insert("a", 2i64);
        assert_eq!(map.insert("b", 3i64), Some(Value::Int(1)));
        let keys: Vec<_> = map.keys().map(SmolStr::as_str).collect();
        assert_eq!(keys, ["a", "b"]);
        assert_eq!(map.get("b"), Some(&Value::Int(3)));
    }

    #[test]
    fn tree_macro_nests() {
        let value = tree!({"kind": "Pod", "spec": {"containers": [{"name": "a"}], "hostNetwork": true}});
        assert_eq!(
            value.list_at(&["spec", "containers"])[0].str_at(&["name"]),
            Some("a")
        );
        assert_eq!(value.bool_at(&["spec", "hostNetwork"]), Some(true));
    }
}
