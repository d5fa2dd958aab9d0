//! Values while an expression is evaluated. What comes from a tree is looked at where it stands: lists, maps and texts of it
//! are not copied.

mod collection;
mod compare;
mod key;
mod library_values;
mod owned;
mod tree;

use std::sync::Arc;

use schema::time::Time;
use smol_str::SmolStr;

pub use collection::{List, Map};
pub use compare::{Comparison, are_ordered, compare, equal};
pub use key::Key;
pub use library_values::Kept;
pub use owned::{Items, OwnedMap};

use crate::types::Type;

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// A truth value.
    Bool(bool),
    /// 64 bits with a sign.
    Int(i64),
    /// 64 bits without one.
    Uint(u64),
    /// A double.
    Double(f64),
    /// Text.
    String(SmolStr),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A moment.
    Timestamp(Time),
    /// Nanoseconds between two.
    Duration(i64),
    /// A list.
    List(List<'a>),
    /// A map or an object.
    Map(Map<'a>),
    /// A value or none.
    Optional(Option<Arc<Value<'a>>>),
    /// A type.
    Type(SmolStr),
    /// What a library keeps in a form of its own.
    Kept(Kept),
}

/// What evaluation comes to.
pub type Outcome<'a> = Result<Value<'a>, Error>;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The expression does not fit the data, in the reference's words.
    #[error("{0}")]
    Failed(String),
    /// It went on for too long.
    #[error("operation cancelled: actual cost limit exceeded")]
    CostLimit,
    /// It asks whether somebody may do something, and nobody has decided that yet.
    #[error("authorization is not decided")]
    Undecided(Box<crate::authorizer::Check>),
}

impl Error {
    /// The expression does not fit the data.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// What operators say of values that they are not declared for.
    pub fn no_overload() -> Self {
        Self::failed("no such overload")
    }
}

impl<'a> Value<'a> {
    /// Text.
    pub fn text(text: impl Into<SmolStr>) -> Self {
        Self::String(text.into())
    }

    /// A list of values that were made.
    pub fn list(items: Vec<Value<'a>>) -> Self {
        Self::List(List::Owned(Arc::new(Items::new(items))))
    }

    /// A value that is there.
    pub fn some(value: Value<'a>) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// The name of its type.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Null => Type::Null.name(),
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => Type::Timestamp.name(),
            Self::Duration(_) => Type::Duration.name(),
            Self::List(_) => "list",
            Self::Map(map) => map.type_name(),
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Kept(kept) => kept.type_name(),
        }
    }

    /// As a truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// As text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// What `size()` tells, for what has one.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::String(text) => Some(text.chars().count()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.len()),
            Self::Map(map) => Some(map.len()),
            Self::Kept(kept) => kept.size(),
            _ => None,
        }
    }

    /// How many values an expression has put together in it, itself among them. What stands in a tree counts as one.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Self::List(List::Owned(items)) => items.weight(),
            Self::Map(Map::Owned(map) | Map::Object(_, map)) => map.weight(),
            Self::Optional(Some(value)) => value.weight().saturating_add(1),
            _ => 1,
        }
    }

    /// Whether it is the zero of its type.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(truth) => !truth,
            Self::Int(number) => *number == 0,
            Self::Uint(number) => *number == 0,
            Self::Double(number) => *number == 0.0,
            Self::Timestamp(time) => time.is_zero(),
            Self::Duration(nanos) => *nanos == 0,
            Self::Optional(value) => value.is_none(),
            Self::Type(_) | Self::Kept(_) => false,
            Self::String(_) | Self::Bytes(_) | Self::List(_) | Self::Map(_) => self.size() == Some(0),
        }
    }
}
