//! Persistent volumes: capacity, modes, source and affinity, and what may change.
//! Mounting is the kubelet's.

use object::field::{Error, Path, Printed};
use object::meta;
use object::meta_validation::IMMUTABLE;
use object::names::{dns_label, dns_subdomain};
use schema::{Map, Value};

use super::claims::{access_modes, volume_mode};
use super::place::Place;
use super::pod_spec::{iscsi, terms, volume_sources};
use super::{internal_form, quantities};
use crate::strategy::Errors;

/// Kinds of sources, in the order in which they are looked at.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// A volume by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    spec(&Place::root(object, "spec"), meta::of(object).name(), errors);
}

/// The `spec` of a volume of that name, which may be empty.
pub fn spec(spec: &Place<'_>, volume: &str, errors: &mut Errors) {
    let modes = spec.field("accessModes");
    modes.require(errors);
    access_modes(&modes, errors);
    capacity(&spec.field("capacity"), errors);
    let policy = spec.field("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        policy.one_of(&["Delete", "Recycle", "Retain"], errors);
    }
    let affinity = spec.field("nodeAffinity");
    let required = affinity.field("required");
    if required.is_set() {
        terms::check_selector(&required, errors);
    } else if affinity.is_set() {
        errors.push(required.required("must specify required node constraints"));
    }
    sources(spec, volume, errors);
    if spec.field("hostPath").field("path").text() == "/" && policy.text() == "Recycle" {
        errors.push(policy.forbidden("may not be 'recycle' for a hostPath mount of '/'"));
    }
    let class = spec.field("storageClassName");
    if !class.is_empty() {
        class.format(dns_subdomain, errors);
    }
    spec.field("volumeMode")
        .one_of_if_set(&["Block", "Filesystem"], errors);
    attributes_class(spec, errors);
}

/// A volume after another.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    create(object, errors);
    terms::forgive_values(old.at(&["spec", "nodeAffinity", "required"]), errors);
    source_kept(object, old, errors);
    volume_mode(object, old, errors);
    let affinity = |object| Place::root(object, "spec").field("nodeAffinity");
    if affinity(old).is_set() && affinity(object).value() != affinity(old).value() {
        let shown = internal_form::compact("VolumeNodeAffinity", affinity(object).value());
        errors.push(Error::invalid(&Path::root("nodeAffinity"), shown, IMMUTABLE));
    }
    let of = |object, field| Place::root(object, "spec").field(field);
    let class = of(object, "volumeAttributesClassName");
    if of(old, "volumeAttributesClassName").is_set() && !class.is_set() {
        errors.push(class.forbidden("update from non-nil value to nil is forbidden"));
    }
}

/// The source stays; a secret for expansion may be added.
fn source_kept(object: &Value, old: &Value, errors: &mut Errors) {
    let empty = Value::Map(Map::new());
    let now = object.get("spec").unwrap_or(&empty);
    let mut before = old.get("spec").unwrap_or(&empty).clone();
    let secret = now.at(&["csi", "controllerExpandSecretRef"]);
    if let (Some(csi), Some(secret)) = (before.get_mut("csi").and_then(Value::as_map_mut), secret) {
        csi.entry_or_insert_with("controllerExpandSecretRef", || secret.clone());
    }
    if SOURCES.iter().any(|name| now.get(name) != before.get(name)) {
        let diff = internal_form::diff("PersistentVolumeSource", &before, now);
        let place = Place::root(object, "spec").aliased("", "persistentvolumesource");
        let detail = "spec.persistentvolumesource is immutable after creation";
        errors.push(place.forbidden(format!("{detail}\n{diff}")));
    }
}

fn capacity(capacity: &Place<'_>, errors: &mut Errors) {
    if capacity.is_empty() {
        errors.push(capacity.required(""));
    }
    if !capacity.key("storage").is_set() || capacity.entries().count() > 1 {
        let shown = match capacity.is_set() {
            true => Printed::from(capacity.value()),
            false => Printed::raw("{}"),
        };
        errors.push(Error::not_supported(capacity.path(), shown, &["storage"]));
    }
    for (_, amount) in capacity.entries() {
        quantities::basic(&amount, errors);
        quantities::positive(&amount, errors);
    }
}

pub(super) fn sources(spec: &Place<'_>, volume: &str, errors: &mut Errors) {
    let mut found = 0;
    for name in SOURCES {
        let source = spec.field(name);
        if !source.is_set() {
            continue;
        }
        found += 1;
        if found > 1 {
            errors.push(source.forbidden("may not specify more than 1 volume type"));
        } else {
            check_source(name, spec, volume, errors);
        }
    }
    if found == 0 {
        errors.push(spec.required("must specify a volume type"));
    }
}

/// One source of the volume of that name. Most are those of a pod's volumes, and name a secret's namespace besides.
fn check_source(name: &'static str, spec: &Place<'_>, volume: &str, errors: &mut Errors) {
    let source = volume_sources::place(spec, name);
    match name {
        "local" => local(&source, spec, errors),
        "csi" => csi(&source, errors),
        "iscsi" => iscsi::check_persistent(&source, volume, errors),
        _ => volume_sources::check_shared(name, &source, errors),
    }
    match name {
        "glusterfs" => endpoints_namespace(&source.field("endpointsNamespace"), errors),
        "cinder" | "storageos" if source.field("secretRef").is_set() => {
            source.field("secretRef").field("namespace").require(errors);
        }
        "azureFile" if source.field("secretNamespace").is_set() => {
            source.field("secretNamespace").require(errors);
        }
        _ => {}
    }
}

