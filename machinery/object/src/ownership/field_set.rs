//! The fields that an applied configuration names, as a set of paths.
//! It reads trees; what becomes of the set is the applier's affair.

use schema::{TypeId, Types, Value};

use super::path::Element;
use super::set::{Node, Set};
use super::shape::Shape;

/// The paths of every leaf, list item and map key in a tree of a type. Named fields that only lead to others are not in it.
pub fn field_set(types: &Types, id: TypeId, object: &Value) -> Set {
    below(types, Shape::Struct(id), object)
}

fn below(types: &Types, shape: Shape<'_>, value: &Value) -> Set {
    match (shape, value) {
        (Shape::Struct(_) | Shape::Map(_) | Shape::Untyped | Shape::Deduced, Value::Map(map)) => {
            let mut set = Set::default();
            for (key, value) in map.iter() {
                let shape_below = shape.below(types, key);
                let is_empty = value.is_null() || value.as_map().is_some_and(schema::Map::is_empty);
                let is_piece = shape_below.is_leaf()
                    || (matches!(shape_below, Shape::Deduced) && value.as_map().is_none());
                let is_member = is_empty || is_piece || !shape.names(types, key);
                put(
                    &mut set,
                    Element::Field(key.clone()),
                    is_member,
                    below(types, shape_below, value),
                );
            }
            set
        }
        (Shape::Keyed(..) | Shape::Set(_), Value::List(items)) => {
            let mut set = Set::default();
            for item in items {
                if let Some(element) = shape.element(types, item) {
                    put(&mut set, element, true, below(types, shape.item(types), item));
                }
            }
            set
        }
        _ => Set::default(),
    }
}

fn put(set: &mut Set, element: Element, member: bool, below: Set) {
    let node = Node { member, below };
    if !node.is_empty() {
        set.merge_node(element, node);
    }
}
