//! Attachments of volumes to nodes: which volume, to which node, and what became of it.
//! Attaching is a controller's.

use object::field::{Error, Printed, quote};
use object::meta_validation::IMMUTABLE;
use object::names::dns_subdomain;
use schema::{Value, json};

use super::super::claims::access_modes;
use super::super::place::Place;
use super::super::volumes;
use super::CSI_NAME_BYTES_MAX;
use crate::strategy::Errors;

/// Of all names and values together.
const ATTACHMENT_METADATA_BYTES_MAX: usize = 256 * 1024;
const NOT_INLINE: &str = "may not be specified in the context of inline volumes";

/// A VolumeAttachment by itself.
pub fn attachment(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let attacher = spec.field("attacher");
    if attacher.require(errors) {
        attacher.at_most_bytes(CSI_NAME_BYTES_MAX, errors);
        attacher.text_format(&attacher.text().to_lowercase(), dns_subdomain, errors);
    }
    let source = spec.field("source");
    let (inline, name) = (
        source.field("inlineVolumeSpec"),
        source.field("persistentVolumeName"),
    );
    match (inline.is_set(), name.is_set()) {
        (false, false) => {
            errors.push(
                source.required("must specify exactly one of inlineVolumeSpec and persistentVolumeName"),
            );
        }
        (true, true) => {
            errors.push(
                source.forbidden("must specify exactly one of inlineVolumeSpec and persistentVolumeName"),
            );
        }
        (false, true) if name.is_empty() => {
            errors.push(name.required("must specify non empty persistentVolumeName"));
        }
        (false, true) => name.format(dns_subdomain, errors),
        (true, false) => inline_volume(&inline, errors),
    }
    spec.field("nodeName").format(dns_subdomain, errors);
    status(object, object, errors);
}

/// A volume that is spelled out in its attachment: a CSI volume that is nobody's claim, and has what any volume has by default.
fn inline_volume(spec: &Place<'_>, errors: &mut Errors) {
    for field in ["claimRef", "capacity"].map(|field| spec.field(field)) {
        if field.is_set() {
            errors.push(field.forbidden(NOT_INLINE));
        }
    }
    let csi = spec.field("csi");
    if !csi.is_set() {
        errors.push(csi.required("has to be specified in the context of inline volumes"));
    }
    let modes = spec.field("accessModes");
    modes.require(errors);
    access_modes(&modes, errors);
    let policy = spec.field("persistentVolumeReclaimPolicy");
    if !policy.is_empty() && policy.text() != "Retain" {
        errors.push(policy.forbidden("may only be Retain in the context of inline volumes"));
    }
    let affinity = spec.field("nodeAffinity");
    if affinity.is_set() {
        errors.push(affinity.forbidden(NOT_INLINE));
    }
    volumes::sources(spec, "", errors);
    let class = spec.field("storageClassName");
    if !class.is_empty() {
        errors.push(class.forbidden(NOT_INLINE));
    }
    let mode = spec.field("volumeMode");
    if mode.is_set() && mode.text() != "Filesystem" {
        let detail = "may not specify volumeMode other than Filesystem in the context of inline volumes";
        errors.push(mode.forbidden(detail));
    }
    volumes::attributes_class(spec, errors);
}

/// A VolumeAttachment after another.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    attachment(object, errors);
    let (now, before) = (Place::root(object, "spec"), Place::root(old, "spec"));
    if now.value() != before.value() {
        let name = now.field("source").field("persistentVolumeName");
        let name = if name.is_set() {
            quote(name.text())
        } else {
            "null".to_owned()
        };
        let inline = now.field("source").field("inlineVolumeSpec");
        let inline = if inline.is_set() {
            json::to_string(inline.value())
        } else {
            "null".to_owned()
        };
        let shown = format!(
            "{{\"Attacher\":{},\"Source\":{{\"PersistentVolumeName\":{name},\"InlineVolumeSpec\":{inline}}},\"NodeName\":{}}}",
            quote(now.field("attacher").text()),
            quote(now.field("nodeName").text())
        );
        errors.push(now.invalid_as(Printed::raw(shown), IMMUTABLE));
    }
}

/// A VolumeAttachment's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    let status = Place::root(object, "status");
    let metadata = status.field("attachmentMetadata");
    let bytes: usize = metadata
        .entries()
        .map(|(key, value)| key.len() + value.text().len())
        .sum();
    if bytes > ATTACHMENT_METADATA_BYTES_MAX {
        errors.push(Error::too_long(metadata.path(), ATTACHMENT_METADATA_BYTES_MAX));
    }
    for field in ["attachError", "detachError"] {
        let error = status.field(field);
        error.field("message").at_most_bytes(1024, errors);
        if error.field("errorCode").is_set() {
            error.field("errorCode").not_negative(errors);
        }
    }
}
