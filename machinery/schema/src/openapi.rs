//! Schemas of types as OpenAPI documents publish them: v2 definitions and v3 component schemas.
//! Paths, operations and documents are made elsewhere; descriptions come from the caller.

mod everywhere;
mod scalar;

use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;

use crate::types::Union;
use crate::{Field, FieldType, ListType, Map, TypeId, TypeSchema, Types, Value, tree};

/// Which OpenAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `#/definitions/`; without defaults, as the reference prunes them.
    V2,
    /// `#/components/schemas/`; with defaults, also those that are zero.
    V3,
}

/// Finds the description of a type, or of one of its fields.
pub type Describe<'d> = dyn Fn(&str, Option<&str>) -> Option<&'d str> + 'd;

impl Version {
    /// Where the schema of a type is: `#/definitions/NAME`.
    pub fn path(self, name: &str) -> SmolStr {
        match self {
            Version::V2 => format_smolstr!("#/definitions/{name}"),
            Version::V3 => format_smolstr!("#/components/schemas/{name}"),
        }
    }

    /// A reference to the schema of a type: `{"$ref": PATH}`.
    pub fn reference(self, name: &str) -> Value {
        tree!({"$ref": (self.path(name))})
    }
}

/// The schema of one type.
pub fn definition(types: &Types, id: TypeId, version: Version, describe: &Describe<'_>) -> Value {
    let schema = types.get(id);
    let mut map = match scalar::definition(&schema.name, version) {
        Some(map) => map,
        None if schema.custom_json => Map::new(),
        None => Writer {
            types,
            version,
            describe,
        }
        .object(id, schema),
    };
    if let Some(text) = describe(&schema.name, None) {
        map.insert("description", text);
    }
    Value::Map(map)
}

/// The types that `roots` refer to, directly or not, and the roots themselves: all that a document must define.
pub fn closure(types: &Types, roots: impl IntoIterator<Item = TypeId>) -> BTreeSet<TypeId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<TypeId> = roots.into_iter().collect();
    while let Some(id) = open.pop() {
        let schema = types.get(id);
        if !found.insert(id) || schema.scalar || schema.custom_json {
            continue;
        }
        open.extend(
            types
                .json_fields(id)
                .filter_map(|field| referred(types, &field.ty)),
        );
    }
    found
}

fn referred(types: &Types, ty: &FieldType) -> Option<TypeId> {
    match ty {
        FieldType::List(item) | FieldType::Map(item) => referred(types, item),
        FieldType::Message(id) => Some(*id),
        ty => scalar::name(ty).and_then(|name| types.id(name)),
    }
}

struct Writer<'a, 'd> {
    types: &'a Types,
    version: Version,
    describe: &'a Describe<'d>,
}

