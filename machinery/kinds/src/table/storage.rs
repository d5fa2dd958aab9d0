//! Persistent volumes and claims, and kinds of the storage group.

use schema::Value;

use super::networking::named_default;
use super::row::{Row, joined, or};
use super::{AGE, Column, NAME, boolean, field, integer, string, text};

const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULT_CLASS: &[&str] = &[
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];
/// Access modes and their short forms, in printing order.
const ACCESS_MODES: [(&str, &str); 4] = [
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
];

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "CSIDriver" => DRIVERS,
        "CSINode" => DRIVER_NODES,
        "StorageClass" => STORAGE_CLASSES,
        "VolumeAttachment" => ATTACHMENTS,
        "VolumeAttributesClass" => ATTRIBUTE_CLASSES,
        _ => return None,
    })
}

pub(super) const VOLUMES: &[Column] = &[
    NAME,
    string(
        "Capacity",
        field!("core.v1.PersistentVolumeSpec", "capacity"),
        |row| row.text(&["spec", "capacity", "storage"]),
    ),
    string(
        "Access Modes",
        field!("core.v1.PersistentVolumeSpec", "accessModes"),
        |row| access_modes(row, &["spec", "accessModes"]),
    ),
    string(
        "Reclaim Policy",
        field!("core.v1.PersistentVolumeSpec", "persistentVolumeReclaimPolicy"),
        |row| row.text(&["spec", "persistentVolumeReclaimPolicy"]),
    ),
    string("Status", field!("core.v1.PersistentVolumeStatus", "phase"), phase),
    string(
        "Claim",
        field!("core.v1.PersistentVolumeSpec", "claimRef"),
        |row| {
            let Some(claim) = row.object.at(&["spec", "claimRef"]) else {
                return Value::from("");
            };
            let of = |field| claim.str_at(&[field]).unwrap_or_default();
            Value::from(format!("{}/{}", of("namespace"), of("name")))
        },
    ),
    string("StorageClass", text("StorageClass of the pv"), storage_class),
    string(
        "VolumeAttributesClass",
        text("VolumeAttributesClass of the pv"),
        |row| row.text_or(&["spec", "volumeAttributesClassName"], "<unset>"),
    ),
    string(
        "Reason",
        field!("core.v1.PersistentVolumeStatus", "reason"),
        |row| row.text(&["status", "reason"]),
    ),
    AGE,
    string(
        "VolumeMode",
        field!("core.v1.PersistentVolumeSpec", "volumeMode"),
        volume_mode,
    )
    .wide(),
];

pub(super) const CLAIMS: &[Column] = &[
    NAME,
    string(
        "Status",
        field!("core.v1.PersistentVolumeClaimStatus", "phase"),
        phase,
    ),
    string(
        "Volume",
        field!("core.v1.PersistentVolumeClaimSpec", "volumeName"),
        |row| row.text(&["spec", "volumeName"]),
    ),
    string(
        "Capacity",
        field!("core.v1.PersistentVolumeClaimStatus", "capacity"),
        |row| match is_bound(row) {
            true => row.text(&["status", "capacity", "storage"]),
            false => Value::from(""),
        },
    ),
    string(
        "Access Modes",
        field!("core.v1.PersistentVolumeClaimStatus", "accessModes"),
        |row| match is_bound(row) {
            true => access_modes(row, &["status", "accessModes"]),
            false => Value::from(""),
        },
    ),
    string("StorageClass", text("StorageClass of the pvc"), storage_class),
    string(
        "VolumeAttributesClass",
        text("VolumeAttributesClass of the pvc"),
        |row| row.text_or(&["spec", "volumeAttributesClassName"], "<unset>"),
    ),
    AGE,
    string(
        "VolumeMode",
        field!("core.v1.PersistentVolumeClaimSpec", "volumeMode"),
        volume_mode,
    )
    .wide(),
];

const DRIVERS: &[Column] = &[
    NAME,
    boolean(
        "AttachRequired",
        field!("storage.v1.CSIDriverSpec", "attachRequired"),
        |row| row.flag(&["spec", "attachRequired"], true),
    ),
    boolean(
        "PodInfoOnMount",
        field!("storage.v1.CSIDriverSpec", "podInfoOnMount"),
        |row| row.flag(&["spec", "podInfoOnMount"], false),
    ),
    boolean(
        "StorageCapacity",
        field!("storage.v1.CSIDriverSpec", "storageCapacity"),
        |row| row.flag(&["spec", "storageCapacity"], false),
    ),
    string(
        "TokenRequests",
        field!("storage.v1.CSIDriverSpec", "tokenRequests"),
        |row| {
            let requests = row.list(&["spec", "tokenRequests"]).iter();
            or(
                joined(
                    requests.map(|request| request.str_at(&["audience"]).unwrap_or_default()),
                    ",",
                ),
                "<unset>",
            )
        },
    ),
    boolean(
        "RequiresRepublish",
        field!("storage.v1.CSIDriverSpec", "requiresRepublish"),
        |row| row.flag(&["spec", "requiresRepublish"], false),
    ),
    string(
        "Modes",
        field!("storage.v1.CSIDriverSpec", "volumeLifecycleModes"),
        |row| {
            or(
                joined(row.texts(&["spec", "volumeLifecycleModes"]), ","),
                "<none>",
            )
        },
    ),
    AGE,
];

