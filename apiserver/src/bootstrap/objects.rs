//! The objects of a new cluster that are plain data: namespaces, RBAC policy, flow control, priority classes.
//! It knows where they belong, not how they are made.

use kinds::Catalog;
use schema::{Value, json, tree};

/// Flow control and RBAC, one object a line; made by `generate.py`.
const TABLE: &str = include_str!("../../data/bootstrap.jsonl");
/// Where flow control's objects are.
const FLOW_CONTROL: &str = "/apis/flowcontrol.apiserver.k8s.io/";
/// Who makes them, as the reference names itself there.
const FLOW_CONTROL_MANAGER: &str = "api-priority-and-fairness-config-producer-v1";
/// Namespaces that always exist.
pub const SYSTEM_NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];

/// An object and the collection that it is created in.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// E.g. `/api/v1/namespaces`.
    pub collection: String,
    /// As a client would send it.
    pub object: Value,
}

impl Bootstrap {
    /// Where it is posted, with its field manager where that is not the server itself.
    pub fn path(&self) -> String {
        match self.collection.starts_with(FLOW_CONTROL) {
            true => format!("{}?fieldManager={FLOW_CONTROL_MANAGER}", self.collection),
            false => self.collection.clone(),
        }
    }
}

/// The system namespaces, to be made before all else.
pub fn namespaces() -> Vec<Bootstrap> {
    SYSTEM_NAMESPACES
        .iter()
        .map(|name| Bootstrap {
            collection: "/api/v1/namespaces".to_owned(),
            object: tree!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": (*name)}}),
        })
        .collect()
}

/// An object of flow control by its kind and name.
pub fn flow_control(kind: &str, name: &str) -> Option<Value> {
    let mut all = table();
    all.find(|object| {
        object.str_at(&["kind"]) == Some(kind) && object.str_at(&["metadata", "name"]) == Some(name)
    })
}

fn table() -> impl Iterator<Item = Value> {
    TABLE
        .lines()
        .map(|line| json::parse(line.as_bytes()).expect("made by our own generator"))
}

/// RBAC policy, flow control and priority classes.
pub fn policy(catalog: &Catalog) -> Vec<Bootstrap> {
    table()
        .chain(priority_classes())
        .map(|object| Bootstrap {
            collection: collection(catalog, &object),
            object,
        })
        .collect()
}

fn priority_classes() -> impl Iterator<Item = Value> {
    [
        ("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
    ]
    .into_iter()
    .map(|(name, value, description)| {
        tree!({
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": (i64::from(value)),
            "description": description,
        })
    })
}

fn collection(catalog: &Catalog, object: &Value) -> String {
    let api_version = object.str_at(&["apiVersion"]).expect("table objects have one");
    let kind = object.str_at(&["kind"]).expect("table objects have one");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let resource = catalog
        .kind(group, version, kind)
        .expect("table objects are of served kinds");
    let root = crate::openapi::paths::root(group, version);
    match object.str_at(&["metadata", "namespace"]) {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{}", resource.resource),
        None => format!("{root}/{}", resource.resource),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_a_collection() {
        let all = policy(Catalog::builtin());
        assert_eq!(all.len(), 154);
        let reader = all.iter().find(|one| {
            one.object.str_at(&["metadata", "name"]) == Some("extension-apiserver-authentication-reader")
        });
        let reader = reader.expect("it is part of the policy");
        assert_eq!(
            reader.collection,
            "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles"
        );
    }
}
