//! One step of a path into an object: a field, an item of a list by its keys or its value, an index.
//! Their order is that in which field sets are written.

use schema::{SmolStr, Value};
use std::cmp::Ordering;
use std::fmt;

/// One step of a path.
#[derive(Clone, Debug)]
pub enum Element {
    /// A field of an object, or a key of a map.
    Field(SmolStr),
    /// An item of a list of type map: its keys, sorted by name.
    Keys(Vec<(SmolStr, Value)>),
    /// An item of a list of type set.
    Value(Value),
    /// An item by its place; read, never made.
    Index(i64),
}

impl Element {
    fn rank(&self) -> u8 {
        match self {
            Element::Field(_) => 0,
            Element::Keys(_) => 1,
            Element::Value(_) => 2,
            Element::Index(_) => 3,
        }
    }
}

/// As conflicts name it: `.field`, `[key="value"]`, `[="value"]`, `[0]`.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Field(name) => write!(f, ".{name}"),
            Element::Keys(keys) => {
                let pairs: Vec<String> = keys
                    .iter()
                    .map(|(key, value)| format!("{key}={}", schema::json::to_string(value)))
                    .collect();
                write!(f, "[{}]", pairs.join(","))
            }
            Element::Value(value) => write!(f, "[={}]", schema::json::to_string(value)),
            Element::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl Ord for Element {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Element::Field(a), Element::Field(b)) => a.cmp(b),
            (Element::Keys(a), Element::Keys(b)) => by_keys(a, b),
            (Element::Value(a), Element::Value(b)) => by_value(a, b),
            (Element::Index(a), Element::Index(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Element {}

fn by_keys(a: &[(SmolStr, Value)], b: &[(SmolStr, Value)]) -> Ordering {
    for ((key_a, value_a), (key_b, value_b)) in a.iter().zip(b) {
        let order = key_a.cmp(key_b).then_with(|| by_value(value_a, value_b));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Numbers, texts, truth values, lists, maps, null: in this order.
fn by_value(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => number(a).total_cmp(&number(b)),
        (Value::String(a) | Value::Raw(a), Value::String(b) | Value::Raw(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => {
            let first = a
                .iter()
                .zip(b)
                .map(|(a, b)| by_value(a, b))
                .find(|order| *order != Ordering::Equal);
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Map(a), Value::Map(b)) => {
            let pairs = a.iter().zip(b.iter());
            let mut orders = pairs.map(|((ka, va), (kb, vb))| ka.cmp(kb).then_with(|| by_value(va, vb)));
            orders
                .find(|order| *order != Ordering::Equal)
                .unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (a, b) => kind(a).cmp(&kind(b)),
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Int(_) | Value::Float(_) => 0,
        Value::String(_) | Value::Raw(_) => 1,
        Value::Bool(_) => 2,
        Value::List(_) => 3,
        Value::Map(_) => 4,
        Value::Null => 5,
    }
}