const DRIVER_NODES: &[Column] = &[
    NAME,
    integer(
        "Drivers",
        text("Drivers indicates the number of CSI drivers registered on the node"),
        |row| Value::Int(row.count(&["spec", "drivers"])),
    ),
    AGE,
];

const STORAGE_CLASSES: &[Column] = &[
    super::Column {
        cell: |row| named_default(row, DEFAULT_CLASS),
        ..NAME
    },
    string(
        "Provisioner",
        field!("storage.v1.StorageClass", "provisioner"),
        |row| row.text(&["provisioner"]),
    ),
    string(
        "ReclaimPolicy",
        field!("storage.v1.StorageClass", "reclaimPolicy"),
        |row| row.text_or(&["reclaimPolicy"], "Delete"),
    ),
    string(
        "VolumeBindingMode",
        field!("storage.v1.StorageClass", "volumeBindingMode"),
        |row| row.text_or(&["volumeBindingMode"], "Immediate"),
    ),
    string(
        "AllowVolumeExpansion",
        field!("storage.v1.StorageClass", "allowVolumeExpansion"),
        |row| row.flag(&["allowVolumeExpansion"], false),
    ),
    AGE,
];

const ATTACHMENTS: &[Column] = &[
    NAME,
    string(
        "Attacher",
        field!("storage.v1.VolumeAttachmentSpec", "attacher"),
        |row| row.text(&["spec", "attacher"]),
    )
    .format("name"),
    string(
        "PV",
        field!("storage.v1.VolumeAttachmentSource", "persistentVolumeName"),
        |row| row.text(&["spec", "source", "persistentVolumeName"]),
    ),
    string(
        "Node",
        field!("storage.v1.VolumeAttachmentSpec", "nodeName"),
        |row| row.text(&["spec", "nodeName"]),
    ),
    boolean(
        "Attached",
        field!("storage.v1.VolumeAttachmentStatus", "attached"),
        |row| row.flag(&["status", "attached"], false),
    ),
    AGE,
];

const ATTRIBUTE_CLASSES: &[Column] = &[
    NAME,
    string(
        "DriverName",
        field!("storage.v1.VolumeAttributesClass", "driverName"),
        |row| row.text(&["driverName"]),
    ),
    AGE,
];

fn phase(row: &Row<'_>) -> Value {
    if row.deleting() {
        Value::from("Terminating")
    } else {
        row.text(&["status", "phase"])
    }
}

fn is_bound(row: &Row<'_>) -> bool {
    !row.str(&["spec", "volumeName"]).is_empty()
}

fn volume_mode(row: &Row<'_>) -> Value {
    row.text_or(&["spec", "volumeMode"], "<unset>")
}

/// The beta annotation, where present, else the field.
fn storage_class(row: &Row<'_>) -> Value {
    match row.object.at(&["metadata", "annotations", BETA_CLASS]) {
        Some(class) => class.clone(),
        None => row.text(&["spec", "storageClassName"]),
    }
}

fn access_modes(row: &Row<'_>, path: &[&str]) -> Value {
    let present = |mode: &str| row.texts(path).any(|found| found == mode);
    let short = ACCESS_MODES
        .iter()
        .filter(|(mode, _)| present(mode))
        .map(|(_, short)| *short);
    Value::from(joined(short, ","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn a_claim_shows_its_volume_only_when_bound() {
        let cells =
            |object: Value| layout_of("", "PersistentVolumeClaim").cells(&object, Timestamp::UNIX_EPOCH);
        let status =
            || tree!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"]});
        let unbound = cells(tree!({"status": (status())}));
        assert_eq!(unbound[2..5], ["", "", ""].map(Value::from));
        let bound = cells(tree!({"spec": {"volumeName": "v"}, "status": (status())}));
        assert_eq!(bound[2..5], ["v", "1Gi", "RWO,RWX"].map(Value::from));
    }

    #[test]
    fn the_beta_annotation_names_the_class() {
        let volume = tree!({
            "metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "old"}},
            "spec": {"storageClassName": "new", "claimRef": {"namespace": "a", "name": "b"}},
        });
        let cells = layout_of("", "PersistentVolume").cells(&volume, Timestamp::UNIX_EPOCH);
        assert_eq!(cells[5..7], ["a/b", "old"].map(Value::from));
    }
}
