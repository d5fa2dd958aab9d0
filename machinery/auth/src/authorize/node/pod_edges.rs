//! What a pod uses: the names in its spec that its kubelet must read.

use std::collections::HashSet;

use object::meta;
use schema::Value;
use smol_str::{SmolStr, format_smolstr};

use super::graph::{Key, Thing};

/// Marks pods that stand for what a kubelet runs by itself. They give no rights: a node could make itself any.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// Where the name of a volume's secret is, by kind of volume.
const VOLUME_SECRETS: [[&str; 3]; 10] = [
    ["azureFile", "secretName", ""],
    ["cephfs", "secretRef", "name"],
    ["cinder", "secretRef", "name"],
    ["flexVolume", "secretRef", "name"],
    ["rbd", "secretRef", "name"],
    ["secret", "secretName", ""],
    ["scaleIO", "secretRef", "name"],
    ["iscsi", "secretRef", "name"],
    ["storageos", "secretRef", "name"],
    ["csi", "nodePublishSecretRef", "name"],
];

/// Everything that a pod uses, each thing once.
pub fn of(pod: &Value) -> Vec<Key> {
    let mut found = Found {
        namespace: meta::of(pod).namespace(),
        keys: HashSet::new(),
    };
    if meta::of(pod).annotation(MIRROR).is_some() {
        return Vec::new();
    }
    let spec = |field: &str| pod.list_at(&["spec", field]);
    found.add(Thing::ServiceAccount, pod.str_at(&["spec", "serviceAccountName"]));
    spec("imagePullSecrets")
        .iter()
        .for_each(|secret| found.add(Thing::Secret, secret.str_at(&["name"])));
    for containers in ["containers", "initContainers", "ephemeralContainers"] {
        spec(containers)
            .iter()
            .for_each(|container| found.add_container(container));
    }
    spec("volumes")
        .iter()
        .for_each(|volume| found.add_volume(meta::of(pod).name(), volume));
    spec("resourceClaims")
        .iter()
        .for_each(|claim| found.add_claim(pod, claim));
    found.add(
        Thing::ResourceClaim,
        pod.str_at(&["status", "extendedResourceClaimStatus", "resourceClaimName"]),
    );
    found.keys.into_iter().collect()
}

struct Found<'a> {
    namespace: &'a str,
    keys: HashSet<Key>,
}

impl Found<'_> {
    fn add(&mut self, thing: Thing, name: Option<&str>) {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.keys
                .insert((thing, SmolStr::new(self.namespace), name.into()));
        }
    }

    fn add_container(&mut self, container: &Value) {
        for from in container.list_at(&["envFrom"]) {
            self.add(Thing::Secret, from.str_at(&["secretRef", "name"]));
            self.add(Thing::ConfigMap, from.str_at(&["configMapRef", "name"]));
        }
        for variable in container.list_at(&["env"]) {
            self.add(
                Thing::Secret,
                variable.str_at(&["valueFrom", "secretKeyRef", "name"]),
            );
            self.add(
                Thing::ConfigMap,
                variable.str_at(&["valueFrom", "configMapKeyRef", "name"]),
            );
        }
    }

    fn add_volume(&mut self, pod: &str, volume: &Value) {
        for path in &VOLUME_SECRETS {
            let path = if path[2].is_empty() { &path[..2] } else { &path[..] };
            self.add(Thing::Secret, volume.str_at(path));
        }
        self.add(Thing::ConfigMap, volume.str_at(&["configMap", "name"]));
        for source in volume.list_at(&["projected", "sources"]) {
            self.add(Thing::Secret, source.str_at(&["secret", "name"]));
            self.add(Thing::ConfigMap, source.str_at(&["configMap", "name"]));
        }
        self.add(
            Thing::Claim,
            volume.str_at(&["persistentVolumeClaim", "claimName"]),
        );
        if volume.get("ephemeral").is_some_and(|source| !source.is_null()) {
            let name = format_smolstr!("{pod}-{}", volume.str_at(&["name"]).unwrap_or_default());
            self.add(Thing::Claim, Some(&name));
        }
    }

    /// A claim by name, or the one made from a template, once the pod's status tells its name.
    fn add_claim(&mut self, pod: &Value, claim: &Value) {
        self.add(Thing::ResourceClaim, claim.str_at(&["resourceClaimName"]));
        let name = claim.str_at(&["name"]);
        let made = pod.list_at(&["status", "resourceClaimStatuses"]).iter();
        for status in made.filter(|status| status.str_at(&["name"]) == name) {
            self.add(Thing::ResourceClaim, status.str_at(&["resourceClaimName"]));
        }
    }
}
