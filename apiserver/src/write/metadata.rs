//! Metadata that the server sets or checks on every write: names, namespaces, uids, times.

use std::net::IpAddr;

use kinds::Resource;
use object::field::{self, Path};
use object::meta;
use object::meta_validation::{self, Rules};
use object::names::{self, NameFormat, Problems};
use schema::{SmolStr, Value};
use serve::status::Status;

use crate::validation::{addresses, signers};

/// What clients cannot set in a new object.
pub fn wipe(object: &mut Value) {
    meta::edit(object)
        .set_uid("")
        .set_creation_timestamp(None)
        .set_deletion_timestamp(None)
        .set_deletion_grace_period_seconds(None)
        .set("selfLink", None);
}

/// What the server sets in a new object; a name is generated where only a prefix is given.
pub fn fill(object: &mut Value, now: &SmolStr) {
    let mut edit = meta::edit(object);
    edit.set_uid(uuid::Uuid::new_v4().to_string())
        .set_creation_timestamp(Some(now.clone()));
    let prefix = SmolStr::new(edit.view().generate_name());
    if edit.view().name().is_empty() && !prefix.is_empty() {
        edit.set_name(names::generate(&prefix, rand::random()));
    }
}

/// Puts the object into the request's namespace; 400 if it says another one.
pub fn set_namespace(object: &mut Value, namespace: &str) -> Result<(), Status> {
    let found = SmolStr::new(meta::of(object).namespace());
    if found == namespace {
        return Ok(());
    }
    if !found.is_empty() && !namespace.is_empty() {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    meta::edit(object).set_namespace(namespace);
    Ok(())
}

/// 400 unless the object is that of the URL.
pub fn check_name(object: &Value, namespace: &str, name: &str) -> Result<(), Status> {
    let found = meta::of(object);
    if found.name().is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if found.name() != name {
        return Err(Status::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            found.name()
        )));
    }
    if !namespace.is_empty() && !found.namespace().is_empty() && found.namespace() != namespace {
        return Err(Status::bad_request(format!(
            "the namespace of the object ({}) does not match the namespace on the request ({namespace})",
            found.namespace()
        )));
    }
    Ok(())
}

/// Whether the metadata of a new object is valid.
pub fn create_errors(hub: &Resource, object: &Value) -> Vec<field::Error> {
    let check = |name: &str, prefix: bool| match (hub.group.as_str(), hub.resource.as_str()) {
        ("certificates.k8s.io", "clustertrustbundles") => {
            let signer = object.str_at(&["spec", "signerName"]).unwrap_or_default();
            signers::bundle_name_problems(signer, name, prefix)
        }
        _ => name_problems(hub, name, prefix),
    };
    let rules = Rules {
        namespaced: hub.namespaced,
        name: &check,
    };
    let path = Path::root("metadata");
    let mut errors = meta_validation::create(meta::of(object), rules, &path);
    if has_standard_finalizers(hub) {
        errors.extend(meta_validation::standard_finalizers(meta::of(object), &path));
    }
    errors
}

/// Whether metadata may follow the old one. The reference checks it by itself, with names that a path can hold, and then
/// twice against the old one; it tells what it finds each time.
pub fn update_errors(hub: &Resource, object: &Value, old: &Value) -> Vec<field::Error> {
    let path = Path::root("metadata");
    let check = |name: &str, prefix: bool| NameFormat::PathSegment.check(name, prefix);
    let rules = Rules {
        namespaced: hub.namespaced,
        name: &check,
    };
    let mut all = meta_validation::create(meta::of(object), rules, &path);
    let errors = meta_validation::update(meta::of(object), meta::of(old), &path);
    all.extend(errors.iter().cloned());
    all.extend(errors);
    if has_standard_finalizers(hub) {
        all.extend(meta_validation::standard_finalizers(meta::of(object), &path));
    }
    all
}

/// What is wrong with a name, or (`prefix`) with the beginning of one.
pub fn name_problems(hub: &Resource, name: &str, prefix: bool) -> Problems {
    match (hub.group.as_str(), hub.resource.as_str()) {
        ("networking.k8s.io", "ipaddresses") => ip_problems(name),
        _ => name_format(hub).check(name, prefix),
    }
}

fn name_format(hub: &Resource) -> NameFormat {
    match (hub.group.as_str(), hub.resource.as_str()) {
        ("", "namespaces" | "services") | ("apps", "statefulsets") => NameFormat::DnsLabel,
        ("rbac.authorization.k8s.io", _) => NameFormat::PathSegment,
        ("apiregistration.k8s.io", _) => NameFormat::PathSegment,
        ("policy", "poddisruptionbudgets") => NameFormat::PathSegment,
        _ => NameFormat::DnsSubdomain,
    }
}

/// An address in its canonical form.
fn ip_problems(name: &str) -> Problems {
    match name.parse::<IpAddr>() {
        Ok(ip) if ip.to_string() == name => Problems::new(),
        Ok(_) => vec!["must be a canonical form of the IP address".into()],
        Err(_) if addresses::parse(name).is_some() => vec!["must not have leading 0s".into()],
        Err(_) => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into()],
    }
}

/// Extension kinds do not ask for known finalizers.
fn has_standard_finalizers(hub: &Resource) -> bool {
    !matches!(
        hub.group.as_str(),
        "admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io"
    )
}
