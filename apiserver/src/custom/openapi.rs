//! The published schema of custom resources: a document of version 3 for each of their groups and versions.
//! Documents are served by [`crate::openapi`]; custom resources are in none of version 2.

use std::sync::Arc;

use ::custom::Known;
use ::render::Descriptions;
use ::render::discovery::Served;
use kinds::Resource;
use schema::{Map, Value, tree};

use crate::openapi::documents::{self, Section};
use crate::openapi::{names, paths};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// The names and documents of all groups and versions that have custom resources.
pub fn documents(served: &Served, descriptions: &Descriptions) -> Vec<(String, Value)> {
    let groups = served.groups.iter();
    let versions = groups.flat_map(|group| group.versions.iter().map(move |version| (group, version)));
    let documents = versions.filter_map(|(group, version)| {
        let custom: Vec<&Arc<Resource>> = version
            .resources
            .iter()
            .filter(|one| one.custom.is_some())
            .collect();
        (!custom.is_empty()).then(|| {
            let name = paths::root(&group.name, &version.name)[1..].to_owned();
            (name.clone(), document(name, &custom, descriptions))
        })
    });
    documents.collect()
}

fn document(name: String, resources: &[&Arc<Resource>], descriptions: &Descriptions) -> Value {
    let items = resources.iter().flat_map(|resource| paths::of_resource(resource));
    // There are no deprecated paths for what came after them.
    let items = items.filter(|item| !item.path.contains("/watch/")).collect();
    let section = Section::of_items(name, items);
    let schemas = resources.iter().flat_map(|resource| {
        [
            (
                names::of_custom(resource, &resource.kind).into(),
                object(resource),
            ),
            (
                names::of_custom(resource, &resource.list_kind).into(),
                list(resource),
            ),
        ]
    });
    let used = ["ObjectMeta", "ListMeta"].map(|name| format!("{META}.{name}"));
    documents::v3_with(&section, &used, schemas.collect(), descriptions)
}

/// The schema as the definition has it, with what every object has.
fn object(resource: &Resource) -> Value {
    let published = Known::of(resource).map(|known| known.version().published.clone());
    let mut schema = published.unwrap_or_default();
    if schema.as_map().is_none() {
        schema = Value::Map(Map::new());
    }
    if let Some(map) = schema.as_map_mut() {
        map.insert("type", "object");
        let properties = map.map_at("properties");
        put_type(properties);
        properties.insert("metadata", reference("ObjectMeta", "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"));
        map.insert(
            "x-kubernetes-group-version-kind",
            vec![kind(resource, &resource.kind)],
        );
    }
    schema
}

fn list(resource: &Resource) -> Value {
    let mut properties = Map::new();
    put_type(&mut properties);
    let item = format!(
        "#/components/schemas/{}",
        names::of_custom(resource, &resource.kind)
    );
    let what = format!(
        "List of {}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        resource.resource
    );
    properties.insert(
        "items",
        tree!({"description": what, "type": "array", "items": {"allOf": [{"$ref": item}]}}),
    );
    properties.insert("metadata", reference("ListMeta", "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds"));
    tree!({
        "description": (format!("{} is a list of {}", resource.list_kind, resource.kind)),
        "type": "object",
        "required": ["items"],
        "properties": properties,
        "x-kubernetes-group-version-kind": [(kind(resource, &resource.list_kind))],
    })
}

fn put_type(properties: &mut Map) {
    for (key, text) in [
        (
            "apiVersion",
            "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
        ),
        (
            "kind",
            "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
        ),
    ] {
        properties.insert(key, tree!({"description": text, "type": "string"}));
    }
}

fn reference(name: &str, description: &str) -> Value {
    tree!({"description": description, "allOf": [{"$ref": (format!("#/components/schemas/{META}.{name}"))}]})
}

fn kind(resource: &Resource, kind: &str) -> Value {
    tree!({"group": (resource.group.clone()), "kind": kind, "version": (resource.version.clone())})
}
