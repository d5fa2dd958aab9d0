//! What an object is charged, by the names that quotas limit. Source: "Resource Quotas" of the Kubernetes documentation.

use std::collections::BTreeSet;

use schema::quantity::Quantity;
use schema::{SmolStr, Value};

use super::super::amounts::Amounts;
use super::super::pod_resources::{self, Part};
use crate::validation::quantities::{is_extended, is_native};

const ONE: Quantity = Quantity::whole(1);
const OF_STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";
const OF_DEVICE_CLASS: &str = ".deviceclass.resource.k8s.io/devices";
/// What a claim for all devices of a class is charged: the most that it can get.
const ALL_DEVICES: i64 = crate::limits::DEVICE_RESULTS_MAX as i64;
/// Object counts that also have a name of their own.
const COUNTED_BY_NAME: [&str; 4] = [
    "configmaps",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
];
/// Of pods, beside huge pages and extended resources.
const OF_PODS: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
/// A quota of these requires that every container says how much it wants.
const SAID_BY_CONTAINERS: [&str; 6] = [
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
];
const OF_SERVICES: [&str; 3] = ["services", "services.nodeports", "services.loadbalancers"];
const OF_CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];

/// How objects of a resource are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By what they request, while they run.
    Pods,
    /// With their node ports and load balancers.
    Services,
    /// PersistentVolumeClaims, by what they request, of each storage class.
    Claims,
    /// ResourceClaims, by devices of each class.
    DeviceClaims,
    /// Only how many there are.
    Counted,
}

impl Kind {
    /// Of a resource.
    pub fn of(group: &str, resource: &str) -> Self {
        match (group, resource) {
            ("", "pods") => Self::Pods,
            ("", "services") => Self::Services,
            ("", "persistentvolumeclaims") => Self::Claims,
            ("resource.k8s.io", "resourceclaims") => Self::DeviceClaims,
            _ => Self::Counted,
        }
    }
}

/// What counts the objects of a resource: `count/secrets`, `count/deployments.apps`.
pub fn count_name(group: &str, resource: &str) -> SmolStr {
    match group {
        "" => SmolStr::new(format!("count/{resource}")),
        group => SmolStr::new(format!("count/{resource}.{group}")),
    }
}

/// Whether a limited name is about objects of this resource.
pub fn concerns(kind: Kind, group: &str, resource: &str, name: &str) -> bool {
    if name == count_name(group, resource) {
        return true;
    }
    match kind {
        Kind::Pods => {
            let is_huge = name.starts_with("hugepages-") || name.starts_with("requests.hugepages-");
            let is_others = name.starts_with("requests.") && !is_native(name);
            OF_PODS.contains(&name) || is_huge || is_others
        }
        Kind::Services => OF_SERVICES.contains(&name),
        Kind::Claims => {
            let of_class = name.split_once(OF_STORAGE_CLASS).map(|(_, of)| of);
            OF_CLAIMS.contains(&name) || of_class.is_some_and(|of| OF_CLAIMS.contains(&of))
        }
        Kind::DeviceClaims => name.ends_with(OF_DEVICE_CLASS),
        Kind::Counted => group.is_empty() && COUNTED_BY_NAME.contains(&resource) && name == resource,
    }
}

/// What an object is charged.
pub fn of(kind: Kind, group: &str, resource: &str, object: &Value) -> Amounts {
    let mut usage = match kind {
        Kind::Pods => of_pod(object),
        Kind::Services => of_service(object),
        Kind::Claims => of_claim(object),
        Kind::DeviceClaims => of_device_claim(object),
        Kind::Counted => Amounts::default(),
    };
    if kind == Kind::Counted && group.is_empty() && COUNTED_BY_NAME.contains(&resource) {
        usage.set(resource, ONE);
    }
    usage.set(count_name(group, resource), ONE);
    usage
}

/// Why a pod cannot be counted: containers that do not say what quotas of these names count.
pub fn unsaid(pod: &Value, limited: &[SmolStr]) -> Option<String> {
    if !Amounts::of(pod.map_at(&["spec", "resources", "requests"])).is_empty()
        || !Amounts::of(pod.map_at(&["spec", "resources", "limits"])).is_empty()
    {
        return None;
    }
    let limited: BTreeSet<&str> = limited.iter().map(SmolStr::as_str).collect();
    let required = limited
        .into_iter()
        .filter(|name| SAID_BY_CONTAINERS.contains(name));
    let mut missing = Vec::new();
    for name in required {
        let containers = ["containers", "initContainers"].map(|list| pod.list_at(&["spec", list]));
        let silent = containers.into_iter().flatten().filter(|container| {
            let of = |part| Amounts::of(container.map_at(&["resources", part]));
            computed(&of("requests"), &of("limits")).get(name).is_none()
        });
        let names: BTreeSet<&str> = silent
            .filter_map(|container| container.str_at(&["name"]))
            .collect();
        if !names.is_empty() {
            let names: Vec<&str> = names.into_iter().collect();
            missing.push(format!("{name} for: {}", names.join(",")));
        }
    }
    (!missing.is_empty()).then(|| format!("must specify {}", missing.join("; ")))
}

