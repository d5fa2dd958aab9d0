//! Whether a pod refers to objects of the API. A pod that a kubelet makes by itself must not: it would give the kubelet rights
//! to them. (`VisitPodSecretNames` and its like in the reference.)

use schema::Value;

/// Where volumes name secrets.
const VOLUME_SECRETS: [[&str; 2]; 10] = [
    ["azureFile", "secretName"],
    ["cephfs", "secretRef"],
    ["cinder", "secretRef"],
    ["csi", "nodePublishSecretRef"],
    ["flexVolume", "secretRef"],
    ["iscsi", "secretRef"],
    ["rbd", "secretRef"],
    ["scaleIO", "secretRef"],
    ["secret", "secretName"],
    ["storageos", "secretRef"],
];
/// What a volume refers to by its source, in the words of the reference.
const VOLUMES: [(&str, &str); 7] = [
    ("configMap", "configmaps (via configmap volumes)"),
    ("secret", "secrets (via secret volumes)"),
    ("csi", "csidrivers (via CSI volumes)"),
    ("glusterfs", "endpoints (via glusterFS volumes)"),
    ("persistentVolumeClaim", "persistentvolumeclaims"),
    ("ephemeral", "persistentvolumeclaims (via ephemeral volumes)"),
    ("azureFile", "secrets (via azureFile volumes)"),
];
/// The same for the sources of projected volumes.
const PROJECTIONS: [(&str, &str); 5] = [
    ("configMap", "configmaps (via projected volumes)"),
    ("secret", "secrets (via projected volumes)"),
    ("serviceAccountToken", "serviceaccounts (via projected volumes)"),
    ("clusterTrustBundle", "clustertrustbundles"),
    ("podCertificate", "podcertificates"),
];

/// Where pods have containers, in the order in which they run.
pub const CONTAINER_LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// All containers of a pod.
pub fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    containers_of(pod.get("spec").unwrap_or(&Value::Null))
}

/// The same, by the pod's `spec`.
pub fn containers_of(spec: &Value) -> impl Iterator<Item = &Value> {
    CONTAINER_LISTS.iter().flat_map(|list| spec.list_at(&[list]))
}

/// Whether a pod, one of its containers or one of its volumes names a secret.
pub fn uses_secrets(pod: &Value) -> bool {
    let is_named = |volume: &Value, path: &[&str]| volume.at(path).is_some_and(|value| !value.is_zero());
    let in_volume = |volume: &Value| {
        VOLUME_SECRETS.iter().any(|path| is_named(volume, path)) || projects(volume, "secret")
    };
    !pod.list_at(&["spec", "imagePullSecrets"]).is_empty()
        || in_containers(pod, "secret")
        || volumes(pod).iter().any(in_volume)
}

/// The same for config maps.
pub fn uses_config_maps(pod: &Value) -> bool {
    let in_volume = |volume: &Value| volume.get("configMap").is_some() || projects(volume, "configMap");
    in_containers(pod, "configMap") || volumes(pod).iter().any(in_volume)
}

/// Whether a volume of the pod is a token of its account.
pub fn projects_tokens(pod: &Value) -> bool {
    let mut volumes = volumes(pod).iter();
    volumes.any(|volume| projects(volume, "serviceAccountToken"))
}

/// The first kind of object that a pod refers to.
pub fn first(pod: &Value) -> Option<&'static str> {
    let account = pod.str_at(&["spec", "serviceAccountName"]);
    if account.is_some_and(|name| !name.is_empty()) {
        return Some("serviceaccounts");
    }
    if uses_secrets(pod) {
        return Some("secrets");
    }
    if uses_config_maps(pod) {
        return Some("configmaps");
    }
    if !pod.list_at(&["spec", "resourceClaims"]).is_empty() {
        return Some("resourceclaims");
    }
    volumes(pod).iter().find_map(by_source)
}

fn volumes(pod: &Value) -> &[Value] {
    pod.list_at(&["spec", "volumes"])
}

fn projects(volume: &Value, kind: &str) -> bool {
    let mut sources = volume.list_at(&["projected", "sources"]).iter();
    sources.any(|source| source.get(kind).is_some())
}

fn in_containers(pod: &Value, kind: &str) -> bool {
    let (env_from, env) = (format!("{kind}Ref"), format!("{kind}KeyRef"));
    containers(pod).any(|container| {
        let mut sources = container.list_at(&["envFrom"]).iter();
        let mut variables = container.list_at(&["env"]).iter();
        sources.any(|source| source.get(&env_from).is_some())
            || variables.any(|one| one.at(&["valueFrom", &env]).is_some())
    })
}

fn by_source(volume: &Value) -> Option<&'static str> {
    let found = |table: &[(&str, &'static str)], holder: &Value| {
        let entry = table.iter().find(|(kind, _)| holder.get(kind).is_some());
        entry.map(|(_, told)| *told)
    };
    found(&VOLUMES, volume).or_else(|| {
        let mut sources = volume.list_at(&["projected", "sources"]).iter();
        sources.find_map(|source| found(&PROJECTIONS, source))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn every_kind_of_reference_is_found() {
        let cases = [
            (tree!({"serviceAccountName": "a"}), Some("serviceaccounts")),
            (tree!({"imagePullSecrets": [{"name": "s"}]}), Some("secrets")),
            (
                tree!({"containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "s"}}}]}]}),
                Some("secrets"),
            ),
            (
                tree!({"initContainers": [{"envFrom": [{"configMapRef": {"name": "c"}}]}]}),
                Some("configmaps"),
            ),
            (
                tree!({"volumes": [{"rbd": {"secretRef": {"name": "s"}}}]}),
                Some("secrets"),
            ),
            (tree!({"resourceClaims": [{"name": "c"}]}), Some("resourceclaims")),
            (
                tree!({"volumes": [{"csi": {"driver": "d"}}]}),
                Some("csidrivers (via CSI volumes)"),
            ),
            (
                tree!({"volumes": [{"persistentVolumeClaim": {"claimName": "c"}}]}),
                Some("persistentvolumeclaims"),
            ),
            (
                tree!({"volumes": [{"projected": {"sources": [{"downwardAPI": {}}, {"serviceAccountToken": {}}]}}]}),
                Some("serviceaccounts (via projected volumes)"),
            ),
            (
                tree!({"volumes": [{"projected": {"sources": [{"podCertificate": {}}]}}]}),
                Some("podcertificates"),
            ),
            (
                tree!({"volumes": [{"hostPath": {"path": "/"}}, {"emptyDir": {}}, {"projected": {"sources": [{"downwardAPI": {}}]}}]}),
                None,
            ),
        ];
        for (spec, told) in cases {
            let pod = tree!({"spec": spec});
            assert_eq!(first(&pod), told, "{pod:?}");
        }
    }
}
