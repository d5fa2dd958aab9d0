//! The aggregated discovery document, `apidiscovery.k8s.io/v2`: all groups, versions and resources in one answer.

use kinds::Resource;
use schema::{Map, Value, tree};

use super::legacy::{texts, verbs};
use super::{Group, Served, Version};

/// The media type parameters with which clients ask for it.
pub const MEDIA_PARAMETERS: &str = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The document at `/api`: the core group.
pub fn core(served: &Served) -> Value {
    document(served.group("").into_iter())
}

/// The document at `/apis`: all other groups.
pub fn groups(served: &Served) -> Value {
    document(served.named_groups())
}

fn document<'a>(groups: impl Iterator<Item = &'a Group>) -> Value {
    let items: Vec<Value> = groups.map(group_entry).collect();
    tree!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn group_entry(group: &Group) -> Value {
    let mut metadata = Map::new();
    if !group.name.is_empty() {
        metadata.insert("name", group.name.as_str());
    }
    let versions: Vec<Value> = group.versions.iter().map(version_entry).collect();
    tree!({"metadata": metadata, "versions": versions})
}

fn version_entry(version: &Version) -> Value {
    let resources: Vec<Value> = version.resources.iter().map(|resource| resource_entry(resource)).collect();
    tree!({"version": (version.name.as_str()), "resources": resources, "freshness": "Current"})
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = Map::new();
    entry.insert("resource", resource.resource.as_str());
    entry.insert("responseKind", response_kind("", "", &resource.kind));
    entry.insert("scope", if resource.namespaced { "Namespaced" } else { "Cluster" });
    entry.insert("singularResource", resource.singular.as_str());
    entry.insert("verbs", verbs(resource.verbs));
    if !resource.short_names.is_empty() {
        entry.insert("shortNames", texts(&resource.short_names));
    }
    if !resource.categories.is_empty() {
        entry.insert("categories", texts(&resource.categories));
    }
    if !resource.subresources.is_empty() {
        entry.insert("subresources", subresources(resource));
    }
    Value::Map(entry)
}

fn subresources(resource: &Resource) -> Vec<Value> {
    let entry = |subresource: &kinds::Subresource| {
        let own = (&subresource.group, &subresource.version) == (&resource.group, &resource.version);
        let kind = match own {
            true => response_kind("", "", &subresource.kind),
            false => response_kind(&subresource.group, &subresource.version, &subresource.kind),
        };
        tree!({"subresource": (subresource.name.as_str()), "responseKind": kind, "verbs": (verbs(subresource.verbs))})
    };
    resource.subresources.iter().map(entry).collect()
}

/// Group and version are left empty when they are those of the resource.
fn response_kind(group: &str, version: &str, kind: &str) -> Value {
    tree!({"group": group, "version": version, "kind": kind})
}
