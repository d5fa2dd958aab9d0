//! An APIService for each group and version that this server serves itself. Those of other servers are not touched.

use std::collections::BTreeSet;

use kinds::Catalog;
use schema::{Map, Value, tree};

use render::discovery::Served;

use super::conditions;
use super::objects::Bootstrap;

/// Where they are.
pub const COLLECTION: &str = "/apis/apiregistration.k8s.io/v1/apiservices";
/// By which label they are known: `onstart` for what is built in, `true` for what comes and goes.
const AUTOMANAGED: &str = "kube-aggregator.kubernetes.io/automanaged";
const DEFINED: &str = "true";
/// Of groups and versions of definitions: behind everything that is built in.
const DEFINITION_PRIORITIES: (i32, i32) = (1000, 100);

/// The APIServices of what is served.
pub fn all(served: &Served) -> Vec<Bootstrap> {
    let mut services = Vec::new();
    for group in &served.groups {
        for version in &group.versions {
            if let Some(priorities) = version.priority {
                services.push(Bootstrap {
                    collection: COLLECTION.to_owned(),
                    object: api_service(&group.name, &version.name, priorities, "onstart"),
                });
            }
        }
    }
    services
}

/// Those of the groups and versions that established definitions are served in, in order.
pub fn of_definitions(definitions: &[Value]) -> Vec<Bootstrap> {
    let served = definitions
        .iter()
        .filter(|one| conditions::is_true(one, "Established"))
        .flat_map(|one| {
            let group = one.str_at(&["spec", "group"]).unwrap_or_default();
            let versions = one.list_at(&["spec", "versions"]).iter();
            let versions = versions.filter(|version| version.bool_at(&["served"]) == Some(true));
            versions.filter_map(move |version| Some((group, version.str_at(&["name"])?)))
        });
    let served: BTreeSet<(&str, &str)> = served.collect();
    let bootstrap = |(group, version)| Bootstrap {
        collection: COLLECTION.to_owned(),
        object: api_service(group, version, DEFINITION_PRIORITIES, DEFINED),
    };
    served
        .into_iter()
        .filter(|(group, version)| !is_built_in(group, version))
        .map(bootstrap)
        .collect()
}

/// Whether an APIService goes when no definition asks for it any more.
pub fn is_of_definitions(service: &Value) -> bool {
    service.str_at(&["metadata", "labels", AUTOMANAGED]) == Some(DEFINED)
}

fn is_built_in(group: &str, version: &str) -> bool {
    Catalog::builtin().group_version(group, version).next().is_some()
}

fn api_service(
    group: &str,
    version: &str,
    (group_minimum, version_priority): (i32, i32),
    managed: &str,
) -> Value {
    let mut spec = Map::new();
    if !group.is_empty() {
        spec.insert("group", group);
    }
    spec.insert("version", version);
    spec.insert("groupPriorityMinimum", i64::from(group_minimum));
    spec.insert("versionPriority", i64::from(version_priority));
    let labels: Map = [(AUTOMANAGED.into(), Value::from(managed))].into_iter().collect();
    tree!({
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": (format!("{version}.{group}")), "labels": labels},
        "spec": spec,
    })
}
