//! Values of a type, for fields that a sample leaves out, and values other than a given one.

use schema::{FieldType, Map, TypeId, Types, Value, tree};

use super::place_of::Step;

/// Types of which one field is given, or few that belong together.
const UNIONS: [&str; 9] = [
    "DeviceRequest",
    "DownwardAPIVolumeFile",
    "EnvVarSource",
    "IngressBackend",
    "LifecycleHandler",
    "MetricSpec",
    "Probe",
    "Volume",
    "VolumeProjection",
];

/// How deep messages are filled in.
const DEPTH_MAX: usize = 4;

/// An object that has everything on the way to a field. What is made has the fields that the API requires of it, so
/// that nothing is wrong but the field itself. Where one of several fields may be given, the others go.
pub fn grown(object: &Value, root: TypeId, path: &[Step]) -> Value {
    let mut object = object.clone();
    let mut ty = FieldType::Message(root);
    let mut at = &mut object;
    for (index, step) in path.iter().enumerate() {
        let Some((inner, next)) = step_down(&ty, at, step, path.get(index + 1)) else {
            break;
        };
        ty = inner;
        at = next;
    }
    object
}

fn step_down<'a>(
    ty: &FieldType,
    at: &'a mut Value,
    step: &Step,
    next: Option<&Step>,
) -> Option<(FieldType, &'a mut Value)> {
    // The field itself is not made.
    next?;
    match (ty, step) {
        (FieldType::Message(id), Step::Field(name)) => {
            let ty = Types::builtin().field(*id, name)?.ty.clone();
            let is_union = UNIONS.contains(&Types::builtin().get(*id).short_name());
            if is_union && ty.message().is_some() && at.get(name).is_none() {
                choose(at.as_map_mut()?, name);
            }
            let value = at.as_map_mut()?.entry_or_insert_with(name, || required(&ty, 0));
            Some((ty, value))
        }
        (FieldType::Map(item), Step::Entry | Step::Key(_)) => {
            let map = at.as_map_mut()?;
            let key = match step {
                Step::Key(key) => key.clone(),
                _ => map.keys().next().cloned().unwrap_or("k".into()),
            };
            Some((
                (**item).clone(),
                map.entry_or_insert_with(&key, || required(item, 0)),
            ))
        }
        (FieldType::List(item), Step::Item) => {
            let list = at.as_list_mut()?;
            if list.is_empty() {
                *list = vec![required(item, 0)];
            }
            Some(((**item).clone(), list.first_mut()?))
        }
        _ => None,
    }
}

/// Makes room for one field of a union. A metric's type is its field's name.
fn choose(union: &mut Map, name: &str) {
    union.retain(|_, value| value.as_map().is_none());
    if union.contains_key("type") {
        let (first, rest) = name.split_at(1);
        union.insert("type", format!("{}{rest}", first.to_ascii_uppercase()));
    }
}

/// A value with the fields that the API requires of its type.
fn required(ty: &FieldType, depth: usize) -> Value {
    let FieldType::Message(id) = ty else {
        return match ty {
            FieldType::List(_) => Value::List(Vec::new()),
            FieldType::Map(_) => Map::new().into(),
            _ => some(ty),
        };
    };
    let mut map = Map::new();
    for field in Types::builtin().json_fields(*id) {
        let value = match &field.default {
            Some(value) => value.clone(),
            None if field.required && depth < DEPTH_MAX => match (field.enum_values.first(), &field.ty) {
                (Some(known), _) => known.clone().into(),
                (None, FieldType::Message(_)) => required(&field.ty, depth + 1),
                _ => some(&field.ty),
            },
            None => continue,
        };
        map.insert(field.json.clone(), value);
    }
    map.into()
}

/// Some value of a type.
pub fn some(ty: &FieldType) -> Value {
    some_at(ty, 0)
}

fn some_at(ty: &FieldType, depth: usize) -> Value {
    match ty {
        FieldType::Int32 | FieldType::Int64 | FieldType::IntOrString => Value::Int(1),
        FieldType::Bool => Value::Bool(true),
        FieldType::Double => Value::Float(0.5),
        FieldType::Quantity => "1".into(),
        FieldType::Time => "2026-01-01T00:00:00Z".into(),
        FieldType::MicroTime => "2026-01-01T00:00:00.000000Z".into(),
        FieldType::Duration => "1s".into(),
        FieldType::Bytes => "AAAA".into(),
        FieldType::List(item) => Value::List(vec![some_at(item, depth)]),
        FieldType::Map(item) => {
            let mut map = Map::new();
            map.insert("k", some_at(item, depth));
            map.into()
        }
        FieldType::Message(id) if depth < DEPTH_MAX => {
            let mut map = Map::new();
            if let Some(field) = Types::builtin().json_fields(*id).next() {
                map.insert(field.json.clone(), some_at(&field.ty, depth + 1));
            }
            map.into()
        }
        FieldType::String => "a".into(),
        _ => tree!({"k": "v"}),
    }
}

/// Another value of the same type.
pub fn other(ty: &FieldType, value: &Value) -> Value {
    match (ty, value) {
        (_, Value::Bool(truth)) => Value::Bool(!truth),
        (_, Value::Int(number)) => Value::Int(number + 1),
        (FieldType::String, Value::String(text)) => format!("{text}b").into(),
        (FieldType::Bytes, Value::String(_)) => "BBBB".into(),
        (FieldType::Quantity, Value::String(_)) => "7".into(),
        (FieldType::Time, Value::String(_)) => "2025-05-05T05:05:05Z".into(),
        (FieldType::MicroTime, Value::String(_)) => "2025-05-05T05:05:05.000000Z".into(),
        (FieldType::List(item), Value::List(list)) => {
            let mut list = list.clone();
            match list.first_mut() {
                Some(first) => *first = other(item, first),
                None => list.push(some(item)),
            }
            Value::List(list)
        }
        (FieldType::Map(item), Value::Map(map)) => {
            let mut map = map.clone();
            map.insert("other", some(item));
            map.into()
        }
        (FieldType::Message(id), Value::Map(map)) => {
            let mut map = map.clone();
            let types = Types::builtin();
            let first = map.iter().find_map(|(key, value)| {
                let field = types.field(*id, key)?;
                Some((key.clone(), other(&field.ty, value)))
            });
            let new = first.or_else(|| {
                let field = types.json_fields(*id).next()?;
                Some((field.json.clone(), some(&field.ty)))
            });
            if let Some((key, value)) = new {
                map.insert(key, value);
            }
            map.into()
        }
        _ => tree!({"other": "v"}),
    }
}
