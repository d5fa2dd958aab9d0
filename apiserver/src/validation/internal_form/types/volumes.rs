//! The inner types of persistent volumes and claims.
//! Volumes of pods are with the pod's types.

use super::Form::{Always, Maybe};
use super::{Field, f, null, text, truth};

#[rustfmt::skip]
pub(super) const TYPES: &[(&str, &[Field])] = &[
    ("PersistentVolumeClaimSpec", &[
        null("AccessModes", "accessModes"),
        null("Selector", "selector"),
        f("Resources", "resources", Always("VolumeResourceRequirements")),
        text("VolumeName", "volumeName"),
        null("StorageClassName", "storageClassName"),
        null("VolumeMode", "volumeMode"),
        f("DataSource", "dataSource", Maybe("TypedLocalObjectReference")),
        f("DataSourceRef", "dataSourceRef", Maybe("TypedObjectReference")),
        null("VolumeAttributesClassName", "volumeAttributesClassName"),
    ]),
    ("VolumeResourceRequirements", &[
        null("Limits", "limits"),
        null("Requests", "requests"),
    ]),
    ("TypedLocalObjectReference", &[
        null("APIGroup", "apiGroup"),
        text("Kind", "kind"),
        text("Name", "name"),
    ]),
    ("TypedObjectReference", &[
        null("APIGroup", "apiGroup"),
        text("Kind", "kind"),
        text("Name", "name"),
        null("Namespace", "namespace"),
    ]),
    ("PersistentVolumeSource", &[
        f("GCEPersistentDisk", "gcePersistentDisk", Maybe("GCEPersistentDiskVolumeSource")),
        f("AWSElasticBlockStore", "awsElasticBlockStore", Maybe("AWSElasticBlockStoreVolumeSource")),
        f("HostPath", "hostPath", Maybe("HostPathVolumeSource")),
        null("Glusterfs", "glusterfs"),
        f("NFS", "nfs", Maybe("NFSVolumeSource")),
        null("RBD", "rbd"),
        null("Quobyte", "quobyte"),
        null("ISCSI", "iscsi"),
        null("FlexVolume", "flexVolume"),
        null("Cinder", "cinder"),
        null("CephFS", "cephfs"),
        null("FC", "fc"),
        null("Flocker", "flocker"),
        null("AzureFile", "azureFile"),
        null("VsphereVolume", "vsphereVolume"),
        null("AzureDisk", "azureDisk"),
        null("PhotonPersistentDisk", "photonPersistentDisk"),
        null("PortworxVolume", "portworxVolume"),
        null("ScaleIO", "scaleIO"),
        f("Local", "local", Maybe("LocalVolumeSource")),
        null("StorageOS", "storageos"),
        f("CSI", "csi", Maybe("CSIPersistentVolumeSource")),
    ]),
    ("LocalVolumeSource", &[
        text("Path", "path"),
        null("FSType", "fsType"),
    ]),
    ("CSIPersistentVolumeSource", &[
        text("Driver", "driver"),
        text("VolumeHandle", "volumeHandle"),
        truth("ReadOnly", "readOnly"),
        text("FSType", "fsType"),
        null("VolumeAttributes", "volumeAttributes"),
        f("ControllerPublishSecretRef", "controllerPublishSecretRef", Maybe("SecretReference")),
        f("NodeStageSecretRef", "nodeStageSecretRef", Maybe("SecretReference")),
        f("NodePublishSecretRef", "nodePublishSecretRef", Maybe("SecretReference")),
        f("ControllerExpandSecretRef", "controllerExpandSecretRef", Maybe("SecretReference")),
        f("NodeExpandSecretRef", "nodeExpandSecretRef", Maybe("SecretReference")),
    ]),
    ("SecretReference", &[
        text("Name", "name"),
        text("Namespace", "namespace"),
    ]),
    ("VolumeNodeAffinity", &[
        f("Required", "required", Maybe("NodeSelector")),
    ]),
];
