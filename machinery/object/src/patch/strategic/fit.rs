//! Whether a patched tree fits its type, in the words that the reference has for it here: after a strategic merge it
//! restores the object from a tree, where other requests decode text. Only the first misfit is told, as there.

use schema::quantity::Quantity;
use schema::time::{Time, duration};
use schema::{FieldType, TypeId, Types, Value, json};

use super::error::{go_kind, json_kind};

/// What keeps a tree from being an object of the type `id`; none if it is one.
///
/// Clients see it as a field error of `patch`, whose value is the patch as [`super::printed`].
pub fn misfit(types: &Types, id: TypeId, value: &Value) -> Option<String> {
    message(types, id, value).err()
}

fn message(types: &Types, id: TypeId, value: &Value) -> Result<(), String> {
    if types.get(id).custom_json || value.is_null() {
        return Ok(());
    }
    let map = value
        .as_map()
        .ok_or_else(|| format!("cannot restore struct from: {}", go_kind(value)))?;
    let fields = types
        .json_fields(id)
        .filter_map(|field| Some((field, map.get(&field.json)?)));
    fields
        .into_iter()
        .try_for_each(|(field, value)| check(types, &field.ty, value))
}

fn check(types: &Types, ty: &FieldType, value: &Value) -> Result<(), String> {
    match (ty, value) {
        (_, Value::Null) => Ok(()),
        (FieldType::Message(id), value) => message(types, *id, value),
        (FieldType::List(item), Value::List(items)) => {
            items.iter().try_for_each(|value| check(types, item, value))
        }
        (FieldType::Map(item), Value::Map(map)) => {
            map.values().try_for_each(|value| check(types, item, value))
        }
        (FieldType::Bytes, Value::String(_) | Value::List(_)) => Ok(()),
        (FieldType::List(_) | FieldType::Bytes, other) => {
            Err(format!("cannot restore slice from {}", go_kind(other)))
        }
        (FieldType::Map(_), other) => Err(format!("cannot restore map from {}", go_kind(other))),
        (
            FieldType::RawExtension
            | FieldType::FieldsV1
            | FieldType::Json
            | FieldType::Any
            | FieldType::Deduced,
            _,
        ) => Ok(()),
        (ty, value) => scalar(ty, value),
    }
}

fn scalar(ty: &FieldType, value: &Value) -> Result<(), String> {
    match ty {
        FieldType::String => text(value),
        FieldType::Bool => same_kind("bool", matches!(value, Value::Bool(_))),
        FieldType::Int32 => whole(value, "int32"),
        FieldType::Int64 => whole(value, "int64"),
        FieldType::Double => same_kind("float64", matches!(value, Value::Int(_) | Value::Float(_))),
        FieldType::Quantity => quantity(value),
        FieldType::Time => unquoted(value).and_then(|text| Time::parse(text).map(drop)),
        FieldType::MicroTime => unquoted(value).and_then(|text| Time::parse_micro(text).map(drop)),
        FieldType::Duration => unquoted(value).and_then(|text| duration::parse(text).map(drop)),
        FieldType::IntOrString => int_or_string(value),
        _ => Ok(()),
    }
}

fn text(value: &Value) -> Result<(), String> {
    match value {
        Value::Int(_) => Err("cannot convert int64 to string".to_owned()),
        value => same_kind("string", matches!(value, Value::String(_))),
    }
}

fn whole(value: &Value, kind: &str) -> Result<(), String> {
    match value {
        Value::Float(number) if number.fract() == 0.0 => Ok(()),
        Value::Float(_) => Err(format!("cannot convert float64 to {kind}")),
        value => same_kind(kind, matches!(value, Value::Int(_))),
    }
}

fn same_kind(kind: &str, same: bool) -> Result<(), String> {
    if same {
        Ok(())
    } else {
        Err(format!("unrecognized type: {kind}"))
    }
}

fn quantity(value: &Value) -> Result<(), String> {
    let text = match value {
        Value::String(text) => text.to_string(),
        other => json::to_string(other),
    };
    Quantity::parse(text.trim()).map(drop).map_err(|e| e.to_string())
}

fn unquoted(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| {
        format!(
            "json: cannot unmarshal {} into Go value of type string",
            json_kind(value)
        )
    })
}

fn int_or_string(value: &Value) -> Result<(), String> {
    let shown = match value {
        Value::String(_) => return Ok(()),
        Value::Int(number) if i32::try_from(*number).is_ok() => return Ok(()),
        Value::Int(_) | Value::Float(_) => format!("number {}", json::to_string(value)),
        other => json_kind(other).to_owned(),
    };
    Err(format!(
        "json: cannot unmarshal {shown} into Go value of type int32"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn misfit_of(name: &str, value: Value) -> Option<String> {
        let types = Types::builtin();
        misfit(
            types,
            types.id(&format!("io.k8s.api.{name}")).expect("a built-in type"),
            &value,
        )
    }

    #[test]
    fn what_fits_is_silent() {
        let deployment = tree!({
            "metadata": {"name": "a", "creationTimestamp": null, "labels": {"a": "b"}},
            "spec": {"replicas": 1i64, "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1i64}}},
            "unknown": {"a": 1i64}
        });
        assert_eq!(misfit_of("apps.v1.Deployment", deployment), None);
    }

    #[test]
    fn what_does_not_fit_is_told_in_the_references_words() {
        for (name, value, message) in [
            (
                "apps.v1.Deployment",
                tree!({"spec": {"replicas": "x"}}),
                "unrecognized type: int32",
            ),
            (
                "apps.v1.Deployment",
                tree!({"spec": {"paused": 1i64}}),
                "unrecognized type: bool",
            ),
            (
                "apps.v1.Deployment",
                tree!({"spec": "x"}),
                "cannot restore struct from: string",
            ),
            (
                "batch.v1.CronJob",
                tree!({"status": {"active": "x"}}),
                "cannot restore slice from string",
            ),
            (
                "core.v1.ConfigMap",
                tree!({"data": []}),
                "cannot restore map from slice",
            ),
            (
                "core.v1.ConfigMap",
                tree!({"data": {"a": 1i64}}),
                "cannot convert int64 to string",
            ),
            (
                "core.v1.Node",
                tree!({"status": {"capacity": {"cpu": "bad"}}}),
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ),
            (
                "core.v1.Pod",
                tree!({"metadata": {"creationTimestamp": 1i64}}),
                "json: cannot unmarshal number into Go value of type string",
            ),
            (
                "core.v1.Service",
                tree!({"spec": {"ports": [{"targetPort": true}]}}),
                "json: cannot unmarshal bool into Go value of type int32",
            ),
        ] {
            assert_eq!(misfit_of(name, value).as_deref(), Some(message));
        }
    }
}
