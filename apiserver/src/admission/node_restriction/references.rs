//! Whether a pod refers to objects of the API. A pod that a kubelet makes by itself must not: it would give the kubelet rights
//! to them.

use schema::Value;

/// Where volumes name secrets.
const VOLUME_SECRETS: [[&str; 2]; 9] = [
    ["azureFile", "secretName"],
    ["cephfs", "secretRef"],
    ["cinder", "secretRef"],
    ["csi", "nodePublishSecretRef"],
    ["flexVolume", "secretRef"],
    ["iscsi", "secretRef"],
    ["rbd", "secretRef"],
    ["scaleIO", "secretRef"],
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

/// The first kind of object that a pod refers to.
pub fn first(pod: &Value) -> Option<&'static str> {
    let volumes = pod.list_at(&["spec", "volumes"]);
    let has = |holder: &Value, path: &[&str]| holder.at(path).is_some_and(|value| !value.is_zero());
    if has(pod, &["spec", "serviceAccountName"]) {
        return Some("serviceaccounts");
    }
    let volume_secret = |volume: &Value| {
        has(volume, &["secret"]) && has(volume, &["secret", "secretName"])
            || VOLUME_SECRETS.iter().any(|path| has(volume, path))
    };
    let is_pulled = !pod.list_at(&["spec", "imagePullSecrets"]).is_empty();
    if is_pulled || in_containers(pod, "secret") || volumes.iter().any(volume_secret) {
        return Some("secrets");
    }
    let projects = |volume: &Value, kind: &str| {
        let mut sources = volume.list_at(&["projected", "sources"]).iter();
        sources.any(|source| source.get(kind).is_some())
    };
    if volumes.iter().any(|volume| projects(volume, "secret")) {
        return Some("secrets");
    }
    let is_config = |volume: &Value| volume.get("configMap").is_some() || projects(volume, "configMap");
    if in_containers(pod, "configMap") || volumes.iter().any(is_config) {
        return Some("configmaps");
    }
    if !pod.list_at(&["spec", "resourceClaims"]).is_empty() {
        return Some("resourceclaims");
    }
    volumes.iter().find_map(by_source)
}

fn in_containers(pod: &Value, kind: &str) -> bool {
    let (env_from, env) = (format!("{kind}Ref"), format!("{kind}KeyRef"));
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| pod.list_at(&["spec", list]))
        .any(|container| {
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
