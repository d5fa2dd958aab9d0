//! Lists and maps, of a tree or made by an expression.

use std::sync::Arc;

use super::{Items, Key, OwnedMap, Value};
use crate::types::{Object, Type};

/// A list.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// Of a tree, whose items are of a type.
    Tree(&'a [schema::Value], &'a Type),
    /// Made by an expression.
    Owned(Arc<Items<'a>>),
}

impl<'a> List<'a> {
    /// How many items it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Tree(items, _) => items.len(),
            Self::Owned(items) => items.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An item.
    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Tree(items, of) => items.get(at).map(|item| Value::tree(item, of)),
            Self::Owned(items) => items.get(at).cloned(),
        }
    }

    /// Its items in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

/// What is known of a map of a tree.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    /// Its values are of a type.
    Values(&'a Type),
    /// It is an object, and has no other fields than those.
    Object(&'a Object),
}

/// A map or an object.
#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// Of a tree.
    Tree(&'a schema::Map, Shape<'a>),
    /// Made by an expression.
    Owned(Arc<OwnedMap<'a>>),
    /// An object made by an expression: its type and its fields.
    Object(Arc<Object>, Arc<OwnedMap<'a>>),
}

impl<'a> Map<'a> {
    /// How many entries it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Tree(map, Shape::Object(object)) if !object.is_open() => self.keys().count().min(map.len()),
            Self::Tree(map, _) => map.len(),
            Self::Owned(map) | Self::Object(_, map) => map.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Owned(map) | Self::Object(_, map), key) => map.get(key).cloned(),
            (Self::Tree(..), Key::String(name)) => self.field(name),
            (Self::Tree(..), _) => None,
        }
    }

    /// The value of a key that is text, or of a field.
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Tree(map, Shape::Values(of)) => map.get(name).map(|value| Value::tree(value, of)),
            Self::Tree(map, Shape::Object(object)) => match object.field(name) {
                Some(field) => map.get(&field.name).map(|value| Value::tree(value, &field.of)),
                None if object.is_open() => map.get(name).map(|value| Value::tree(value, &Type::Dyn)),
                None => None,
            },
            Self::Owned(map) | Self::Object(_, map) => map.get(&Key::String(name.into())).cloned(),
        }
    }

    /// Its keys in order.
    pub fn keys(&self) -> Box<dyn Iterator<Item = Value<'static>> + '_> {
        match self {
            Self::Tree(map, Shape::Object(object)) if !object.is_open() => {
                let set = object.fields().filter(|(_, field)| map.contains_key(&field.name));
                Box::new(set.map(|(name, _)| Value::String(name.clone())))
            }
            Self::Tree(map, _) => Box::new(map.keys().map(|key| Value::String(key.clone()))),
            Self::Owned(map) | Self::Object(_, map) => Box::new(map.keys().map(Key::value)),
        }
    }

    /// The name of its type.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Tree(_, Shape::Object(object)) => &object.name,
            Self::Object(object, _) => &object.name,
            _ => "map",
        }
    }
}
