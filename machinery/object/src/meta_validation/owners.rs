//! Owner references.

use schema::Types;

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
        errors.push(Error::invalid(path, printed(owner), problem));
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
    let owners: Vec<_> = owners.iter().map(Printed::as_str).collect();
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
fn printed(owner: OwnerReference<'_>) -> Printed {
    const TYPE: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference";
    let types = Types::builtin();
    types.id(TYPE).map_or_else(
        || Printed::from(owner.entry()),
        |id| Printed::typed(types, id, owner.entry()),
    )
}
