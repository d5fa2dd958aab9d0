//! Owner references.

use schema::{Map, Value};

use crate::field::{Error, Path, Printed};
use crate::meta::{OwnerReference, View};

/// Checks owner references. Errors are reported without the entry's index.
pub fn owner_references(meta: View<'_>, path: &Path) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut controller: Option<OwnerReference<'_>> = None;
    for owner in meta.owner_references() {
        entry(owner, path, &mut errors);
        match (owner.controller(), controller) {
            (false, _) => {}
            (true, None) => controller = Some(owner),
            (true, Some(first)) => errors.push(second_controller(meta, first, owner, path)),
        }
    }
    errors
}

fn entry(owner: OwnerReference<'_>, path: &Path, errors: &mut Vec<Error>) {
    let version = version(owner.api_version());
    if version.is_empty() {
        let problem = "version must not be empty";
        errors.push(Error::invalid(
            &path.child("apiVersion"),
            owner.api_version(),
            problem,
        ));
    }
    for (field, value) in [
        ("kind", owner.kind()),
        ("name", owner.name()),
        ("uid", owner.uid()),
    ] {
        if value.is_empty() {
            errors.push(Error::invalid(&path.child(field), value, "must not be empty"));
        }
    }
    if owner.api_version() == "v1" && owner.kind() == "Event" {
        let problem = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(Error::invalid(path, Printed::raw(printed(owner)), problem));
    }
}

/// The version of a group and version; empty where it is malformed.
fn version(api_version: &str) -> &str {
    match api_version.split_once('/') {
        None => api_version,
        Some((_, version)) if !version.contains('/') => version,
        Some(_) => "",
    }
}

fn second_controller(
    meta: View<'_>,
    first: OwnerReference<'_>,
    second: OwnerReference<'_>,
    path: &Path,
) -> Error {
    let owners: Vec<_> = meta.owner_references().map(printed).collect();
    let problem = format!(
        "Only one reference can have Controller set to true. Found \"true\" in references for {}/{} and {}/{}",
        first.kind(),
        first.name(),
        second.kind(),
        second.name()
    );
    Error::invalid(path, Printed::raw(format!("[{}]", owners.join(","))), problem)
}

/// As JSON, fields in declared order.
fn printed(owner: OwnerReference<'_>) -> String {
    let texts = [
        ("apiVersion", owner.api_version()),
        ("kind", owner.kind()),
        ("name", owner.name()),
        ("uid", owner.uid()),
    ];
    let texts = texts.map(|(field, value)| (field, Some(Value::from(value))));
    let flags = ["controller", "blockOwnerDeletion"].map(|field| (field, owner.flag(field).map(Value::Bool)));
    let mut parts = Vec::new();
    for (field, value) in texts.into_iter().chain(flags) {
        let Some(value) = value else { continue };
        // A map of one entry prints as the entry in braces.
        let printed = Printed::from(&Value::Map(Map::from_iter([(field.into(), value)])));
        parts.push(printed.as_str()[1..printed.as_str().len() - 1].to_owned());
    }
    format!("{{{}}}", parts.join(","))
}
