//! Rules of each source that a volume may have.

use object::field::Error;
use object::names;

use super::super::claims;
use super::super::place::Place;
use super::Owner;
use super::env::{self, User};
use super::iscsi;
use super::mounts::{check_local, check_no_back_steps};
use crate::strategy::Errors;

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

fn quobyte(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
    const TENANT_BYTES_MAX: usize = 64;
    let (registry, tenant) = (source.field("registry"), source.field("tenant"));
    if registry.is_empty() {
        errors.push(registry.required(PAIRS));
    } else if tenant.text().len() > TENANT_BYTES_MAX {
        errors.push(tenant.required("must be a UUID and may not exceed a length of 64 characters"));
    } else {
        let wrong = registry.text().split(',').filter(|pair| !is_host_and_port(pair));
        errors.extend(wrong.map(|_| registry.invalid_text(PAIRS)));
    }
    require(source, &["volume"], errors);
}

/// `host:port`; a host with colons stands in brackets.
fn is_host_and_port(pair: &str) -> bool {
    let Some((host, port)) = pair.rsplit_once(':') else {
        return false;
    };
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_plain = |text: &str| !text.contains(['[', ']']);
    is_plain(port) && is_plain(inner.unwrap_or(host)) && (inner.is_some() || !host.contains(':'))
}

/// Options of Kubernetes' own domains are reserved.
fn flex(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    require(source, &["driver"], errors);
    for (key, option) in source.field("options").entries() {
        let domain = key.split_once('/').map_or(key.as_str(), |(domain, _)| domain);
        let domain = format!(".{}", domain.to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            let detail = "kubernetes.io and k8s.io namespaces are reserved";
            errors.push(option.invalid_as(key.as_str(), detail));
        }
    }
}

fn mode(mode: &Place<'_>, errors: &mut Errors) {
    if mode.is_set() && !(0..=0o777).contains(&mode.int()) {
        errors.push(mode.invalid_int("must be a number between 0 and 0777 (octal), both inclusive"));
    }
}

fn items(source: &Place<'_>, errors: &mut Errors) {
    for item in source.field("items").items() {
        item.field("key").require(errors);
        let path = item.field("path");
        if path.require(errors) {
            check_local(&path, errors);
        }
        mode(&item.field("mode"), errors);
    }
}

