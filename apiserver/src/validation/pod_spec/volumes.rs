//! Rules of a pod's volumes: each has a name of its own and exactly one source.

use object::names;
use schema::quantity::Quantity;

use super::super::place::Place;
use super::{Owner, iscsi, volume_sources};
use crate::strategy::Errors;

const TWO_SOURCES: &str = "may not specify more than 1 volume type";

/// Checks `volumes`; returns the names of those that are valid.
pub fn check<'a>(volumes: &Place<'a>, owner: Owner, errors: &mut Errors) -> Vec<&'a str> {
    let mut known = Vec::new();
    for volume in volumes.items() {
        let before = errors.len();
        check_source(&volume, owner, errors);
        let name = volume.field("name");
        if name.require(errors) {
            name.format(names::dns_label, errors);
        }
        if known.contains(&name.text()) {
            errors.push(name.duplicate());
        }
        if errors.len() == before {
            known.push(name.text());
        }
    }
    known
}

fn check_source(volume: &Place<'_>, owner: Owner, errors: &mut Errors) {
    let mut count = 0;
    let empty = volume.field("emptyDir");
    if empty.is_set() {
        count += 1;
        let limit = empty.field("sizeLimit");
        if Quantity::parse(limit.text()).is_ok_and(|limit| limit.signum() < 0) {
            errors.push(limit.forbidden("SizeLimit field must be a valid resource quantity"));
        }
    }
    for (name, check) in volume_sources::SOURCES {
        if !volume.has(name) {
            continue;
        }
        count += 1;
        if count > 1 {
            errors.push(volume.field(name).forbidden(TWO_SOURCES));
        } else {
            check(&volume_sources::place(volume, name), owner, errors);
        }
        if *name == "iscsi" {
            iscsi::check_volume_name(&volume.field("name"), &volume.field(name), errors);
        }
    }
    if count == 0 {
        errors.push(volume.required("must specify a volume type"));
    }
}
