//! What the records of the tiers need in the cluster: a namespace, who may write in it, and what frontends may follow.

use router::record::NAMESPACE;
use schema::{Value, tree};
use serve::pki;

use super::USER;

/// Collections, and what is made in them.
pub(super) fn all() -> [(String, Value); 5] {
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
    let roles = format!("{RBAC}/namespaces/{NAMESPACE}");
    let (tiers, frontends) = ("shardplane:tiers", "shardplane:frontends");
    let role = |kind: &str, namespace: Option<&str>, name: &str, rules: Value| {
        let mut role = tree!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": name},
            "rules": rules,
        });
        place(&mut role, namespace);
        role
    };
    let binding = |namespace: Option<&str>, name: &str, subject: (&str, &str)| {
        let kind = if namespace.is_some() {
            "Role"
        } else {
            "ClusterRole"
        };
        let mut binding = tree!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": (format!("{kind}Binding")),
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": (subject.0),
                "name": (subject.1),
            }],
        });
        place(&mut binding, namespace);
        binding
    };
    let leases = tree!([{
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["get", "list", "watch", "create", "patch", "delete"],
    }]);
    let followed = tree!([
        {"apiGroups": [""], "resources": ["pods", "persistentvolumes"], "verbs": ["watch"]},
        {"apiGroups": ["storage.k8s.io"], "resources": ["volumeattachments"], "verbs": ["watch"]},
        {"apiGroups": ["resource.k8s.io"], "resources": ["resourceslices"], "verbs": ["watch"]},
    ]);
    [
        (
            "/api/v1/namespaces".to_owned(),
            tree!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        ),
        (
            format!("{roles}/roles"),
            role("Role", Some(NAMESPACE), tiers, leases),
        ),
        (
            format!("{roles}/rolebindings"),
            binding(Some(NAMESPACE), tiers, ("Group", pki::TIERS_GROUP)),
        ),
        (
            format!("{RBAC}/clusterroles"),
            role("ClusterRole", None, frontends, followed),
        ),
        (
            format!("{RBAC}/clusterrolebindings"),
            binding(None, frontends, ("User", USER)),
        ),
    ]
}

fn place(object: &mut Value, namespace: Option<&str>) {
    if let (Some(map), Some(namespace)) = (object.as_map_mut(), namespace) {
        map.map_at("metadata").insert("namespace", namespace);
    }
}
