//! Rules of sources that a storage system or a driver provides, where there is more to them than required fields.

use object::field::Error;
use object::names;

use super::super::Owner;
use super::{require, secret_name};
use crate::strategy::Errors;
use crate::validation::place::Place;

pub(super) fn quobyte(source: &Place<'_>, _: Owner, errors: &mut Errors) {
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
pub(super) fn flex(source: &Place<'_>, _: Owner, errors: &mut Errors) {
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

pub(super) fn flocker(source: &Place<'_>, _: Owner, errors: &mut Errors) {
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

pub(super) fn fibre_channel(source: &Place<'_>, _: Owner, errors: &mut Errors) {
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

pub(super) fn azure_disk(source: &Place<'_>, _: Owner, errors: &mut Errors) {
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
    if !uri.text().starts_with(prefix) {
        errors.push(Error::not_supported(uri.path(), uri.text(), &[form]));
    }
}

pub(super) fn storage_os(source: &Place<'_>, _: Owner, errors: &mut Errors) {
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

pub(super) fn csi(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    const DRIVER_BYTES_MAX: usize = 63;
    let driver = source.field("driver");
    if driver.require(errors) {
        driver.at_most_bytes(DRIVER_BYTES_MAX, errors);
        driver.format(|text| names::dns_subdomain(&text.to_lowercase()), errors);
    }
    let secret = source.field("nodePublishSecretRef");
    if secret.is_set() {
        let name = secret.field("name");
        if name.require(errors) {
            name.format(names::dns_subdomain, errors);
        }
    }
}
