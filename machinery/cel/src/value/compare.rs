//! When two values are the same, and which comes first. Numbers compare by what they are, whatever their types.

use std::cmp::Ordering;

use super::{Key, Map, Value};
use crate::limits::COMPARISON_STEPS_MAX;

/// Whether two values are the same; those of different types are not, but for numbers.
pub fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    Comparison::default().equal(left, right)
}

/// Values that are compared, and how much that takes.
#[derive(Debug, Default)]
pub struct Comparison {
    /// One for each two values, and one for each [`BYTES_A_STEP`] of texts.
    pub steps: u64,
}

/// Texts are compared many bytes at a time.
const BYTES_A_STEP: usize = 1024;

impl Comparison {
    /// Whether two values are the same.
    pub fn equal(&mut self, left: &Value<'_>, right: &Value<'_>) -> bool {
        self.steps += 1;
        match (left, right) {
            _ if self.is_long() => false,
            (Value::Null, Value::Null) => true,
            (Value::List(left), Value::List(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right.iter())
                        .all(|(left, right)| self.equal(&left, &right))
            }
            (Value::Map(left), Value::Map(right)) => self.same_entries(left, right),
            (Value::Optional(left), Value::Optional(right)) => match (left, right) {
                (Some(left), Some(right)) => self.equal(left, right),
                (None, None) => true,
                _ => false,
            },
            (Value::Type(left), Value::Type(right)) => left == right,
            (Value::Kept(left), Value::Kept(right)) => left == right,
            (Value::String(left), Value::String(right)) => {
                self.text(left.len().min(right.len()));
                left == right
            }
            _ => compare(left, right) == Some(Ordering::Equal),
        }
    }

    /// Whether it took more steps than may be. Nothing is the same then.
    pub fn is_long(&self) -> bool {
        self.steps > COMPARISON_STEPS_MAX
    }

    fn text(&mut self, bytes: usize) {
        self.steps += (bytes / BYTES_A_STEP) as u64;
    }

    fn same_entries(&mut self, left: &Map<'_>, right: &Map<'_>) -> bool {
        let same = |key: Value<'_>| {
            let Ok(key) = Key::of(&key) else { return false };
            if let Key::String(name) = &key {
                self.text(name.len());
            }
            match (left.get(&key), right.get(&key)) {
                (Some(left), Some(right)) => self.equal(&left, &right),
                _ => false,
            }
        };
        left.len() == right.len() && left.keys().all(same)
    }
}

/// The order of two values; nothing for those that have none, as a number that is none.
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Double(left), right) => with_double(*left, whole(right)?),
        (left, Value::Double(right)) => with_double(*right, whole(left)?).map(Ordering::reverse),
        (left, right) => Some(whole(left)?.cmp(&whole(right)?)),
    }
}

/// Whether an order between values of these types is declared.
pub fn are_ordered(left: &Value<'_>, right: &Value<'_>) -> bool {
    let is_number = |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
    (is_number(left) && is_number(right)) || compare(left, right).is_some()
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    }
}

fn with_double(left: f64, right: i128) -> Option<Ordering> {
    if left.is_nan() {
        return None;
    }
    // Beyond 2^64 no whole number of ours is.
    if left.abs() >= 18_446_744_073_709_551_616.0 {
        return Some(if left > 0.0 {
            Ordering::Greater
        } else {
            Ordering::Less
        });
    }
    let floor = left.floor();
    let order = (floor as i128).cmp(&right);
    Some(match order {
        Ordering::Equal if left > floor => Ordering::Greater,
        order => order,
    })
}
