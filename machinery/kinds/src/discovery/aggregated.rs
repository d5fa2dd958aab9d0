//! APIGroupDiscovery (apidiscovery.k8s.io/v2): all of a group in one piece.

use schema::{Map, Value, tree};
use smol_str::SmolStr;

use super::legacy::{resource_verbs, texts, verbs};
use super::served_versions;
use crate::resource::Subresource;
use crate::{Catalog, Group, Resource, RuntimeConfig};

/// A group as an item of an APIGroupDiscoveryList. The core group has no name there.
pub fn group(catalog: &Catalog, config: &RuntimeConfig, group: &Group) -> Value {
    let versions = served_versions(catalog, config, group).map(|version| {
        let resources = config
            .served(catalog, &group.name, &version.version)
            .map(|resource| of_resource(resource));
        tree!({
            "freshness": "Current",
            "resources": (resources.collect::<Vec<_>>()),
            "version": (version.version.clone()),
        })
    });
    let versions: Vec<Value> = versions.collect();
    let mut metadata = Map::new();
    if !group.name.is_empty() {
        metadata.insert("name", group.name.clone());
    }
    tree!({"metadata": metadata, "versions": versions})
}

fn of_resource(resource: &Resource) -> Value {
    let mut entry = Map::with_capacity(8);
    if !resource.categories.is_empty() {
        entry.insert("categories", texts(&resource.categories));
    }
    entry.insert("resource", resource.resource.clone());
    let kind = match &resource.custom {
        Some(_) => full_kind(&resource.group, &resource.version, &resource.kind),
        None => own_kind(&resource.kind),
    };
    entry.insert("responseKind", kind);
    entry.insert(
        "scope",
        if resource.namespaced {
            "Namespaced"
        } else {
            "Cluster"
        },
    );
    if !resource.short_names.is_empty() {
        entry.insert("shortNames", texts(&resource.short_names));
    }
    entry.insert("singularResource", resource.singular.clone());
    if !resource.subresources.is_empty() {
        entry.insert(
            "subresources",
            resource
                .subresources
                .iter()
                .map(|sub| of_subresource(resource, sub))
                .collect::<Vec<_>>(),
        );
    }
    entry.insert("verbs", resource_verbs(resource));
    Value::Map(entry)
}

fn of_subresource(resource: &Resource, sub: &Subresource) -> Value {
    let own = sub.group == resource.group && sub.version == resource.version && resource.custom.is_none();
    let kind = match own {
        true => own_kind(&sub.kind),
        false => full_kind(&sub.group, &sub.version, &sub.kind),
    };
    tree!({"responseKind": kind, "subresource": (sub.name.clone()), "verbs": (verbs(sub.verbs))})
}

fn full_kind(group: &SmolStr, version: &SmolStr, kind: &SmolStr) -> Value {
    tree!({"group": (group.clone()), "kind": (kind.clone()), "version": (version.clone())})
}

/// A kind of the group version that it is listed in. Of custom kinds the reference tells it in full.
fn own_kind(kind: &SmolStr) -> Value {
    tree!({"group": "", "kind": (kind.clone()), "version": ""})
}