/// A pod that has ended is only counted as an object.
fn of_pod(pod: &Value) -> Amounts {
    if matches!(pod.str_at(&["status", "phase"]), Some("Succeeded" | "Failed")) {
        return Amounts::default();
    }
    let of = |part| pod_resources::charged(pod, part);
    let mut usage = computed(&of(Part::Requests), &of(Part::Limits));
    usage.set("pods", ONE);
    usage
}

/// Requests and limits by the names of quotas.
fn computed(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut usage = Amounts::default();
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(request) = requests.get(name) {
            usage.set(name, *request);
            usage.set(format!("requests.{name}"), *request);
        }
        if let Some(limit) = limits.get(name) {
            usage.set(format!("limits.{name}"), *limit);
        }
    }
    for (name, request) in requests.iter() {
        let is_huge = name.starts_with("hugepages-");
        if is_huge {
            usage.set(name.clone(), *request);
        }
        if is_huge || is_extended(name) {
            usage.set(format!("requests.{name}"), *request);
        }
    }
    usage
}

/// Node ports may not be allocated yet: it counts what is meant.
fn of_service(service: &Value) -> Amounts {
    let ports = service.list_at(&["spec", "ports"]);
    let kind = service.str_at(&["spec", "type"]);
    let allocates = service.bool_at(&["spec", "allocateLoadBalancerNodePorts"]) != Some(false);
    let given = || {
        ports
            .iter()
            .filter(|port| port.int_at(&["nodePort"]).unwrap_or(0) != 0)
    };
    let node_ports = match kind {
        Some("NodePort") => ports.len(),
        Some("LoadBalancer") if allocates => ports.len(),
        Some("LoadBalancer") => given().count(),
        _ => 0,
    };
    let balancers = i64::from(kind == Some("LoadBalancer"));
    let mut usage = Amounts::default();
    usage.set("services", ONE);
    usage.set("services.nodeports", Quantity::whole(node_ports as i64));
    usage.set("services.loadbalancers", Quantity::whole(balancers));
    usage
}

/// By what is requested or, while it shrinks, allocated; whole bytes.
fn of_claim(claim: &Value) -> Amounts {
    let requested = Amounts::of(claim.map_at(&["spec", "resources", "requests"]));
    let allocated = Amounts::of(claim.map_at(&["status", "allocatedResources"]));
    let storage = requested.get("storage").map(|requested| {
        let larger = allocated
            .get("storage")
            .map_or(requested, |one| one.max(requested));
        larger.rounded_up(0)
    });
    let annotation = claim.str_at(&[
        "metadata",
        "annotations",
        "volume.beta.kubernetes.io/storage-class",
    ]);
    let class = annotation.or_else(|| claim.str_at(&["spec", "storageClassName"]));
    let mut usage = Amounts::default();
    let mut set = |name: &str, amount: Quantity| {
        usage.set(name, amount);
        if let Some(class) = class.filter(|class| !class.is_empty()) {
            usage.set(format!("{class}{OF_STORAGE_CLASS}{name}"), amount);
        }
    };
    set("persistentvolumeclaims", ONE);
    if let Some(storage) = storage {
        set("requests.storage", storage);
    }
    usage
}

