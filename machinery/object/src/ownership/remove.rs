//! A tree without some of its paths. It removes; which paths go is decided elsewhere.

use schema::{Map, TypeId, Types, Value};

use super::path::Element;
use super::set::Set;
use super::shape::Shape;

/// The tree of a type without the paths of a set and what is below them. What is left empty by that is null.
pub fn without(types: &Types, id: TypeId, tree: &Value, set: &Set) -> Value {
    let left = removed(types, Shape::Struct(id), tree, set);
    match left {
        Value::Null => Value::Map(Map::new()),
        left => left,
    }
}

fn removed(types: &Types, shape: Shape<'_>, value: &Value, set: &Set) -> Value {
    match (shape, value) {
        (Shape::Struct(_) | Shape::Map(_) | Shape::Untyped | Shape::Deduced, Value::Map(map)) => {
            let mut left = Map::with_capacity(map.len());
            for (key, value) in map.iter() {
                if let Some(value) = kept(types, shape, &Element::Field(key.clone()), value, set) {
                    left.insert(key.clone(), value);
                }
            }
            if left.is_empty() {
                Value::Null
            } else {
                Value::Map(left)
            }
        }
        (Shape::Keyed(..) | Shape::Set(_), Value::List(items)) => {
            let keep = |item: &Value| match shape.element(types, item) {
                Some(element) => kept(types, shape, &element, item, set),
                None => Some(item.clone()),
            };
            let left: Vec<Value> = items.iter().filter_map(keep).collect();
            if left.is_empty() {
                Value::Null
            } else {
                Value::List(left)
            }
        }
        (Shape::Leaf, Value::Map(_) | Value::List(_)) => Value::Null,
        _ => value.clone(),
    }
}

fn kept(types: &Types, shape: Shape<'_>, element: &Element, value: &Value, set: &Set) -> Option<Value> {
    match set.node(element) {
        None => Some(value.clone()),
        Some(node) if node.member => None,
        Some(node) => Some(removed(types, shape.at(types, element), value, &node.below)),
    }
}
