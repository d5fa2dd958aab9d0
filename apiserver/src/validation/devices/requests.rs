//! One request of a claim: devices of a class, or alternatives in order; and what several requests have in common.

use object::field::{Error, Printed};
use object::names::{dns_label, dns_subdomain};

use super::super::place::Place;
use super::request_names::RequestNames;
use super::{NOTHING, by, each, each_once, fully_qualified, taints};
use crate::expressions::devices as selectors;
use crate::limits::{DEVICE_ALTERNATIVES_MAX, DEVICE_SELECTOR_BYTES_MAX, DEVICE_SELECTORS_MAX};
use crate::strategy::Errors;

const ONE_OF_TWO: &str = "exactly one of `exactly` or `firstAvailable` is required";

/// A request.
pub fn request(request: &Place<'_>, errors: &mut Errors) {
    request.field("name").format(dns_label, errors);
    let [exactly, first] = ["exactly", "firstAvailable"].map(|field| request.field(field));
    match (exactly.is_set(), !first.list().is_empty()) {
        (false, false) => errors.push(request.required(ONE_OF_TWO)),
        (true, true) => {
            let detail = format!("{ONE_OF_TWO}, but multiple fields are set");
            errors.push(request.invalid_as(Printed::raw(NOTHING), detail));
        }
        (true, false) => devices(&exactly, errors),
        (false, true) => each_once(&first, DEVICE_ALTERNATIVES_MAX, errors, alternative, by("name")),
    }
}

/// An alternative is a request with a name of its own.
fn alternative(place: &Place<'_>, errors: &mut Errors) {
    place.field("name").format(dns_label, errors);
    devices(place, errors);
}

fn devices(place: &Place<'_>, errors: &mut Errors) {
    let class = place.field("deviceClassName");
    if class.require(errors) {
        class.format(dns_subdomain, errors);
    }
    selectors(&place.field("selectors"), errors);
    amount(&place.field("allocationMode"), &place.field("count"), errors);
    place
        .field("tolerations")
        .items()
        .for_each(|one| taints::toleration(&one, errors));
}

fn amount(mode: &Place<'_>, count: &Place<'_>, errors: &mut Errors) {
    match mode.text() {
        "All" if count.int() != 0 => {
            errors.push(count.invalid_int("must not be specified when allocationMode is 'All'"));
        }
        "ExactCount" if count.int() <= 0 => errors.push(count.invalid_int("must be greater than zero")),
        _ => mode.one_of(&["All", "ExactCount"], errors),
    }
}

/// Selectors of devices, of a request or a class.
pub fn selectors(place: &Place<'_>, errors: &mut Errors) {
    each(place, DEVICE_SELECTORS_MAX, errors, |selector, errors| {
        let cel = selector.field("cel");
        let expression = cel.field("expression");
        if !cel.is_set() {
            errors.push(cel.required(""));
        } else if expression.text().len() > DEVICE_SELECTOR_BYTES_MAX {
            errors.push(Error::too_long(expression.path(), DEVICE_SELECTOR_BYTES_MAX));
        } else {
            match selectors::check(expression.text()) {
                Ok(()) => {}
                Err(selectors::Wrong::Invalid(why)) => errors.push(expression.invalid_text(why)),
                Err(selectors::Wrong::TooComplex) => {
                    errors.push(expression.forbidden("too complex, exceeds cost limit"));
                }
            }
        }
    });
}

/// What the devices of several requests have in common.
pub fn constraint(place: &Place<'_>, names: &RequestNames<'_>, errors: &mut Errors) {
    names.check(&place.field("requests"), errors);
    let [same, distinct] = ["matchAttribute", "distinctAttribute"].map(|field| place.field(field));
    if same.is_set() {
        fully_qualified(&same, errors);
    } else if distinct.is_set() {
        fully_qualified(&distinct, errors);
    } else {
        errors.push(place.required(
            "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields are set",
        ));
    }
}