/// Of alternatives the most that any of them takes of a class.
fn of_device_claim(claim: &Value) -> Amounts {
    let mut usage = Amounts::default();
    for request in claim.list_at(&["spec", "devices", "requests"]) {
        let mut most = Amounts::default();
        let exactly = request.get("exactly").into_iter();
        for one in exactly.chain(request.list_at(&["firstAvailable"])) {
            let class = one.str_at(&["deviceClassName"]).unwrap_or_default();
            let count = match one.str_at(&["allocationMode"]) {
                Some("All") => ALL_DEVICES,
                _ => one.int_at(&["count"]).unwrap_or(1),
            };
            let mut amount = Amounts::default();
            amount.set(format!("{class}{OF_DEVICE_CLASS}"), Quantity::whole(count));
            most.raise_to(&amount);
        }
        usage.add(&most);
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn charged(group: &str, resource: &str, object: &Value) -> String {
        of(Kind::of(group, resource), group, resource, object).printed()
    }

    #[test]
    fn pods_are_charged_what_they_ask_for() {
        let mut pod = tree!({"spec": {"containers": [{"name": "c", "resources": {
            "requests": {"cpu": "1", "hugepages-2Mi": "4Mi", "example.com/gpu": "2"}, "limits": {"memory": "1Gi"}}}]}});
        assert_eq!(
            charged("", "pods", &pod),
            "count/pods=1,cpu=1,hugepages-2Mi=4Mi,limits.memory=1Gi,pods=1,requests.cpu=1,\
             requests.example.com/gpu=2,requests.hugepages-2Mi=4Mi"
        );
        if let Some(map) = pod.as_map_mut() {
            map.map_at("status").insert("phase", "Succeeded");
        }
        assert_eq!(charged("", "pods", &pod), "count/pods=1");
    }

    #[test]
    fn services_are_charged_their_ports_and_balancers() {
        let service = |fields: Value| {
            let mut spec = fields;
            if let Some(map) = spec.as_map_mut() {
                map.insert(
                    "ports",
                    tree!([{"port": 1i64}, {"port": 2i64, "nodePort": 30_000i64}]),
                );
            }
            charged("", "services", &tree!({"spec": spec}))
        };
        let told = |ports: u8, balancers: u8| {
            format!(
                "count/services=1,services=1,services.loadbalancers={balancers},services.nodeports={ports}"
            )
        };
        assert_eq!(service(tree!({})), told(0, 0));
        assert_eq!(service(tree!({"type": "NodePort"})), told(2, 0));
        assert_eq!(service(tree!({"type": "LoadBalancer"})), told(2, 1));
        assert_eq!(
            service(tree!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false})),
            told(1, 1)
        );
    }

    #[test]
    fn claims_are_charged_to_their_class_too() {
        let claim =
            tree!({"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "1500m"}}}});
        assert_eq!(
            charged("", "persistentvolumeclaims", &claim),
            "count/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,\
             gold.storageclass.storage.k8s.io/requests.storage=2,persistentvolumeclaims=1,requests.storage=2"
        );
        let grown = tree!({"spec": {"resources": {"requests": {"storage": "1Gi"}}}, "status": {"allocatedResources": {"storage": "2Gi"}}});
        assert_eq!(
            charged("", "persistentvolumeclaims", &grown),
            "count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=2Gi"
        );
    }

    #[test]
    fn device_claims_are_charged_by_class() {
        let claim = tree!({"spec": {"devices": {"requests": [
            {"name": "a", "exactly": {"deviceClassName": "gpu", "count": 2i64}},
            {"name": "b", "firstAvailable": [
                {"deviceClassName": "gpu", "count": 1i64}, {"deviceClassName": "fpga", "allocationMode": "All"}]},
        ]}}});
        assert_eq!(
            charged("resource.k8s.io", "resourceclaims", &claim),
            "count/resourceclaims.resource.k8s.io=1,fpga.deviceclass.resource.k8s.io/devices=32,gpu.deviceclass.resource.k8s.io/devices=3"
        );
    }

    #[test]
    fn everything_is_counted() {
        assert_eq!(charged("", "secrets", &tree!({})), "count/secrets=1,secrets=1");
        assert_eq!(
            charged("example.com", "widgets", &tree!({})),
            "count/widgets.example.com=1"
        );
    }

    #[test]
    fn limited_names_are_about_one_resource() {
        let about = |group: &str, resource: &str, name: &str| {
            concerns(Kind::of(group, resource), group, resource, name)
        };
        for name in [
            "pods",
            "count/pods",
            "limits.cpu",
            "hugepages-1Gi",
            "requests.hugepages-1Gi",
            "requests.example.com/gpu",
        ] {
            assert!(about("", "pods", name), "{name}");
        }
        for name in [
            "services",
            "requests.storage",
            "count/secrets",
            "gold.storageclass.storage.k8s.io/requests.storage",
        ] {
            assert!(!about("", "pods", name), "{name}");
        }
        assert!(about(
            "",
            "persistentvolumeclaims",
            "gold.storageclass.storage.k8s.io/requests.storage"
        ));
        assert!(about("", "configmaps", "configmaps") && !about("apps", "configmaps", "configmaps"));
        assert!(about(
            "resource.k8s.io",
            "resourceclaims",
            "gpu.deviceclass.resource.k8s.io/devices"
        ));
    }

    #[test]
    fn containers_must_say_what_is_limited() {
        let pod = tree!({"spec": {
            "containers": [{"name": "b"}, {"name": "a", "resources": {"requests": {"cpu": "1"}}}],
            "initContainers": [{"name": "c"}],
        }});
        let limited = ["requests.cpu", "limits.memory", "pods"].map(SmolStr::new);
        assert_eq!(
            unsaid(&pod, &limited).as_deref(),
            Some("must specify limits.memory for: a,b,c; requests.cpu for: b,c")
        );
        assert_eq!(
            unsaid(&pod, &["pods".into(), "limits.ephemeral-storage".into()]),
            None
        );
        let whole = tree!({"spec": {"containers": [{"name": "a"}], "resources": {"requests": {"cpu": "1"}}}});
        assert_eq!(unsaid(&whole, &limited), None);
    }
}
