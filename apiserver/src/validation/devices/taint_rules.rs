//! Rules that put a taint on many devices.

use object::field::Error;
use object::names::dns_label;
use schema::Value;

use super::super::conditions;
use super::super::place::Place;
use super::{driver, pool, taints};
use crate::limits::DEVICE_CONDITIONS_MAX;
use crate::strategy::Errors;

/// A rule by itself.
pub fn rule(object: &Value, errors: &mut Errors) {
    spec(object, None, errors);
}

/// A rule after another.
pub fn rule_update(object: &Value, old: &Value, errors: &mut Errors) {
    let kept = old.str_at(&["spec", "taint", "effect"]).unwrap_or_default();
    spec(object, Some(kept), errors);
}

/// A rule's status.
pub fn rule_status(object: &Value, _old: &Value, errors: &mut Errors) {
    let all = Place::root(object, "status").field("conditions");
    conditions::check(&all, errors);
    let count = all.list().len();
    if count > DEVICE_CONDITIONS_MAX {
        errors.push(Error::too_many(all.path(), count, DEVICE_CONDITIONS_MAX));
    }
}

/// What is checked of a field that is set.
type Check = fn(&Place<'_>, &mut Errors);

fn spec(object: &Value, kept: Option<&str>, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let selector = spec.field("deviceSelector");
    let checks: [(&str, Check); 3] = [
        ("driver", driver),
        ("pool", pool),
        ("device", |place, errors| place.format(dns_label, errors)),
    ];
    for (field, check) in checks {
        let place = selector.field(field);
        if place.is_set() {
            check(&place, errors);
        }
    }
    taints::taint(&spec.field("taint"), kept, errors);
}
