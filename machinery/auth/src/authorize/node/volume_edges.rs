//! What a PersistentVolume leads to: its claim, and the secrets that a kubelet needs to mount it.

use schema::Value;

use super::graph::{Place, Volume};

/// Secrets by reference, by kind of volume; those that only controllers use are not in it.
const SECRETS: [[&str; 2]; 10] = [
    ["cephfs", "secretRef"],
    ["cinder", "secretRef"],
    ["flexVolume", "secretRef"],
    ["rbd", "secretRef"],
    ["scaleIO", "secretRef"],
    ["iscsi", "secretRef"],
    ["storageos", "secretRef"],
    ["csi", "nodePublishSecretRef"],
    ["csi", "nodeStageSecretRef"],
    ["csi", "nodeExpandSecretRef"],
];

/// The edges of a volume; `None` while nobody claims it.
pub fn of(volume: &Value) -> Option<Volume> {
    let claim = volume
        .at(&["spec", "claimRef"])
        .filter(|claim| !claim.is_null())?;
    let claim: Place = (
        claim.str_at(&["namespace"]).unwrap_or_default().into(),
        claim.str_at(&["name"]).unwrap_or_default().into(),
    );
    let place = |namespace: Option<&str>, name: Option<&str>| -> Option<Place> {
        let namespace = namespace
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or(&claim.0);
        Some((namespace.into(), name.filter(|name| !name.is_empty())?.into()))
    };
    let by_reference = SECRETS.iter().filter_map(|[kind, field]| {
        let reference = volume.at(&["spec", kind, field])?;
        place(reference.str_at(&["namespace"]), reference.str_at(&["name"]))
    });
    let azure = volume
        .at(&["spec", "azureFile"])
        .and_then(|azure| place(azure.str_at(&["secretNamespace"]), azure.str_at(&["secretName"])));
    let secrets = by_reference.chain(azure).collect();
    Some(Volume { secrets, claim })
}
