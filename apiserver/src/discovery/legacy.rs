//! The discovery documents that every client knows: `APIVersions`, `APIGroupList`, `APIGroup`, `APIResourceList`.

use base64::{Engine, prelude::BASE64_STANDARD};
use kinds::{Resource, Subresource, Verbs};
use schema::{Map, SmolStr, Value, tree};
use sha2::{Digest, Sha256};

use super::{Group, Served, Version, group_version};

/// The document at `/api`. `server_address` is what clients outside should use, e.g. `192.0.2.1:6443`.
pub fn api_versions(served: &Served, server_address: &str) -> Value {
    let versions: Vec<Value> = served
        .group("")
        .map(|group| group.versions.iter().map(|version| Value::from(version.name.as_str())).collect())
        .unwrap_or_default();
    tree!({
        "kind": "APIVersions",
        "versions": versions,
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}],
    })
}

/// The document at `/apis`.
pub fn group_list(served: &Served) -> Value {
    let groups: Vec<Value> = served.named_groups().map(|group| Value::Map(group_entry(group))).collect();
    tree!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// The document at `/apis/<group>`.
pub fn group(group: &Group) -> Value {
    let mut entry = group_entry(group);
    entry.insert("kind", "APIGroup");
    entry.insert("apiVersion", "v1");
    Value::Map(entry)
}

/// The document at `/api/v1` or `/apis/<group>/<version>`.
pub fn resource_list(group: &str, version: &Version) -> Value {
    let mut resources = Vec::new();
    for resource in &version.resources {
        resources.push(resource_entry(resource));
        resources.extend(resource.subresources.iter().map(|subresource| subresource_entry(resource, subresource)));
    }
    let mut list = Map::new();
    list.insert("kind", "APIResourceList");
    if !group.is_empty() {
        // The reference leaves it out for the core group.
        list.insert("apiVersion", "v1");
    }
    list.insert("groupVersion", group_version(group, &version.name));
    list.insert("resources", resources);
    Value::Map(list)
}

fn group_entry(group: &Group) -> Map {
    let entries: Vec<Value> = group
        .versions
        .iter()
        .map(|version| {
            tree!({"groupVersion": (group_version(&group.name, &version.name)), "version": (version.name.as_str())})
        })
        .collect();
    let mut entry = Map::new();
    entry.insert("name", group.name.as_str());
    if let Some(preferred) = entries.first() {
        entry.insert("preferredVersion", preferred.clone());
    }
    entry.insert("versions", entries);
    entry
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = Map::new();
    entry.insert("name", resource.resource.as_str());
    entry.insert("singularName", resource.singular.as_str());
    entry.insert("namespaced", resource.namespaced);
    entry.insert("kind", resource.kind.as_str());
    entry.insert("verbs", verbs(resource.verbs));
    if !resource.short_names.is_empty() {
        entry.insert("shortNames", texts(&resource.short_names));
    }
    if !resource.categories.is_empty() {
        entry.insert("categories", texts(&resource.categories));
    }
    if let Some(hash) = storage_version_hash(resource) {
        entry.insert("storageVersionHash", hash);
    }
    Value::Map(entry)
}

fn subresource_entry(resource: &Resource, subresource: &Subresource) -> Value {
    let mut entry = Map::new();
    entry.insert("name", format!("{}/{}", resource.resource, subresource.name));
    entry.insert("singularName", "");
    entry.insert("namespaced", resource.namespaced);
    entry.insert("kind", subresource.kind.as_str());
    entry.insert("verbs", verbs(subresource.verbs));
    if (&subresource.group, &subresource.version) != (&resource.group, &resource.version) {
        entry.insert("group", subresource.group.as_str());
        entry.insert("version", subresource.version.as_str());
    }
    Value::Map(entry)
}

/// A list of texts.
pub(super) fn texts(list: &[SmolStr]) -> Value {
    Value::List(list.iter().cloned().map(Value::String).collect())
}

/// Verbs by name.
pub(super) fn verbs(verbs: Verbs) -> Value {
    Value::List(verbs.iter().map(|verb| Value::from(verb.as_str())).collect())
}

/// Tells clients whether two resources share their storage: they must take it as opaque.
fn storage_version_hash(resource: &Resource) -> Option<String> {
    let storage = resource.storage.as_ref()?;
    let digest = Sha256::digest(format!("{}/{}/{}", storage.group, storage.version, storage.kind));
    Some(BASE64_STANDARD.encode(&digest[..8]))
}
