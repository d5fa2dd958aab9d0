//! The way through an object beside its schema, from the outside in. What is looked for on the way is the visitor's.

use object::field::Path;
use schema::Value;

use crate::limits::SCHEMA_DEPTH_MAX;

/// A value and what its schema says of it.
pub(super) struct Visited<'a> {
    /// Of this value alone.
    pub schema: &'a Value,
    /// What is there.
    pub value: &'a Value,
    /// Where it is.
    pub path: &'a Path,
    /// Whether it is the whole object.
    pub is_root: bool,
}

/// Shows a visitor an object and all in it that has a schema.
pub(super) fn walk(schema: &Value, object: &Value, visit: &mut dyn FnMut(Visited<'_>)) {
    step(schema, object, &Path::none(), 0, visit);
}

fn step(schema: &Value, value: &Value, path: &Path, depth: usize, visit: &mut dyn FnMut(Visited<'_>)) {
    if depth > SCHEMA_DEPTH_MAX {
        return;
    }
    visit(Visited {
        schema,
        value,
        path,
        is_root: depth == 0,
    });
    let schema_at = |key: &str| schema.get(key).filter(|inner| inner.as_map().is_some());
    match value {
        Value::Map(map) => {
            let more = schema_at("additionalProperties");
            for (name, inner) in map.iter() {
                match (schema.at(&["properties", name]), more) {
                    (Some(property), _) => step(property, inner, &path.child(name.clone()), depth + 1, visit),
                    (None, Some(more)) => step(more, inner, &path.key(name.clone()), depth + 1, visit),
                    (None, None) => {}
                }
            }
        }
        Value::List(items) => {
            if let Some(each) = schema_at("items") {
                for (at, item) in items.iter().enumerate() {
                    step(each, item, &path.index(at), depth + 1, visit);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn all_that_has_a_schema_is_visited() {
        let schema = tree!({"properties": {
            "a": {"items": {"properties": {"b": {}}}},
            "m": {"additionalProperties": {}},
            "open": {"additionalProperties": true}
        }});
        let object = tree!({"a": [{"b": 1i64, "c": 2i64}], "m": {"k": 3i64}, "open": {"x": 4i64}, "z": 5i64});
        let mut paths = Vec::new();
        walk(&schema, &object, &mut |visited| {
            assert_eq!(visited.is_root, paths.is_empty());
            paths.push(visited.path.to_string());
        });
        assert_eq!(paths[1..], ["a", "a[0]", "a[0].b", "m", "m[k]", "open"]);
    }
}
