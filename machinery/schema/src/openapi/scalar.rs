//! The schemas of plain values and of the special kinds, which are definitions of their own.

use super::Version;
use crate::{FieldType, Map, Value, tree};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/// The definition that a special kind refers to.
pub(super) fn name(ty: &FieldType) -> Option<&'static str> {
    match ty {
        FieldType::Quantity => Some("io.k8s.apimachinery.pkg.api.resource.Quantity"),
        FieldType::IntOrString => Some("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
        FieldType::Time => Some("io.k8s.apimachinery.pkg.apis.meta.v1.Time"),
        FieldType::MicroTime => Some("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"),
        FieldType::Duration => Some("io.k8s.apimachinery.pkg.apis.meta.v1.Duration"),
        FieldType::RawExtension => Some("io.k8s.apimachinery.pkg.runtime.RawExtension"),
        FieldType::FieldsV1 => Some("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"),
        FieldType::Json => Some("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON"),
        _ => None,
    }
}

/// The schema of a special kind, by the name of its definition.
pub(super) fn definition(name: &str, version: Version) -> Option<Map> {
    let own = name.strip_prefix(META).or_else(|| {
        name.rsplit('.')
            .next()
            .filter(|_| !name.starts_with("io.k8s.api."))
    })?;
    let schema = match (own, version) {
        ("Quantity", Version::V2) => tree!({"type": "string"}),
        ("Quantity", Version::V3) => tree!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        ("IntOrString", Version::V2) => tree!({"type": "string", "format": "int-or-string"}),
        ("IntOrString", Version::V3) => {
            tree!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        ("Time" | "MicroTime", _) => tree!({"type": "string", "format": "date-time"}),
        ("Duration", _) => tree!({"type": "string"}),
        ("RawExtension" | "FieldsV1", _) => tree!({"type": "object"}),
        ("JSON", _) => Value::Map(Map::new()),
        _ => return None,
    };
    schema.as_map().cloned()
}

/// `type` and `format` of a plain value.
pub(super) fn plain(ty: &FieldType) -> (&'static str, Option<&'static str>) {
    match ty {
        FieldType::Int32 => ("integer", Some("int32")),
        FieldType::Int64 => ("integer", Some("int64")),
        FieldType::Double => ("number", Some("double")),
        FieldType::Bool => ("boolean", None),
        FieldType::Bytes => ("string", Some("byte")),
        _ => ("string", None),
    }
}
