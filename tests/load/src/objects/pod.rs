//! A pod of about 8 KB as JSON and 5.6 KB as protobuf with what a server adds to it (status, managed fields), which is the pod that
//! `peers.md` measured the reference with.

use serde_json::{Value, json};

use super::name;

/// Where a pod is, and how large.
#[derive(Clone, Debug)]
pub struct PodShape {
    /// Its node, `node-N`.
    pub node: usize,
    /// Whether it is one of those that a label selects.
    pub selected: bool,
    /// Bytes of an annotation that fills it up.
    pub filling_bytes: usize,
}

/// The label that a selected pod has the value `yes` of.
pub const SELECTED: &str = "watchload.shardplane.dev/selected";

/// A pod as its creator writes it.
pub fn pod(number: usize, shape: &PodShape) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name(number),
            "labels": {
                "app.kubernetes.io/name": "storefront",
                "app.kubernetes.io/managed-by": "watchload",
                "pod-template-hash": "6d4cf56db6",
                (SELECTED): if shape.selected { "yes" } else { "no" },
            },
            "annotations": {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": "9102",
                "watchload.shardplane.dev/filling": "f".repeat(shape.filling_bytes),
            },
        },
        "spec": {
            "nodeName": format!("node-{}", shape.node),
            "serviceAccountName": "default",
            "automountServiceAccountToken": false,
            "volumes": [{"name": "config", "configMap": {"name": "storefront-config", "items": [{"key": "app.yaml", "path": "app.yaml"}]}}],
            "containers": [container("storefront", 8080), container("metrics-exporter", 9102)],
        },
    })
    .to_string()
}

fn container(name: &str, port: u16) -> Value {
    let setting = json!({"name": "SETTING", "value": "value-of-setting"});
    let own_name = json!({"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}});
    json!({
        "name": name,
        "image": format!("registry.example.com/shop/{name}:1.36.0"),
        "args": ["--config=/etc/app/app.yaml", "--log-format=json", format!("--listen=:{port}")],
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "env": [setting, own_name],
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": true}],
        "readinessProbe": {"tcpSocket": {"port": port}},
        "securityContext": {"allowPrivilegeEscalation": false},
    })
}

/// The status of a running pod as a kubelet patches it; `turn` changes it.
pub fn kubelet_status(number: usize, turn: u64) -> String {
    let address = format!(
        "10.{}.{}.{}",
        number / 65_536 % 256,
        number / 256 % 256,
        number % 256
    );
    let at = "2026-11-27T12:00:00Z";
    let condition =
        |kind: &str| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": at});
    let container = |name: &str| {
        json!({
            "name": name,
            "ready": true,
            "started": true,
            "restartCount": turn % 1_000_000_000,
            "image": format!("registry.example.com/shop/{name}"),
            "imageID": format!("registry.example.com/shop/{name}@sha256:9b2ff4e8e7e1dd7fd0fd5d3fb3d6d5ba4a76c2b3ac5d7e2e3ea7f2a7b3f0c1de"),
            "containerID": "containerd://5d3fb3d6d5ba4a76c2b3ac5d7e2e3ea7f2a7b3f0c1de9b2ff4e8e7e1dd7fd0fd",
            "state": {"running": {"startedAt": at}},
            "lastState": {},
        })
    };
    let conditions = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ]
    .map(condition);
    let containers = ["storefront", "metrics-exporter"].map(container);
    json!({"status": {
        "phase": "Running",
        "hostIP": "192.168.1.1",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": at,
        "qosClass": "Burstable",
        "conditions": conditions,
        "containerStatuses": containers,
    }})
    .to_string()
}
