//! The status of a claim: what was allocated, for whom it is reserved, and what drivers say of it.

use std::collections::HashSet;

use object::field::{Error, Printed, quote};
use object::meta_validation::IMMUTABLE;
use object::names::dns_label;
use schema::Value;

use super::super::addresses::parse_range;
use super::super::place::Place;
use super::super::pod_spec::terms;
use super::super::{conditions, internal_form};
use super::request_names::RequestNames;
use super::{by, config, device, driver, each, each_once, itself, pool};
use crate::limits::{
    DEVICE_ADDRESSES_MAX, DEVICE_CONDITIONS_MAX, DEVICE_CONFIGS_MAX, DEVICE_DATA_BYTES_MAX,
    DEVICE_HARDWARE_ADDRESS_BYTES_MAX, DEVICE_INTERFACE_BYTES_MAX, DEVICE_RESERVATIONS_MAX,
    DEVICE_RESULTS_MAX,
};
use crate::strategy::Errors;

/// A device that was allocated: driver, pool, device and share.
type Device<'a> = (&'a str, &'a str, &'a str, &'a str);

fn allocated<'a>(result: &Place<'a>) -> Device<'a> {
    let [driver, pool, device, share] =
        ["driver", "pool", "device", "shareID"].map(|field| result.field(field).text());
    (driver, pool, device, share)
}

fn shown((driver, pool, device, share): &Device<'_>) -> Printed {
    let share = if share.is_empty() {
        String::new()
    } else {
        format!("/{share}")
    };
    Printed::raw(quote(&format!("{driver}/{pool}/{device}{share}")))
}

/// A claim's status after another.
pub fn claim_status(object: &Value, old: &Value, errors: &mut Errors) {
    let (status, before) = (Place::root(object, "status"), Place::root(old, "status"));
    let names = RequestNames::of(&Place::root(object, "spec").field("devices"));
    let reserved = status.field("reservedFor");
    each_once(&reserved, DEVICE_RESERVATIONS_MAX, errors, consumer, by("uid"));
    let allocation = status.field("allocation");
    let results = allocation.field("devices").field("results");
    let devices: HashSet<Device<'_>> = results.items().map(|result| allocated(&result)).collect();
    each_once(
        &status.field("devices"),
        usize::MAX,
        errors,
        |one, errors| device_status(one, &devices, errors),
        |one| (allocated(one), shown(&allocated(one))),
    );
    reservations(object, &status, &before, errors);
    let old_allocation = before.field("allocation");
    match (allocation.is_set(), old_allocation.is_set()) {
        (true, true) if allocation.value() != old_allocation.value() => {
            let form = internal_form::compact("AllocationResult", allocation.value());
            errors.push(allocation.invalid_as(form, IMMUTABLE));
        }
        (true, false) => allocation_result(&allocation, &names, errors),
        _ => {}
    }
}

fn consumer(reference: &Place<'_>, errors: &mut Errors) {
    for field in ["resource", "name", "uid"] {
        reference.field(field).require(errors);
    }
}

fn reservations(object: &Value, status: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let reserved = status.field("reservedFor");
    if reserved.list().is_empty() {
        return;
    }
    if !status.field("allocation").is_set() {
        errors.push(reserved.forbidden("may not be specified when `allocated` is not set"));
        return;
    }
    let before = before.field("reservedFor");
    let adds = reserved.list().iter().any(|one| !before.list().contains(one));
    if adds && object::meta::of(object).is_deleting() {
        errors.push(reserved.forbidden(
            "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set",
        ));
    }
}

fn allocation_result(allocation: &Place<'_>, names: &RequestNames<'_>, errors: &mut Errors) {
    let devices = allocation.field("devices");
    each(
        &devices.field("results"),
        DEVICE_RESULTS_MAX,
        errors,
        |result, errors| {
            names.check_one(&result.field("request"), errors);
            identity(result, errors);
            device::binding_conditions(result, errors);
            share(&result.field("shareID"), errors);
        },
    );
    // Those of the class and those of the claim.
    each(
        &devices.field("config"),
        2 * DEVICE_CONFIGS_MAX,
        errors,
        |one, errors| {
            one.field("source")
                .require_one_of(&["FromClaim", "FromClass"], errors);
            names.check(&one.field("requests"), errors);
            config::check(one, errors);
        },
    );
    let selector = allocation.field("nodeSelector");
    if selector.is_set() {
        terms::check_selector(&selector, errors);
    }
}

fn identity(place: &Place<'_>, errors: &mut Errors) {
    driver(&place.field("driver"), errors);
    pool(&place.field("pool"), errors);
    place.field("device").format(dns_label, errors);
}

fn share(place: &Place<'_>, errors: &mut Errors) {
    let text = place.text();
    if !place.is_set() {
        return;
    }
    if !matches!(text.len(), 32 | 36 | 38 | 45) {
        let detail = format!("error validating uid: invalid UUID length: {}", text.len());
        errors.push(place.invalid_text(detail));
    } else if uuid::Uuid::parse_str(text).is_err() {
        errors.push(place.invalid_text("error validating uid: invalid UUID format"));
    } else if text.len() != 36 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        errors.push(place.invalid_text(
            "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters",
        ));
    }
}

fn device_status(device: &Place<'_>, allocated_devices: &HashSet<Device<'_>>, errors: &mut Errors) {
    identity(device, errors);
    share(&device.field("shareID"), errors);
    let found = allocated(device);
    if !allocated_devices.contains(&found) {
        errors.push(device.invalid_as(shown(&found), "must be an allocated device in the claim"));
    }
    let all = device.field("conditions");
    let count = all.list().len();
    if count > DEVICE_CONDITIONS_MAX {
        errors.push(Error::too_many(all.path(), count, DEVICE_CONDITIONS_MAX));
    }
    conditions::check(&all, errors);
    let data = device.field("data");
    if data.is_set() {
        config::object(&data, DEVICE_DATA_BYTES_MAX, errors);
    }
    network(&device.field("networkData"), errors);
}

fn network(data: &Place<'_>, errors: &mut Errors) {
    data.field("interfaceName")
        .at_most_bytes(DEVICE_INTERFACE_BYTES_MAX, errors);
    data.field("hardwareAddress")
        .at_most_bytes(DEVICE_HARDWARE_ADDRESS_BYTES_MAX, errors);
    let check = |address: &Place<'_>, errors: &mut Errors| interface_address(address, errors);
    each_once(&data.field("ips"), DEVICE_ADDRESSES_MAX, errors, check, itself);
}

/// An address with the length of its network's prefix, in canonical form.
fn interface_address(place: &Place<'_>, errors: &mut Errors) {
    match parse_range(place.text()) {
        None => errors.push(
            place.invalid_text("must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"),
        ),
        Some(range) if range.to_string() != place.text() => {
            let detail = format!("must be in canonical form (\"{range}\")");
            errors.push(place.invalid_text(detail));
        }
        Some(_) => {}
    }
}
