//! Rules of the files that a volume is filled with: their names in it and their modes.

use super::super::env::{self, User};
use super::super::mounts::check_local;
use crate::strategy::Errors;
use crate::validation::place::Place;

pub(super) fn mode(mode: &Place<'_>, errors: &mut Errors) {
    if mode.is_set() && !(0..=0o777).contains(&mode.int()) {
        errors.push(mode.invalid_int("must be a number between 0 and 0777 (octal), both inclusive"));
    }
}

pub(super) fn items(source: &Place<'_>, errors: &mut Errors) {
    source
        .field("items")
        .items()
        .for_each(|item| check_item(&item, errors));
}

/// Checks one key that becomes a file.
pub(super) fn check_item(item: &Place<'_>, errors: &mut Errors) {
    item.field("key").require(errors);
    let path = item.field("path");
    if path.require(errors) {
        check_local(&path, errors);
    }
    mode(&item.field("mode"), errors);
}

pub(super) fn downward_items(source: &Place<'_>, errors: &mut Errors) {
    for item in source.field("items").items() {
        downward_item(source, &item, errors);
    }
}

/// Reported at the source, as the reference does.
pub(super) fn downward_item(source: &Place<'_>, item: &Place<'_>, errors: &mut Errors) {
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
