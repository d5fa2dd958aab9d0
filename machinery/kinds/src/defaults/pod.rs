//! Defaults of pods, pod templates, containers, probes and volumes. Pod-level resources are in [`super::pod_resources`].

use schema::{Map, SmolStr, Value};

use super::Fill::{Bool, Int, Object, Text};
use super::{Family, Now, fill, image, pod_resources};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.core.v1.",
    rules: &[
        ("Pod", pod),
        ("Container", pull_policy),
        ("EphemeralContainer", pull_policy),
        ("Volume", volume),
    ],
    nil: &[
        ("PodSpec", "securityContext", Object),
        ("PodSpec", "terminationGracePeriodSeconds", Int(30)),
        ("SecretVolumeSource", "defaultMode", Int(0o644)),
        ("ConfigMapVolumeSource", "defaultMode", Int(0o644)),
        ("DownwardAPIVolumeSource", "defaultMode", Int(0o644)),
        ("ProjectedVolumeSource", "defaultMode", Int(0o644)),
        ("ServiceAccountTokenProjection", "expirationSeconds", Int(3600)),
        ("HostPathVolumeSource", "type", Text("")),
    ],
    empty: &[
        ("PodSpec", "dnsPolicy", Text("ClusterFirst")),
        ("PodSpec", "restartPolicy", Text("Always")),
        ("PodSpec", "schedulerName", Text("default-scheduler")),
        (
            "Container",
            "terminationMessagePath",
            Text("/dev/termination-log"),
        ),
        ("Container", "terminationMessagePolicy", Text("File")),
        (
            "EphemeralContainer",
            "terminationMessagePath",
            Text("/dev/termination-log"),
        ),
        ("EphemeralContainer", "terminationMessagePolicy", Text("File")),
        ("Probe", "timeoutSeconds", Int(1)),
        ("Probe", "periodSeconds", Int(10)),
        ("Probe", "successThreshold", Int(1)),
        ("Probe", "failureThreshold", Int(3)),
        ("HTTPGetAction", "path", Text("/")),
        ("HTTPGetAction", "scheme", Text("HTTP")),
        ("ObjectFieldSelector", "apiVersion", Text("v1")),
    ],
}];

/// What holds for pods but not for pod templates.
fn pod(pod: &mut Map, _: Now<'_>) {
    let spec = pod.map_at("spec");
    for containers in ["containers", "initContainers"] {
        for container in fill::objects(spec, containers) {
            pod_resources::requests_from_limits(container);
        }
    }
    pod_resources::pod_level(spec);
    fill::nil(spec, "enableServiceLinks", Bool(true));
    if spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        host_ports(spec);
    }
}

/// On the host's network a container's port is the host's.
fn host_ports(spec: &mut Map) {
    for containers in ["containers", "initContainers"] {
        for container in fill::objects(spec, containers) {
            for port in fill::objects(container, "ports") {
                if fill::is_empty(port, "hostPort")
                    && let Some(number) = port.get("containerPort").cloned()
                {
                    port.insert("hostPort", number);
                }
            }
        }
    }
}

fn pull_policy(container: &mut Map, _: Now<'_>) {
    if fill::is_empty(container, "imagePullPolicy") {
        let policy = image::pull_policy(fill::text(container, "image"));
        container.insert("imagePullPolicy", policy);
    }
}

/// A volume without a source is an emptyDir.
fn volume(volume: &mut Map, _: Now<'_>) {
    if let Some(Value::Map(image)) = volume.get_mut("image")
        && fill::is_empty(image, "pullPolicy")
    {
        let policy = image::pull_policy(fill::text(image, "reference"));
        image.insert("pullPolicy", policy);
    }
    if volume.keys().all(|key| key == "name") {
        volume.insert(SmolStr::new_static("emptyDir"), Map::new());
    }
}
