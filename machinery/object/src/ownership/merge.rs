//! The merge of an applied configuration into a live object, by the schema: what the configuration says wins, what it does
//! not name stays. Who may say what is decided elsewhere.

mod order;

use schema::{Map, TypeId, Types, Value};

use super::path::Element;
use super::shape::Shape;

/// The live object with the configuration laid over it. Both are trees as JSON shows them.
pub fn merge(types: &Types, id: TypeId, live: &Value, config: &Value) -> Value {
    merged(types, Shape::Struct(id), live, config)
}

fn merged(types: &Types, shape: Shape<'_>, live: &Value, config: &Value) -> Value {
    match shape {
        Shape::Struct(_) | Shape::Map(_) | Shape::Untyped | Shape::Deduced => {
            maps(types, shape, live, config)
        }
        Shape::Keyed(..) | Shape::Set(_) => lists(types, shape, live, config),
        Shape::Leaf => config.clone(),
    }
}

/// An explicit null of the configuration leaves a map that holds something as it is.
fn maps(types: &Types, shape: Shape<'_>, live: &Value, config: &Value) -> Value {
    let none = Map::new();
    let of = |value: &Value| value.as_map().cloned();
    let (Some(live), Some(config_map)) = (
        of(live).or_else(|| live.is_null().then(Map::new)),
        config.as_map().or_else(|| config.is_null().then_some(&none)),
    ) else {
        return config.clone();
    };
    if live.is_empty() && config_map.is_empty() {
        return config.clone();
    }
    let mut out = live;
    for (key, value) in config_map.iter() {
        let next = match out.get(key) {
            Some(present) => merged(types, shape.below(types, key), present, value),
            None => value.clone(),
        };
        out.insert(key.clone(), next);
    }
    Value::Map(out)
}

fn lists(types: &Types, shape: Shape<'_>, live: &Value, config: &Value) -> Value {
    let of = |value: &Value| match value {
        Value::List(items) => Some(items.clone()),
        Value::Null => Some(Vec::new()),
        _ => None,
    };
    let (Some(live), Some(config_items)) = (of(live), of(config)) else {
        return config.clone();
    };
    if live.is_empty() && config_items.is_empty() {
        return config.clone();
    }
    let elements = |items: &[Value]| -> Vec<Element> {
        items
            .iter()
            .filter_map(|item| shape.element(types, item))
            .collect()
    };
    let (live_elements, config_elements) = (elements(&live), elements(&config_items));
    // An item that is no item of such a list cannot be told apart: the configuration's list stands.
    if live_elements.len() != live.len() || config_elements.len() != config_items.len() {
        return config.clone();
    }
    let picks = order::order(&live_elements, &config_elements);
    let item_shape = shape.item(types);
    let items = picks.into_iter().map(|pick| match (pick.live, pick.config) {
        (Some(at), Some(with)) => merged(types, item_shape, &live[at], &config_items[with]),
        (Some(at), None) => live[at].clone(),
        (None, Some(with)) => config_items[with].clone(),
        (None, None) => Value::Null,
    });
    Value::List(items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn pod() -> TypeId {
        Types::builtin().id("io.k8s.api.core.v1.Pod").expect("built in")
    }

    fn names(pod: &Value) -> Vec<&str> {
        pod.list_at(&["spec", "containers"])
            .iter()
            .filter_map(|item| item.str_at(&["name"]))
            .collect()
    }

    #[test]
    fn items_are_merged_by_their_keys_and_keep_what_is_not_said() {
        let live = tree!({"spec": {"containers": [{"name": "a", "image": "x", "tty": true}, {"name": "b"}]}});
        let config = tree!({"spec": {"containers": [{"name": "c"}, {"name": "a", "image": "y"}]}});
        let merged = merge(Types::builtin(), pod(), &live, &config);
        assert_eq!(names(&merged), ["c", "a", "b"]);
        let a = &merged.list_at(&["spec", "containers"])[1];
        assert_eq!(a, &tree!({"name": "a", "image": "y", "tty": true}));
    }

    #[test]
    fn atomic_lists_are_replaced() {
        let live = tree!({"spec": {"containers": [{"name": "a", "args": ["1", "2"]}]}});
        let config = tree!({"spec": {"containers": [{"name": "a", "args": ["3"]}]}});
        let merged = merge(Types::builtin(), pod(), &live, &config);
        assert_eq!(
            merged.list_at(&["spec", "containers"])[0].list_at(&["args"]),
            [tree!("3")]
        );
    }
}
