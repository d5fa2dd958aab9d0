//! What server-side apply sees of a type: a scalar, a list or a map, merged by item or as one piece.
//! It reads the type tables; values are the walkers' affair.

use schema::{Field, FieldType, ListType, SmolStr, TypeId, Types, Value};

use super::path::Element;

/// How a place in an object is merged.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'t> {
    /// As one piece, whatever it holds.
    Leaf,
    /// An object of a type.
    Struct(TypeId),
    /// A map of values of one type.
    Map(&'t FieldType),
    /// A list whose items are told apart by keys.
    Keyed(&'t FieldType, &'t [SmolStr]),
    /// A list of scalars, each once.
    Set(&'t FieldType),
    /// An object without a type: by key, each value as one piece.
    Untyped,
    /// What it shows itself to be: objects by key, however deep, all else as one piece.
    Deduced,
}

impl<'t> Shape<'t> {
    /// Of a field.
    pub fn of_field(types: &'t Types, field: &'t Field) -> Self {
        if field.atomic_map {
            return Shape::Leaf;
        }
        match (&field.ty, field.list_type) {
            (FieldType::List(item), ListType::Map) => Shape::Keyed(item, &field.list_map_keys),
            (FieldType::List(item), ListType::Set) => Shape::Set(item),
            (FieldType::Message(id), _) if field.granular_map => Shape::Struct(*id),
            (ty, _) => Self::of_type(types, ty),
        }
    }

    /// Of an item of a list or map, which has no marks of its own.
    pub fn of_type(types: &'t Types, ty: &'t FieldType) -> Self {
        match ty {
            FieldType::Message(id) if types.get(*id).atomic || types.get(*id).custom_json => Shape::Leaf,
            FieldType::Message(id) => Shape::Struct(*id),
            FieldType::Map(value) => Shape::Map(value),
            FieldType::Any => Shape::Untyped,
            FieldType::Deduced => Shape::Deduced,
            _ => Shape::Leaf,
        }
    }

    /// Whether it is one piece.
    pub fn is_leaf(self) -> bool {
        matches!(self, Shape::Leaf)
    }

    /// Whether a key is a field that the type declares, and no entry of a map.
    pub fn names(self, types: &Types, key: &str) -> bool {
        matches!(self, Shape::Struct(id) if types.field(id, key).is_some())
    }

    /// The element of an item of a list; `None` in what is no list of such items.
    pub fn element(self, types: &Types, item: &Value) -> Option<Element> {
        match self {
            Shape::Keyed(item_type, keys) => item.as_map().map(|_| keys_of(types, item_type, keys, item)),
            Shape::Set(_) => Some(Element::Value(item.clone())),
            _ => None,
        }
    }

    /// The shape of a list's items.
    pub fn item(self, types: &'t Types) -> Self {
        match self {
            Shape::Keyed(item, _) | Shape::Set(item) => Shape::of_type(types, item),
            _ => Shape::Leaf,
        }
    }

    /// The shape below an element.
    pub fn at(self, types: &'t Types, element: &Element) -> Self {
        match element {
            Element::Field(key) => self.below(types, key),
            _ => self.item(types),
        }
    }

    /// The shape below a key of an object.
    pub fn below(self, types: &'t Types, key: &str) -> Self {
        match self {
            Shape::Struct(id) => match types.field(id, key) {
                Some(field) => Shape::of_field(types, field),
                None if types.get(id).open => Shape::Deduced,
                None => Shape::Leaf,
            },
            Shape::Map(value) => Shape::of_type(types, value),
            Shape::Deduced => Shape::Deduced,
            _ => Shape::Leaf,
        }
    }
}

/// The element of an item of a keyed list; absent keys have the default that the type declares.
pub fn keys_of(types: &Types, item_type: &FieldType, keys: &[SmolStr], item: &Value) -> Element {
    let value_of = |key: &SmolStr| {
        let declared = || match item_type {
            FieldType::Message(id) => types.field(*id, key).and_then(|field| field.default.clone()),
            _ => None,
        };
        item.get(key).cloned().or_else(declared).unwrap_or_default()
    };
    let mut pairs: Vec<(SmolStr, Value)> = keys.iter().map(|key| (key.clone(), value_of(key))).collect();
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    Element::Keys(pairs)
}