/// Reported at the source, as the reference does.
fn downward_items(source: &Place<'_>, errors: &mut Errors) {
    for item in source.field("items").items() {
        let at = |name: &'static str| Place::new(item.value().get(name), source.path().child(name));
        let path = at("path");
        if path.require(errors) {
            check_local(&path, errors);
        }
        let (field, resource) = (at("fieldRef"), at("resourceFieldRef"));
        if field.is_set() {
            env::check_field(&field, User::File, errors);
            if resource.is_set() {
                errors.push(source.invalid_as(
                    "resource",
                    "fieldRef and resourceFieldRef can not be specified simultaneously",
                ));
            }
        } else if resource.is_set() {
            env::check_resource(&resource, User::File, errors);
        } else {
            errors.push(source.required("one of fieldRef and resourceFieldRef is required"));
        }
        mode(&at("mode"), errors);
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
    if path.require(errors) {
        check_no_back_steps(&path, errors);
    }
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

fn flocker(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    let (name, id) = (source.field("datasetName"), source.field("datasetUUID"));
    if name.is_empty() && id.is_empty() {
        errors.push(source.required("one of datasetName and datasetUUID is required"));
    }
    if !name.is_empty() && !id.is_empty() {
        errors.push(source.invalid_as(
            "resource",
            "datasetName and datasetUUID can not be specified simultaneously",
        ));
    }
    if name.text().contains('/') {
        errors.push(name.invalid_text("must not contain '/'"));
    }
}

fn fibre_channel(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    let (targets, ids) = (source.field("targetWWNs"), source.field("wwids"));
    if targets.is_empty() && ids.is_empty() {
        errors.push(targets.required("must specify either targetWWNs or wwids, but not both"));
    }
    if !targets.is_empty() && !ids.is_empty() {
        errors.push(targets.invalid("targetWWNs and wwids can not be specified simultaneously"));
    }
    let lun = source.field("lun");
    if !targets.is_empty() {
        if lun.is_set() {
            lun.within(0..=255, errors);
        } else {
            errors.push(lun.required("lun is required if targetWWNs is specified"));
        }
    }
}

fn azure_disk(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    require(source, &["diskName", "diskURI"], errors);
    source
        .field("cachingMode")
        .one_of_if_set(&["None", "ReadOnly", "ReadWrite"], errors);
    source
        .field("kind")
        .one_of_if_set(&["Dedicated", "Managed", "Shared"], errors);
    let (kind, uri) = (source.field("kind"), source.field("diskURI"));
    let (prefix, form) = match kind.text() {
        "Managed" => (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        ),
        _ => (
            "https://",
            "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
        ),
    };
    if !uri.is_empty() && !uri.text().starts_with(prefix) {
        errors.push(Error::not_supported(uri.path(), uri.text(), &[form]));
    }
}

fn storage_os(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    for name in ["volumeName", "volumeNamespace"] {
        let field = source.field(name);
        if !field.is_empty() {
            field.format(names::dns_label, errors);
        } else if name == "volumeName" {
            errors.push(field.required(""));
        }
    }
    secret_name(source, errors);
}

fn csi(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    const DRIVER_BYTES_MAX: usize = 63;
    let driver = source.field("driver");
    if driver.require(errors) {
        driver.at_most_bytes(DRIVER_BYTES_MAX, errors);
        driver.text_format(&driver.text().to_lowercase(), names::dns_subdomain, errors);
    }
    let secret = source.field("nodePublishSecretRef");
    if secret.is_set() {
        let name = secret.field("name");
        if name.require(errors) {
            name.format(names::dns_subdomain, errors);
        }
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

const PROJECTIONS: [&str; 6] = [
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
];

fn projected(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    mode(&source.field("defaultMode"), errors);
    for entry in source.field("sources").items() {
        let mut count = 0;
        for name in PROJECTIONS {
            let part = entry.field(name);
            if !part.is_set() {
                continue;
            }
            count += 1;
            if count > 1 {
                errors.push(part.forbidden("may not specify more than 1 volume type"));
            } else {
                projection(source, &part, name, errors);
            }
        }
        if count == 0 {
            errors.push(entry.required("must specify a volume type"));
        }
    }
}

fn projection(owner: &Place<'_>, part: &Place<'_>, name: &str, errors: &mut Errors) {
    match name {
        "secret" | "configMap" => {
            require(part, &["name"], errors);
            items(part, errors);
        }
        "downwardAPI" => downward_items(part, errors),
        "serviceAccountToken" => token(owner, part, errors),
        "clusterTrustBundle" => bundle(part, errors),
        _ => require(part, &["signerName"], errors),
    }
}

/// Its path is reported at the volume, as the reference does.
fn token(owner: &Place<'_>, token: &Place<'_>, errors: &mut Errors) {
    const SECONDS_MIN: i64 = 600;
    const SECONDS_MAX: i64 = 1 << 32;
    let seconds = token.field("expirationSeconds");
    if seconds.is_set() && seconds.int() < SECONDS_MIN {
        errors.push(seconds.invalid_int("may not specify a duration less than 10 minutes"));
    } else if seconds.int() > SECONDS_MAX {
        errors.push(seconds.invalid_int("may not specify a duration larger than 2^32 seconds"));
    }
    let path = Place::new(token.value().get("path"), owner.path().child("path"));
    if path.require(errors) {
        check_local(&path, errors);
    }
}

fn bundle(bundle: &Place<'_>, errors: &mut Errors) {
    let (name, signer) = (bundle.field("name"), bundle.field("signerName"));
    match (name.is_set(), signer.is_set()) {
        (true, true) => errors.push(bundle.invalid("only one of name and signerName may be used")),
        (false, false) => errors.push(bundle.required("either name or signerName must be specified")),
        _ => {}
    }
    let path = bundle.field("path");
    if path.require(errors) {
        check_local(&path, errors);
    }
}
