//! APIResourceList and APIGroup.

use schema::{Map, Value, tree};

use super::{served_versions, storage_version_hash};
use crate::resource::{Subresource, Verb, Verbs, api_version};
use crate::{Catalog, Group, Resource, RuntimeConfig};

/// The APIResourceList of a group version; subresources follow their resource.
pub fn resource_list(catalog: &Catalog, config: &RuntimeConfig, group: &str, version: &str) -> Value {
    let mut resources = Vec::new();
    for resource in config.served(catalog, group, version) {
        resources.push(of_resource(resource));
        resources.extend(
            resource
                .subresources
                .iter()
                .map(|sub| of_subresource(resource, sub)),
        );
    }
    let mut list = Map::with_capacity(4);
    // The reference leaves it out for the core group.
    if !group.is_empty() {
        list.insert("apiVersion", "v1");
    }
    list.insert("groupVersion", api_version(group, version));
    list.insert("kind", "APIResourceList");
    list.insert("resources", resources);
    Value::Map(list)
}

/// The APIGroup that stands by itself.
pub fn group(catalog: &Catalog, config: &RuntimeConfig, group: &Group) -> Value {
    let mut entry = group_entry(catalog, config, group);
    if let Some(map) = entry.as_map_mut() {
        map.insert("apiVersion", "v1");
        map.insert("kind", "APIGroup");
    }
    entry
}

/// A group as an item of an APIGroupList.
pub fn group_entry(catalog: &Catalog, config: &RuntimeConfig, group: &Group) -> Value {
    let versions = served_versions(catalog, config, group).map(|version| {
        tree!({
            "groupVersion": (api_version(&group.name, &version.version)),
            "version": (version.version.clone()),
        })
    });
    let versions: Vec<Value> = versions.collect();
    let mut entry = Map::with_capacity(5);
    entry.insert("name", group.name.clone());
    if let Some(preferred) = versions.first() {
        entry.insert("preferredVersion", preferred.clone());
    }
    entry.insert("versions", versions);
    Value::Map(entry)
}

fn of_resource(resource: &Resource) -> Value {
    let mut entry = Map::with_capacity(8);
    if !resource.categories.is_empty() {
        entry.insert("categories", texts(&resource.categories));
    }
    entry.insert("kind", resource.kind.clone());
    entry.insert("name", resource.resource.clone());
    entry.insert("namespaced", resource.namespaced);
    if !resource.short_names.is_empty() {
        entry.insert("shortNames", texts(&resource.short_names));
    }
    entry.insert("singularName", resource.singular.clone());
    if let Some(storage) = &resource.storage {
        entry.insert("storageVersionHash", storage_version_hash(storage));
    }
    entry.insert("verbs", resource_verbs(resource));
    Value::Map(entry)
}

/// Group and version are told only where they are not the resource's.
fn of_subresource(resource: &Resource, sub: &Subresource) -> Value {
    let foreign = sub.group != resource.group || sub.version != resource.version;
    let mut entry = Map::with_capacity(7);
    if foreign {
        entry.insert("group", sub.group.clone());
    }
    entry.insert("kind", sub.kind.clone());
    entry.insert("name", format!("{}/{}", resource.resource, sub.name));
    entry.insert("namespaced", resource.namespaced);
    entry.insert("singularName", "");
    entry.insert("verbs", verbs(sub.verbs));
    if foreign {
        entry.insert("version", sub.version.clone());
    }
    Value::Map(entry)
}

/// The verbs of custom resources, in the order in which the reference tells them.
const CUSTOM_VERBS: [Verb; 8] = [
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Create,
    Verb::Update,
    Verb::Watch,
];

/// The verbs of a resource.
pub(super) fn resource_verbs(resource: &Resource) -> Value {
    if resource.custom.is_none() {
        return verbs(resource.verbs);
    }
    let allowed = CUSTOM_VERBS
        .into_iter()
        .filter(|verb| resource.verbs.contains(*verb));
    Value::List(allowed.map(|verb| Value::from(verb.as_str())).collect())
}

pub(super) fn verbs(verbs: Verbs) -> Value {
    Value::List(verbs.iter().map(|verb| Value::from(verb.as_str())).collect())
}

pub(super) fn texts(texts: &[smol_str::SmolStr]) -> Value {
    Value::List(texts.iter().cloned().map(Value::from).collect())
}