fn endpoints_namespace(namespace: &Place<'_>, errors: &mut Errors) {
    if namespace.is_set() && namespace.is_empty() {
        let detail = "if the endpointnamespace is set, it must be a valid namespace name";
        errors.push(namespace.invalid_text(detail));
    } else if namespace.is_set() {
        namespace.format(dns_label, errors);
    }
}

fn local(source: &Place<'_>, spec: &Place<'_>, errors: &mut Errors) {
    let path = source.field("path");
    if path.require(errors) && path.text().split('/').any(|part| part == "..") {
        errors.push(path.invalid_text("must not contain '..'"));
    }
    let affinity = spec.field("nodeAffinity");
    if !affinity.is_set() {
        errors.push(affinity.required("Local volume requires node affinity"));
    }
}

/// Secrets by which volumes are used; that for staging is not looked at.
const CSI_SECRETS: [&str; 4] = [
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
];

fn csi(source: &Place<'_>, errors: &mut Errors) {
    const DRIVER_BYTES_MAX: usize = 63;
    let driver = source.field("driver");
    driver.require(errors);
    driver.at_most_bytes(DRIVER_BYTES_MAX, errors);
    if !driver.is_empty() {
        driver.format(|text| dns_subdomain(&text.to_lowercase()), errors);
    }
    source.field("volumeHandle").require(errors);
    for secret in CSI_SECRETS.map(|name| source.field(name)) {
        if !secret.is_set() {
            continue;
        }
        let (name, namespace) = (secret.field("name"), secret.field("namespace"));
        if name.require(errors) {
            name.format(dns_subdomain, errors);
        }
        if namespace.require(errors) {
            namespace.format(dns_label, errors);
        }
    }
}

pub(super) fn attributes_class(spec: &Place<'_>, errors: &mut Errors) {
    let class = spec.field("volumeAttributesClassName");
    if !class.is_set() {
        return;
    }
    if class.require(errors) {
        class.format(dns_subdomain, errors);
    }
    if !spec.field("csi").is_set() {
        let detail = "has to be specified when using volumeAttributesClassName";
        errors.push(spec.field("csi").required(detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn volume(change: impl FnOnce(&mut Map)) -> Value {
        let mut volume = tree!({"spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"},
            "hostPath": {"path": "/a"}, "volumeMode": "Filesystem"}});
        change(volume.as_map_mut().expect("a map").map_at("spec"));
        volume
    }

    fn created(change: impl FnOnce(&mut Map)) -> Vec<String> {
        let mut errors = Errors::new();
        create(&volume(change), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_volume_has_a_mode_a_size_and_one_source() {
        assert_eq!(created(|_| {}), [""; 0]);
        assert_eq!(
            created(|spec| drop(spec.remove("hostPath"))),
            ["spec: Required value: must specify a volume type"]
        );
        let two = created(|spec| drop(spec.insert("nfs", tree!({"server": "a", "path": "/b"}))));
        assert_eq!(
            two,
            ["spec.nfs: Forbidden: may not specify more than 1 volume type"]
        );
        let unsized_volume = created(|spec| drop(spec.remove("capacity")));
        let texts = [
            "spec.capacity: Required value",
            r#"spec.capacity: Unsupported value: {}: supported values: "storage""#,
        ];
        assert_eq!(unsized_volume, texts);
        assert_eq!(
            created(|spec| drop(spec.insert("capacity", tree!({"storage": "-1"})))).len(),
            2
        );
    }

    #[test]
    fn sources_are_complete() {
        assert_eq!(
            created(|spec| drop(spec.insert("hostPath", tree!({})))),
            ["spec.hostPath.path: Required value"]
        );
        let local = created(|spec| {
            spec.remove("hostPath");
            spec.insert("local", tree!({"path": "../x"}));
        });
        let texts = [
            r#"spec.local.path: Invalid value: "../x": must not contain '..'"#,
            "spec.nodeAffinity: Required value: Local volume requires node affinity",
        ];
        assert_eq!(local, texts);
    }

    #[test]
    fn the_mode_of_a_volume_stays() {
        let mut errors = Errors::new();
        update(
            &volume(|spec| drop(spec.insert("volumeMode", "Block"))),
            &volume(|_| {}),
            &mut errors,
        );
        assert_eq!(
            errors[0].to_string(),
            r#"volumeMode: Invalid value: "Block": field is immutable"#
        );
    }

    #[test]
    fn the_source_of_a_volume_stays() {
        let mut errors = Errors::new();
        let moved = volume(|spec| drop(spec.insert("hostPath", tree!({"path": "/b"}))));
        update(&moved, &volume(|_| {}), &mut errors);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].path, "spec.persistentvolumesource");
        assert!(
            errors[0]
                .detail
                .contains("-  \"Path\": \"/a\",\n+  \"Path\": \"/b\",\n")
        );
    }
}
