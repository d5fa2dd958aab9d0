//! Objects of twenty resources that every API server has and that no controller changes: for load that is spread over resources.

use serde_json::{Value, json};

use super::{name, payload};

/// How many resources there are.
pub const KINDS: usize = 20;

/// Group and version as in a path, resource, `apiVersion`, kind.
const TABLE: [(&str, &str, &str, &str); KINDS] = [
    ("api/v1", "configmaps", "v1", "ConfigMap"),
    ("api/v1", "secrets", "v1", "Secret"),
    ("api/v1", "serviceaccounts", "v1", "ServiceAccount"),
    ("api/v1", "podtemplates", "v1", "PodTemplate"),
    ("api/v1", "limitranges", "v1", "LimitRange"),
    ("api/v1", "services", "v1", "Service"),
    ("api/v1", "replicationcontrollers", "v1", "ReplicationController"),
    (
        "apis/apps/v1",
        "controllerrevisions",
        "apps/v1",
        "ControllerRevision",
    ),
    ("apis/apps/v1", "replicasets", "apps/v1", "ReplicaSet"),
    ("apis/apps/v1", "deployments", "apps/v1", "Deployment"),
    ("apis/apps/v1", "statefulsets", "apps/v1", "StatefulSet"),
    ("apis/batch/v1", "cronjobs", "batch/v1", "CronJob"),
    (
        "apis/coordination.k8s.io/v1",
        "leases",
        "coordination.k8s.io/v1",
        "Lease",
    ),
    (
        "apis/networking.k8s.io/v1",
        "networkpolicies",
        "networking.k8s.io/v1",
        "NetworkPolicy",
    ),
    (
        "apis/networking.k8s.io/v1",
        "ingresses",
        "networking.k8s.io/v1",
        "Ingress",
    ),
    (
        "apis/policy/v1",
        "poddisruptionbudgets",
        "policy/v1",
        "PodDisruptionBudget",
    ),
    (
        "apis/rbac.authorization.k8s.io/v1",
        "roles",
        "rbac.authorization.k8s.io/v1",
        "Role",
    ),
    (
        "apis/rbac.authorization.k8s.io/v1",
        "rolebindings",
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
    ),
    (
        "apis/discovery.k8s.io/v1",
        "endpointslices",
        "discovery.k8s.io/v1",
        "EndpointSlice",
    ),
    (
        "apis/storage.k8s.io/v1",
        "csistoragecapacities",
        "storage.k8s.io/v1",
        "CSIStorageCapacity",
    ),
];

/// The path of all objects of one of the resources in a namespace.
pub fn of_kind(kind: usize, namespace: &str) -> String {
    let (version, resource, ..) = TABLE[kind % KINDS];
    format!("/{version}/namespaces/{namespace}/{resource}")
}

/// An object of one of the resources, with `bytes` of an annotation.
pub fn object(kind: usize, number: usize, bytes: usize) -> String {
    let (_, resource, version, kind) = TABLE[kind % KINDS];
    let mut object = content(resource);
    object["apiVersion"] = version.into();
    object["kind"] = kind.into();
    object["metadata"] = json!({"name": name(number), "annotations": annotation(bytes, 0)});
    object.to_string()
}

/// A merge patch of that annotation.
pub fn object_patch(bytes: usize, turn: u64) -> String {
    json!({"metadata": {"annotations": annotation(bytes, turn)}}).to_string()
}

fn annotation(bytes: usize, turn: u64) -> Value {
    json!({"watchload.shardplane.dev/payload": payload(bytes, turn)})
}

/// What such an object must have; nothing that runs.
fn content(resource: &str) -> Value {
    let template = |policy: &str| {
        json!({"metadata": {"labels": {"app": "watchload"}},
            "spec": {"restartPolicy": policy, "containers": [{"name": "a", "image": "registry.example.com/a"}]}})
    };
    let selector = json!({"matchLabels": {"app": "watchload"}});
    let replicas = || json!({"spec": {"replicas": 0, "selector": selector, "template": template("Always")}});
    match resource {
        "podtemplates" => json!({"template": template("Always")}),
        "limitranges" => json!({"spec": {"limits": []}}),
        "services" => json!({"spec": {"clusterIP": "None"}}),
        "replicationcontrollers" => {
            json!({"spec": {"replicas": 0, "selector": {"app": "watchload"}, "template": template("Always")}})
        }
        "controllerrevisions" => json!({"revision": 1, "data": {}}),
        "replicasets" | "deployments" | "statefulsets" => replicas(),
        "cronjobs" => json!({"spec": {"suspend": true, "schedule": "0 0 1 1 *",
            "jobTemplate": {"spec": {"template": template("Never")}}}}),
        "networkpolicies" => json!({"spec": {"podSelector": selector}}),
        "ingresses" => {
            json!({"spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}}})
        }
        "poddisruptionbudgets" => json!({"spec": {"selector": selector}}),
        "rolebindings" => {
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}})
        }
        "endpointslices" => json!({"addressType": "IPv4", "endpoints": []}),
        "csistoragecapacities" => json!({"storageClassName": "a"}),
        _ => json!({}),
    }
}
