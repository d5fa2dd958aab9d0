//! A patched object as the reference's errors show it: what the patch touched with sorted keys, the rest as it was encoded.

use schema::{FieldType, TypeId, Types, Value, json};

/// JSON of `patched`, an object of a type that was `original` (both trees of their printed form).
pub(super) fn printed(types: &Types, id: TypeId, original: &Value, patched: &Value) -> String {
    let mut out = Vec::new();
    let printer = Printer { types };
    printer.node(&FieldType::Message(id), Some(original), patched, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

struct Printer<'a> {
    types: &'a Types,
}

impl Printer<'_> {
    fn node(&self, ty: &FieldType, original: Option<&Value>, value: &Value, out: &mut Vec<u8>) {
        match value {
            untouched if original == Some(untouched) => self.untouched(ty, untouched, out),
            Value::Map(map) => {
                out.push(b'{');
                for (at, (key, value)) in map.iter().enumerate() {
                    comma(at, out);
                    json::write(&Value::from(key.clone()), out);
                    out.push(b':');
                    let before = original.and_then(|original| original.get(key));
                    self.node(&self.below(ty, key), before, value, out);
                }
                out.push(b'}');
            }
            value => json::write(value, out),
        }
    }

    /// In the order of declaration.
    fn untouched(&self, ty: &FieldType, value: &Value, out: &mut Vec<u8>) {
        match (ty, value) {
            (FieldType::Message(id), Value::Map(_)) => json::encode(self.types, *id, value, out),
            (FieldType::List(item), Value::List(values)) => {
                out.push(b'[');
                for (at, value) in values.iter().enumerate() {
                    comma(at, out);
                    self.untouched(item, value, out);
                }
                out.push(b']');
            }
            _ => json::write(value, out),
        }
    }

    fn below(&self, ty: &FieldType, key: &str) -> FieldType {
        match ty {
            FieldType::Message(id) => self
                .types
                .field(*id, key)
                .map_or(FieldType::Any, |field| field.ty.clone()),
            FieldType::Map(item) => (**item).clone(),
            _ => FieldType::Any,
        }
    }
}

fn comma(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn touched_maps_are_sorted_and_others_keep_their_order() {
        let types = Types::builtin();
        let id = types.id("io.k8s.api.core.v1.ConfigMap").expect("built in");
        let original =
            tree!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"x": "y"}}});
        let mut patched = original.clone();
        if let Some(map) = patched.as_map_mut() {
            map.insert("data", tree!({"b": "1"}));
        }
        assert_eq!(
            printed(types, id, &original, &patched),
            r#"{"apiVersion":"v1","data":{"b":"1"},"kind":"ConfigMap","metadata":{"name":"a","labels":{"x":"y"}}}"#
        );
    }
}
