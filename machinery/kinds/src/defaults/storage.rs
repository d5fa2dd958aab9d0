//! Defaults of volumes, claims, storage classes and CSI drivers. Default classes are admission's.

use schema::{Map, Value};

use super::Fill::{Bool, Text};
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        prefix: "io.k8s.api.core.v1.",
        rules: &[("PersistentVolume", volume)],
        nil: &[("PersistentVolumeClaimSpec", "volumeMode", Text("Filesystem"))],
        empty: &[("PersistentVolumeClaimStatus", "phase", Text("Pending"))],
    },
    Family {
        prefix: "io.k8s.api.storage.v1.",
        rules: &[("CSIDriverSpec", driver)],
        nil: &[
            ("StorageClass", "reclaimPolicy", Text("Delete")),
            ("StorageClass", "volumeBindingMode", Text("Immediate")),
            ("CSIDriverSpec", "attachRequired", Bool(true)),
            ("CSIDriverSpec", "podInfoOnMount", Bool(false)),
            ("CSIDriverSpec", "storageCapacity", Bool(false)),
            ("CSIDriverSpec", "fsGroupPolicy", Text("ReadWriteOnceWithFSType")),
            ("CSIDriverSpec", "requiresRepublish", Bool(false)),
            ("CSIDriverSpec", "seLinuxMount", Bool(false)),
        ],
        empty: &[],
    },
];

/// Of the object only: a volume spec inside an attachment keeps what was written.
fn volume(volume: &mut Map, _: Now<'_>) {
    fill::empty(volume.map_at("status"), "phase", Text("Pending"));
    let spec = volume.map_at("spec");
    fill::empty(spec, "persistentVolumeReclaimPolicy", Text("Retain"));
    fill::nil(spec, "volumeMode", Text("Filesystem"));
}

fn driver(spec: &mut Map, _: Now<'_>) {
    if fill::is_empty(spec, "volumeLifecycleModes") {
        spec.insert("volumeLifecycleModes", vec![Value::from("Persistent")]);
    }
}
