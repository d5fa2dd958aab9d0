//! What a node and a service leave in the API beside pods: nodes with the status that a kubelet reports, leases, endpoint slices.
//! Sizes are those that such objects have in a cluster, near enough.

use serde_json::{Value, json};

use super::name;

/// The label of everything that the cluster scenario makes and that has no namespace.
pub const PART: &str = "watchload.shardplane.dev/part";
/// Endpoints of one slice: a service of the thresholds has up to 250, a slice up to 100; most have few.
const ENDPOINTS: usize = 10;

/// The name of a node, as pods name theirs.
pub fn node_name(number: usize) -> String {
    format!("node-{number}")
}

/// A node without status.
pub fn node(number: usize) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node_name(number),
            "labels": {(PART): "yes", "kubernetes.io/hostname": node_name(number), "kubernetes.io/os": "linux"},
        },
        "spec": {"podCIDR": format!("10.{}.{}.0/24", number / 256 % 256, number % 256)},
    })
    .to_string()
}

/// The status of a node as a kubelet patches it; `turn` changes it.
pub fn node_status(turn: u64) -> String {
    let at = time(turn);
    let condition = |kind: &str, status: &str| {
        json!({"type": kind, "status": status, "lastHeartbeatTime": at, "lastTransitionTime": "2026-11-27T12:00:00Z",
            "reason": format!("Kubelet{kind}"), "message": format!("kubelet says {status} of {kind}")})
    };
    let image = |number: usize| {
        json!({"names": [format!("registry.example.com/shop/image-{number}@sha256:9b2ff4e8e7e1dd7fd0fd5d3fb3d6d5ba")],
            "sizeBytes": 10_000_000 + number})
    };
    let resources = json!({"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"});
    json!({"status": {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [condition("Ready", "True"), condition("MemoryPressure", "False"),
            condition("DiskPressure", "False"), condition("PIDPressure", "False")],
        "images": (0..20).map(image).collect::<Vec<_>>(),
        "nodeInfo": {"machineID": "m", "systemUUID": "u", "bootID": turn.to_string(), "kernelVersion": "6.18", "osImage": "Linux",
            "containerRuntimeVersion": "containerd://2.1", "kubeletVersion": "v1.36.2", "kubeProxyVersion": "", "operatingSystem": "linux",
            "architecture": "amd64"},
    }})
    .to_string()
}

/// A lease of a node.
pub fn lease(number: usize) -> String {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": node_name(number)},
        "spec": {"holderIdentity": node_name(number), "leaseDurationSeconds": 40},
    })
    .to_string()
}

/// The renewal of a lease; `turn` changes it.
pub fn lease_renewal(turn: u64) -> String {
    json!({"spec": {"renewTime": time(turn)}}).to_string()
}

/// A slice of a service's endpoints.
pub fn endpoint_slice(number: usize) -> String {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name(number), "labels": {"kubernetes.io/service-name": format!("service-{number}")}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints(number as u64),
    })
    .to_string()
}

/// A change of its endpoints; `turn` changes it.
pub fn endpoint_slice_patch(turn: u64) -> String {
    json!({"endpoints": endpoints(turn)}).to_string()
}

fn endpoints(turn: u64) -> Vec<Value> {
    let endpoint = |number: usize| {
        let address = format!(
            "10.{}.{}.{}",
            turn >> 16 & 0xff,
            turn >> 8 & 0xff,
            (turn as usize + number) & 0xff
        );
        json!({
            "addresses": [address],
            "conditions": {"ready": true, "serving": true, "terminating": false},
            "nodeName": node_name(number),
            "targetRef": {"kind": "Pod", "name": name(number), "namespace": "watchload", "uid": format!("{turn:032x}")},
        })
    };
    (0..ENDPOINTS).map(endpoint).collect()
}

/// A time that differs with each turn, which is a number of microseconds.
fn time(turn: u64) -> String {
    let (seconds, micros) = (turn / 1_000_000, turn % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("2026-11-27T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_changes_what_it_writes() {
        for change in [node_status, lease_renewal, endpoint_slice_patch] {
            assert_ne!(change(1_700_000_000_000_001), change(1_700_000_000_000_002));
        }
    }
}
