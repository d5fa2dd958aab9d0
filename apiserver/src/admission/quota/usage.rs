//! What an object is charged, by the names that quotas limit. Source: "Resource Quotas" of the Kubernetes documentation.

use std::collections::BTreeSet;

use schema::quantity::Quantity;
use schema::{SmolStr, Value};

use super::super::default_classes::CLAIMS;
use super::super::pod_resources::{self, Part};
use crate::validation::quantities::{is_extended, is_native};
use kinds::amounts::Amounts;

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

    /// Whether scopes of quotas look at such objects.
    pub fn has_scopes(self) -> bool {
        matches!(self, Self::Pods | Self::Claims)
    }
}

/// What counts the objects of a resource: `count/secrets`, `count/deployments.apps`.
fn count_name(group: &str, resource: &str) -> SmolStr {
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
    let class = CLAIMS.of(claim);
    let mut usage = Amounts::default();
    let mut set = |name: &str, amount: Quantity| {
        usage.set(name, amount);
        if !class.is_empty() {
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
mod tests;
