//! How Go names the type of a field; error texts of the JSON decoder show it.

use crate::{Field, FieldType, Types};

/// The Go name of `ty`, which is `field`'s type or the type of its items.
pub(super) fn name(types: &Types, ty: &FieldType, field: Option<&Field>) -> String {
    match ty {
        FieldType::String => match field {
            Some(Field {
                enum_name: Some(name),
                ..
            }) => short(name),
            Some(field) if field.json == "uid" => "types.UID".into(),
            _ => "string".into(),
        },
        FieldType::Int32 => "int32".into(),
        FieldType::Int64 => "int64".into(),
        FieldType::Bool => "bool".into(),
        FieldType::Bytes => "[]uint8".into(),
        FieldType::Double => "float64".into(),
        FieldType::Quantity => "resource.Quantity".into(),
        FieldType::IntOrString => "intstr.IntOrString".into(),
        FieldType::Time => "v1.Time".into(),
        FieldType::MicroTime => "v1.MicroTime".into(),
        FieldType::Duration => "v1.Duration".into(),
        FieldType::RawExtension => "runtime.RawExtension".into(),
        FieldType::FieldsV1 => "v1.FieldsV1".into(),
        FieldType::Json => "v1.JSON".into(),
        FieldType::Any | FieldType::Deduced => "interface {}".into(),
        FieldType::Message(id) => short(&types.get(*id).name),
        FieldType::List(item) => format!("[]{}", name(types, item, field)),
        FieldType::Map(item) => match field.and_then(|field| field.key_enum_name.as_deref()) {
            Some(key) if **item == FieldType::Quantity && key.ends_with(".ResourceName") => {
                "v1.ResourceList".into()
            }
            Some(key) => format!("map[{}]{}", short(key), name(types, item, field)),
            None => format!("map[string]{}", name(types, item, field)),
        },
    }
}

/// The last two parts of an OpenAPI name: `v1.Pod`.
pub(super) fn short(name: &str) -> String {
    let mut parts = name.rsplitn(3, '.');
    let own = parts.next().unwrap_or_default();
    parts
        .next()
        .map_or_else(|| own.to_string(), |package| format!("{package}.{own}"))
}
