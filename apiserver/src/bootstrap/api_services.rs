//! An APIService for each group and version that this server serves itself. Those of other servers are not touched.

use schema::{Map, Value, tree};

use render::discovery::Served;

use super::objects::Bootstrap;

/// The APIServices of what is served.
pub fn all(served: &Served) -> Vec<Bootstrap> {
    let mut services = Vec::new();
    for group in &served.groups {
        for version in &group.versions {
            if let Some(priorities) = version.priority {
                services.push(Bootstrap {
                    collection: "/apis/apiregistration.k8s.io/v1/apiservices".to_owned(),
                    object: api_service(&group.name, &version.name, priorities),
                });
            }
        }
    }
    services
}

fn api_service(group: &str, version: &str, (group_minimum, version_priority): (i32, i32)) -> Value {
    let mut spec = Map::new();
    if !group.is_empty() {
        spec.insert("group", group);
    }
    spec.insert("version", version);
    spec.insert("groupPriorityMinimum", i64::from(group_minimum));
    spec.insert("versionPriority", i64::from(version_priority));
    tree!({
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": (format!("{version}.{group}")), "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"}},
        "spec": spec,
    })
}
