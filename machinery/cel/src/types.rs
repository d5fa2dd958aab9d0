//! Types: what a checker knows of a value before there is one.

mod object;

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

pub use object::{Field, Object, escape};

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Of what is wrong, which was told; it fits everywhere.
    Error,
    /// Anything; known when it is there.
    Dyn,
    /// `null`
    Null,
    /// `true` and `false`
    Bool,
    /// 64 bits with a sign.
    Int,
    /// 64 bits without one.
    Uint,
    /// A double.
    Double,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A moment.
    Timestamp,
    /// A time between two.
    Duration,
    /// A list of items.
    List(Arc<Type>),
    /// A map of keys to values.
    Map(Arc<(Type, Type)>),
    /// A value or none.
    Optional(Arc<Type>),
    /// A type as a value.
    Type(Arc<Type>),
    /// An object with declared fields.
    Object(Arc<Object>),
    /// A type of a library, by its name.
    Opaque(&'static str),
    /// A type that is not known yet, or that a signature leaves open.
    Param(u32),
}

impl Type {
    /// A list.
    pub fn list(item: Type) -> Self {
        Self::List(Arc::new(item))
    }

    /// A map.
    pub fn map(key: Type, value: Type) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// A value or none.
    pub fn optional(of: Type) -> Self {
        Self::Optional(Arc::new(of))
    }

    /// An object.
    pub fn object(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }

    /// An object with these fields.
    pub fn with_fields<const N: usize>(name: &'static str, fields: [(&'static str, Type); N]) -> Self {
        let fields = fields.map(|(name, of)| (SmolStr::new_static(name), of));
        Self::object(Object::new(SmolStr::new_static(name), fields))
    }

    /// A list of texts.
    pub fn texts() -> Self {
        Self::list(Self::String)
    }

    /// What stands within it.
    pub(crate) fn parts(&self) -> Vec<&Type> {
        match self {
            Self::List(item) | Self::Optional(item) | Self::Type(item) => vec![item],
            Self::Map(both) => vec![&both.0, &both.1],
            _ => Vec::new(),
        }
    }

    /// The same with other parts; nothing if none of them changes, so that what stays as it is can be shared.
    pub(crate) fn map_parts(&self, change: &mut dyn FnMut(&Type) -> Option<Type>) -> Option<Type> {
        match self {
            Self::List(item) => change(item).map(Self::list),
            Self::Optional(item) => change(item).map(Self::optional),
            Self::Type(item) => change(item).map(|of| Self::Type(of.into())),
            Self::Map(both) => match (change(&both.0), change(&both.1)) {
                (None, None) => None,
                (key, value) => Some(Self::map(
                    key.unwrap_or_else(|| both.0.clone()),
                    value.unwrap_or_else(|| both.1.clone()),
                )),
            },
            _ => None,
        }
    }

    /// The name of a value's type as `type()` tells it; parts are not in it.
    pub fn name(&self) -> &str {
        match self {
            Self::Error => "error",
            Self::Dyn | Self::Param(_) => "dyn",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Object(object) => &object.name,
            Self::Opaque(name) => name,
        }
    }

    /// The type as the checker's messages have it.
    pub(crate) fn in_messages(&self) -> InMessages<'_> {
        InMessages(self)
    }
}

/// As results are told: `list(int)`, `google.protobuf.Timestamp`.
impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())?;
        in_parentheses(&self.parts(), out)
    }
}

/// As the checker's messages have it: `list(int)`, `timestamp`.
pub(crate) struct InMessages<'t>(&'t Type);

impl fmt::Display for InMessages<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.0 {
            Type::Error => "!error!",
            Type::Null => "null",
            Type::Timestamp => "timestamp",
            Type::Duration => "duration",
            Type::Param(at) => return write!(out, "_var{at}"),
            other => other.name(),
        })?;
        let parts: Vec<_> = self.0.parts().into_iter().map(InMessages).collect();
        in_parentheses(&parts, out)
    }
}

fn in_parentheses<T: fmt::Display>(parts: &[T], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        write!(out, "{}{part}", if at == 0 { "(" } else { ", " })?;
    }
    if parts.is_empty() {
        Ok(())
    } else {
        out.write_str(")")
    }
}
