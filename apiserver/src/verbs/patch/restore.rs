//! Why the result of a strategic merge is not an object of its type, in the words of the reference's converter, which
//! reads trees and not text.

use schema::{FieldType, TypeId, Types, Value};

/// The first misfit, in the order of the type's fields; `None` where the converter would find none.
pub(super) fn misfit(types: &Types, id: TypeId, value: &Value) -> Option<String> {
    types.json_fields(id).find_map(|field| {
        let value = value.get(&field.json)?;
        of_type(types, &field.ty, value)
    })
}

fn of_type(types: &Types, ty: &FieldType, value: &Value) -> Option<String> {
    match (ty, value) {
        (_, Value::Null) => None,
        (FieldType::Message(id), Value::Map(_)) => misfit(types, *id, value),
        (FieldType::Message(id), _) if types.get(*id).custom_json => None,
        (FieldType::Message(_), other) => Some(format!("cannot restore struct from: {}", go_kind(other))),
        (FieldType::List(item), Value::List(values)) => {
            values.iter().find_map(|value| of_type(types, item, value))
        }
        (FieldType::List(_), other) => Some(format!("cannot restore slice from {}", go_kind(other))),
        (FieldType::Map(item), Value::Map(map)) => map.values().find_map(|value| of_type(types, item, value)),
        (FieldType::Map(_), other) => Some(format!("cannot restore map from {}", go_kind(other))),
        (FieldType::String, Value::String(_)) | (FieldType::Bool, Value::Bool(_)) => None,
        (FieldType::Int32 | FieldType::Int64, Value::Int(_) | Value::Float(_)) => None,
        (FieldType::String, _) => Some("unrecognized type: string".to_owned()),
        (FieldType::Bool, _) => Some("unrecognized type: bool".to_owned()),
        (FieldType::Int32, _) => Some("unrecognized type: int32".to_owned()),
        (FieldType::Int64, _) => Some("unrecognized type: int64".to_owned()),
        // Types that read themselves have their own words.
        _ => None,
    }
}

fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Null => "nil",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn misfits_are_worded_as_the_converter_does() {
        let types = Types::builtin();
        let id = types.id("io.k8s.api.apps.v1.Deployment").expect("built in");
        let of = |value: Value| misfit(types, id, &value);
        assert_eq!(
            of(tree!({"spec": {"replicas": "x"}})),
            Some("unrecognized type: int32".to_owned())
        );
        assert_eq!(of(tree!({"spec": {"replicas": 1i64}})), None);
        assert_eq!(
            of(tree!({"metadata": {"finalizers": "x"}})),
            Some("cannot restore slice from string".to_owned())
        );
    }
}
