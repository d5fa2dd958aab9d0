//! The kinds of resource.k8s.io: claims for devices, the classes they name, and the devices that drivers offer.
//! Finding devices for claims is the scheduler's.

pub mod claims;
pub mod classes;
mod config;
mod device;
mod device_values;
mod request_names;
mod requests;
pub mod slices;
mod status;
pub mod taint_rules;
mod taints;

use std::collections::HashSet;
use std::hash::Hash;

use object::field::Error;
use object::names::{c_identifier, dns_subdomain};

use super::place::Place;
use crate::limits::{DEVICE_DOMAIN_BYTES_MAX, DEVICE_IDENTIFIER_BYTES_MAX, DEVICE_POOL_BYTES_MAX};
use crate::strategy::Errors;

pub use status::claim_status;

/// What the inner types print for no value at all.
const NOTHING: &str = "null";

/// Checks each item, unless there are too many.
fn each(
    list: &Place<'_>,
    max: usize,
    errors: &mut Errors,
    mut check: impl FnMut(&Place<'_>, &mut Errors),
) -> bool {
    let count = list.list().len();
    if count > max {
        errors.push(Error::too_many(list.path(), count, max));
        return false;
    }
    list.items().for_each(|item| check(&item, errors));
    true
}

/// Checks each item, unless there are too many, and that no two have the same key.
fn each_once<'a, K: Eq + Hash>(
    list: &Place<'a>,
    max: usize,
    errors: &mut Errors,
    check: impl FnMut(&Place<'_>, &mut Errors),
    key: impl Fn(&Place<'a>) -> (K, object::field::Printed),
) {
    if !each(list, max, errors, check) {
        return;
    }
    let mut seen = HashSet::new();
    for item in list.items() {
        let (key, shown) = key(&item);
        if !seen.insert(key) {
            errors.push(Error::duplicate(item.path(), shown));
        }
    }
}

/// The text of a field as a key, for [`each_once`].
fn by<'a>(field: &'static str) -> impl Fn(&Place<'a>) -> (&'a str, object::field::Printed) {
    move |item| {
        let text = item.field(field).text();
        (text, text.into())
    }
}

/// The item itself as a key, for [`each_once`].
fn itself<'a>(item: &Place<'a>) -> (&'a str, object::field::Printed) {
    (item.text(), item.text().into())
}

/// A driver's name: that of a CSI driver.
fn driver(place: &Place<'_>, errors: &mut Errors) {
    if place.require(errors) {
        driver_text(place, place.text(), errors);
    }
}

fn driver_text(place: &Place<'_>, text: &str, errors: &mut Errors) {
    if text.len() > DEVICE_DOMAIN_BYTES_MAX {
        errors.push(Error::too_long(place.path(), DEVICE_DOMAIN_BYTES_MAX));
    }
    for problem in dns_subdomain(&text.to_lowercase()) {
        errors.push(place.invalid_as(text, problem));
    }
}

/// A pool's name: subdomains with slashes between them.
fn pool(place: &Place<'_>, errors: &mut Errors) {
    if place.require(errors) {
        place.at_most_bytes(DEVICE_POOL_BYTES_MAX, errors);
        for part in place.text().split('/') {
            place.text_format(part, dns_subdomain, errors);
        }
    }
}

/// The name of an attribute or a capacity: an identifier, perhaps with a domain. `text` is what is named at `place`.
fn qualified(place: &Place<'_>, text: &str, errors: &mut Errors) {
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => identifier(place, name, errors),
        [domain, name] => {
            if domain.is_empty() {
                errors.push(place.invalid_as("", "the domain must not be empty"));
            } else {
                driver_text(place, domain, errors);
            }
            if name.is_empty() {
                errors.push(place.invalid_as("", "the name must not be empty"));
            } else {
                identifier(place, name, errors);
            }
        }
        // The reference lets more slashes pass.
        _ => {}
    }
}

/// The same, with a domain.
fn fully_qualified(place: &Place<'_>, errors: &mut Errors) {
    qualified(place, place.text(), errors);
    if !place.text().contains('/') {
        let detail = "a fully qualified name must be a domain and a name separated by a slash";
        errors.push(place.invalid_text(detail));
    }
}

fn identifier(place: &Place<'_>, name: &str, errors: &mut Errors) {
    if name.len() > DEVICE_IDENTIFIER_BYTES_MAX {
        errors.push(Error::too_long(place.path(), DEVICE_IDENTIFIER_BYTES_MAX));
    }
    place.text_format(name, c_identifier, errors);
}

#[cfg(test)]
mod tests;