impl Writer<'_, '_> {
    fn object(&self, id: TypeId, schema: &TypeSchema) -> Map {
        let mut map = Map::new();
        map.insert("type", "object");
        let fields = self.types.json_fields(id);
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            properties.insert(field.json.clone(), self.property(schema, field));
            if field.required {
                required.push(Value::from(field.json.clone()));
            }
        }
        if !properties.is_empty() {
            map.insert("properties", properties);
        }
        if !required.is_empty() {
            map.insert("required", required);
        }
        if schema.atomic {
            map.insert("x-kubernetes-map-type", "atomic");
        }
        if !schema.unions.is_empty() {
            map.insert(
                "x-kubernetes-unions",
                schema.unions.iter().map(union).collect::<Vec<_>>(),
            );
        }
        let kinds = kinds(schema);
        if !kinds.is_empty() {
            map.insert("x-kubernetes-group-version-kind", kinds);
        }
        map
    }

    fn property(&self, schema: &TypeSchema, field: &Field) -> Value {
        let default = match self.version {
            Version::V2 => None,
            Version::V3 => field
                .default
                .clone()
                .or_else(|| zero(&field.ty).filter(|_| field.zero_default)),
        };
        let description = (self.describe)(&schema.name, Some(&field.json));
        let mut map = self.kind(&field.ty, field, default.is_some() || description.is_some());
        if let Some(default) = default {
            map.insert("default", default);
        }
        if let Some(text) = description {
            map.insert("description", text);
        }
        merge_rules(field, &mut map);
        Value::Map(map)
    }

    /// The type of a value. In v3 nothing may stand beside a reference, so one with `company` is put into `allOf`.
    fn kind(&self, ty: &FieldType, field: &Field, company: bool) -> Map {
        let mut map = Map::new();
        match ty {
            FieldType::List(item) => {
                map.insert("type", "array");
                map.insert("items", self.item(item, field));
            }
            FieldType::Map(item) => {
                map.insert("type", "object");
                map.insert("additionalProperties", self.item(item, field));
            }
            FieldType::Message(id) => self.refer(&self.types.get(*id).name, company, &mut map),
            FieldType::Any | FieldType::Deduced => {}
            ty => match scalar::name(ty) {
                Some(name) => self.refer(name, company, &mut map),
                None => {
                    let (kind, format) = scalar::plain(ty);
                    map.insert("type", kind);
                    if let Some(format) = format {
                        map.insert("format", format);
                    }
                    if !field.enum_values.is_empty() && *ty == FieldType::String {
                        map.insert("enum", sorted(&field.enum_values));
                    }
                }
            },
        }
        map
    }

    /// The type of a list's or map's items; they are no pointers, so their zero value is their default.
    fn item(&self, ty: &FieldType, field: &Field) -> Value {
        let default = match (self.version, ty) {
            (Version::V3, FieldType::List(_) | FieldType::Map(_)) | (Version::V2, _) => None,
            (Version::V3, ty) => zero(ty),
        };
        let mut map = self.kind(ty, field, default.is_some());
        if let Some(default) = default {
            map.insert("default", default);
        }
        Value::Map(map)
    }

    fn refer(&self, name: &str, company: bool, map: &mut Map) {
        if company && self.version == Version::V3 {
            map.insert("allOf", vec![self.version.reference(name)]);
        } else {
            map.insert("$ref", self.version.path(name));
        }
    }
}

/// The zero value that a schema shows as default.
fn zero(ty: &FieldType) -> Option<Value> {
    match ty {
        FieldType::String => Some(Value::from("")),
        FieldType::Int32 | FieldType::Int64 => Some(Value::Int(0)),
        FieldType::Bool => Some(Value::Bool(false)),
        FieldType::Message(_) => Some(Value::Map(Map::new())),
        _ => None,
    }
}

fn merge_rules(field: &Field, map: &mut Map) {
    if field.list_type_declared {
        let name = match field.list_type {
            ListType::Atomic => "atomic",
            ListType::Set => "set",
            ListType::Map => "map",
        };
        map.insert("x-kubernetes-list-type", name);
    }
    if !field.list_map_keys.is_empty() {
        map.insert("x-kubernetes-list-map-keys", texts(&field.list_map_keys));
    }
    if field.atomic_map || field.granular_map {
        map.insert(
            "x-kubernetes-map-type",
            if field.atomic_map { "atomic" } else { "granular" },
        );
    }
    if !field.patch_strategy.is_empty() {
        map.insert("x-kubernetes-patch-strategy", field.patch_strategy.join(","));
    }
    if let Some(key) = &field.patch_merge_key {
        map.insert("x-kubernetes-patch-merge-key", key.clone());
    }
}

fn texts(names: &[SmolStr]) -> Value {
    Value::List(names.iter().cloned().map(Value::from).collect())
}

fn sorted(names: &[SmolStr]) -> Value {
    let mut names = names.to_vec();
    names.sort();
    texts(&names)
}

fn union(union: &Union) -> Value {
    let members: Map = union
        .members
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.clone())))
        .collect();
    let mut map = Map::new();
    if let Some(discriminator) = &union.discriminator {
        map.insert("discriminator", discriminator.clone());
    }
    map.insert("fields-to-discriminateBy", members);
    Value::Map(map)
}

fn kinds(schema: &TypeSchema) -> Vec<Value> {
    let entry =
        |group: &str, version: &str, kind: &str| tree!({"group": group, "version": version, "kind": kind});
    if schema.every_group {
        let kind = schema.short_name();
        return everywhere::GROUPS
            .iter()
            .flat_map(|(group, versions)| versions.iter().map(move |version| entry(group, version, kind)))
            .collect();
    }
    schema
        .gvk
        .iter()
        .map(|(group, version, kind)| entry(group, version, kind))
        .collect()
}
