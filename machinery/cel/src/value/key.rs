//! Keys of maps: texts, truth values and whole numbers. A number is one key, whatever its type.

use std::cmp::Ordering;

use smol_str::SmolStr;

use super::{Error, Value};

/// A key.
#[derive(Clone, Debug)]
pub enum Key {
    /// A truth value.
    Bool(bool),
    /// A number with a sign.
    Int(i64),
    /// A number without one.
    Uint(u64),
    /// Text.
    String(SmolStr),
}

impl Key {
    /// The key that a value is.
    pub fn of(value: &Value<'_>) -> Result<Self, Error> {
        match value {
            Value::Bool(truth) => Ok(Self::Bool(*truth)),
            Value::Int(number) => Ok(Self::Int(*number)),
            Value::Uint(number) => Ok(Self::Uint(*number)),
            Value::String(text) => Ok(Self::String(text.clone())),
            other => Err(Error::failed(format!(
                "unsupported key type: {}",
                other.type_name()
            ))),
        }
    }

    /// The key that a value looks for; a double that is whole looks for the number.
    pub fn wanted(value: &Value<'_>) -> Result<Self, Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match value {
            Value::Double(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                Ok(Self::Int(*number as i64))
            }
            other => Self::of(other),
        }
    }

    /// As a value.
    pub fn value(&self) -> Value<'static> {
        match self {
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(number) => Value::Int(*number),
            Self::Uint(number) => Value::Uint(*number),
            Self::String(text) => Value::String(text.clone()),
        }
    }

    fn number(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(i128::from(*number)),
            Self::Uint(number) => Some(i128::from(*number)),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) | Self::Uint(_) => 1,
            Self::String(_) => 2,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::String(left), Self::String(right)) => left.cmp(right),
            (Self::Bool(left), Self::Bool(right)) => left.cmp(right),
            _ => self
                .rank()
                .cmp(&other.rank())
                .then(self.number().cmp(&other.number())),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}
