//! Values of trees, read as their declared types say: times and durations are texts there, bytes are base64.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::json;
use schema::time::{Time, duration};

use super::collection::Shape;
use super::{Key, List, Map, OwnedMap, Value};
use crate::types::Type;

impl<'a> Value<'a> {
    /// A value of a tree that is of a type. What cannot be read as that type stays what it is in the tree.
    pub fn tree(value: &'a schema::Value, of: &'a Type) -> Self {
        match value {
            schema::Value::Null => Self::Null,
            schema::Value::Bool(truth) => Self::Bool(*truth),
            schema::Value::Int(number) if matches!(of, Type::Double) => Self::Double(*number as f64),
            schema::Value::Int(number) => Self::Int(*number),
            schema::Value::Float(number) => Self::Double(*number),
            schema::Value::String(text) => {
                let read = match of {
                    Type::Timestamp => Time::parse(text).ok().map(Self::Timestamp),
                    Type::Duration => duration::parse(text).ok().map(Self::Duration),
                    Type::Bytes => STANDARD.decode(text).ok().map(|bytes| Self::Bytes(bytes.into())),
                    _ => None,
                };
                read.unwrap_or_else(|| Self::String(text.clone()))
            }
            schema::Value::List(items) => Self::List(List::Tree(
                items,
                match of {
                    Type::List(item) => item,
                    _ => &Type::Dyn,
                },
            )),
            schema::Value::Map(map) => Self::Map(Map::Tree(
                map,
                match of {
                    Type::Object(object) => Shape::Object(object),
                    Type::Map(both) => Shape::Values(&both.1),
                    _ => Shape::Values(&Type::Dyn),
                },
            )),
            schema::Value::Raw(text) => json::parse(text.as_bytes()).map_or(Self::Null, Self::owned),
        }
    }

    /// A value of a tree of which nothing is known.
    pub fn dynamic(value: &'a schema::Value) -> Self {
        Self::tree(value, &Type::Dyn)
    }

    /// A tree that is used up.
    pub fn owned(value: schema::Value) -> Self {
        match value {
            schema::Value::Null => Self::Null,
            schema::Value::Bool(truth) => Self::Bool(truth),
            schema::Value::Int(number) => Self::Int(number),
            schema::Value::Float(number) => Self::Double(number),
            schema::Value::String(text) => Self::String(text),
            schema::Value::Raw(text) => json::parse(text.as_bytes()).map_or(Self::Null, Self::owned),
            schema::Value::List(items) => Self::list(items.into_iter().map(Self::owned).collect()),
            schema::Value::Map(map) => {
                let entries = map
                    .into_iter()
                    .map(|(key, value)| (Key::String(key), Self::owned(value)));
                Self::Map(Map::Owned(Arc::new(entries.collect::<OwnedMap<'a>>())))
            }
        }
    }

    /// The tree of a value: times, durations and bytes as texts. Nothing for what has no form in JSON.
    pub fn to_tree(&self) -> Option<schema::Value> {
        Some(match self {
            Self::Null => schema::Value::Null,
            Self::Bool(truth) => schema::Value::Bool(*truth),
            Self::Int(number) => schema::Value::Int(*number),
            Self::Uint(number) => match i64::try_from(*number) {
                Ok(number) => schema::Value::Int(number),
                Err(_) => schema::Value::Float(*number as f64),
            },
            Self::Double(number) => schema::Value::Float(*number),
            Self::String(text) => schema::Value::String(text.clone()),
            Self::Bytes(bytes) => schema::Value::from(STANDARD.encode(bytes)),
            Self::Timestamp(_) | Self::Duration(_) => schema::Value::String(crate::library::text_of(self)?),
            Self::List(list) => {
                schema::Value::List(list.iter().map(|item| item.to_tree()).collect::<Option<_>>()?)
            }
            Self::Map(map) => {
                let mut tree = schema::Map::new();
                for key in map.keys() {
                    let value = Key::of(&key).ok().and_then(|key| map.get(&key))?;
                    tree.insert(crate::library::text_of(&key)?, value.to_tree()?);
                }
                schema::Value::Map(tree)
            }
            Self::Optional(Some(value)) => value.to_tree()?,
            Self::Optional(None) => schema::Value::Null,
            Self::Type(_) | Self::Kept(_) => return None,
        })
    }
}
