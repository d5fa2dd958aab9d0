//! Rules of each source that a volume may have.

mod drivers;
mod files;
mod projected;

use super::super::claims;
use super::super::place::Place;
use super::Owner;
use super::iscsi;
use super::mounts::check_no_back_steps;
use crate::strategy::Errors;
use drivers::{azure_disk, csi, fibre_channel, flex, flocker, quobyte, storage_os};
use files::{downward_items, items, mode};
use projected::projected;

type Check = fn(&Place<'_>, Owner, &mut Errors);

/// Every source but `emptyDir`, in the order in which the reference looks at them.
pub const SOURCES: &[(&str, Check)] = &[
    ("hostPath", host_path),
    ("gitRepo", git_repo),
    ("gcePersistentDisk", |disk, _, errors| {
        require(disk, &["pdName"], errors);
        partition(disk, errors);
    }),
    ("awsElasticBlockStore", |disk, _, errors| {
        require(disk, &["volumeID"], errors);
        partition(disk, errors);
    }),
    ("secret", |secret, _, errors| {
        require(secret, &["secretName"], errors);
        mode(&secret.field("defaultMode"), errors);
        items(secret, errors);
    }),
    ("nfs", nfs),
    ("iscsi", iscsi::check),
    ("glusterfs", |source, _, errors| {
        require(source, &["endpoints", "path"], errors)
    }),
    ("flocker", flocker),
    ("persistentVolumeClaim", |source, _, errors| {
        require(source, &["claimName"], errors)
    }),
    ("rbd", |source, _, errors| {
        require(source, &["monitors", "image"], errors)
    }),
    ("cinder", |source, _, errors| {
        require(source, &["volumeID"], errors);
        secret_name(source, errors);
    }),
    ("cephfs", |source, _, errors| {
        require(source, &["monitors"], errors)
    }),
    ("quobyte", quobyte),
    ("downwardAPI", |source, _, errors| {
        mode(&source.field("defaultMode"), errors);
        downward_items(source, errors);
    }),
    ("fc", fibre_channel),
    ("flexVolume", flex),
    ("configMap", |source, _, errors| {
        require(source, &["name"], errors);
        mode(&source.field("defaultMode"), errors);
        items(source, errors);
    }),
    ("azureFile", |source, _, errors| {
        require(source, &["secretName", "shareName"], errors)
    }),
    ("vsphereVolume", |source, _, errors| {
        require(source, &["volumePath"], errors)
    }),
    ("photonPersistentDisk", |source, _, errors| {
        require(source, &["pdID"], errors)
    }),
    ("portworxVolume", |source, _, errors| {
        require(source, &["volumeID"], errors)
    }),
    ("azureDisk", azure_disk),
    ("storageos", storage_os),
    ("projected", projected),
    ("scaleIO", |source, _, errors| {
        require(source, &["gateway", "system", "volumeName"], errors)
    }),
    ("csi", csi),
    ("ephemeral", |source, _, errors| {
        let template = source.field("volumeClaimTemplate");
        if !template.is_set() {
            errors.push(template.required(""));
            return;
        }
        claims::template_metadata(&template.field("metadata"), errors);
        claims::spec(&template.field("spec"), errors);
    }),
    ("image", image),
];

/// A source of a volume, where errors tell of it.
pub fn place<'a>(volume: &Place<'a>, name: &'static str) -> Place<'a> {
    match name {
        "gcePersistentDisk" => volume.aliased(name, "persistentDisk"),
        _ => volume.field(name),
    }
}

/// Checks a source that a persistent volume has as a pod's volume has it.
pub fn check_shared(name: &str, source: &Place<'_>, errors: &mut Errors) {
    if let Some((_, check)) = SOURCES.iter().find(|(known, _)| *known == name) {
        check(source, Owner::Pod, errors);
    }
}

fn require(source: &Place<'_>, names: &[&'static str], errors: &mut Errors) {
    for name in names {
        let field = source.field(name);
        if !field.is_set() || (field.is_empty() && field.value().as_map().is_none()) {
            errors.push(field.required(""));
        }
    }
}

/// The bounds that are told are not those that hold: 0 is no partition.
fn partition(disk: &Place<'_>, errors: &mut Errors) {
    let partition = disk.field("partition");
    if !(0..=255).contains(&partition.int()) {
        errors.push(partition.invalid_int("must be between 1 and 255, inclusive"));
    }
}

fn secret_name(source: &Place<'_>, errors: &mut Errors) {
    let secret = source.field("secretRef");
    if secret.is_set() {
        secret.field("name").require(errors);
    }
}

fn host_path(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    const TYPES: [&str; 8] = [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    let path = source.field("path");
    if !path.require(errors) {
        return;
    }
    check_no_back_steps(&path, errors);
    source.field("type").one_of_if_set(&TYPES, errors);
}

fn git_repo(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    require(source, &["repository"], errors);
    super::mounts::check_local_descending(&source.field("directory"), errors);
}

fn nfs(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    require(source, &["server", "path"], errors);
    let path = source.field("path");
    if !path.text().starts_with('/') {
        errors.push(path.invalid_text("must be an absolute path"));
    }
}

fn image(source: &Place<'_>, owner: Owner, errors: &mut Errors) {
    if owner == Owner::Pod {
        require(source, &["reference"], errors);
    }
    source
        .field("pullPolicy")
        .require_one_of(&["Always", "IfNotPresent", "Never"], errors);
}
