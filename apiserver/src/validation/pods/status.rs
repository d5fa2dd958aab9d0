//! What a write of a pod's status may say.

use std::net::IpAddr;

use object::names;
use schema::Value;

use super::super::place::Place;
use crate::strategy::Errors;

/// Checks a write through `status`.
pub fn check(pod: &Value, old: &Value, errors: &mut Errors) {
    let (status, before) = (Place::root(pod, "status"), Place::root(old, "status"));
    let nominated = status.field("nominatedNodeName");
    if !nominated.is_empty() && nominated.value() != before.field("nominatedNodeName").value() {
        nominated.format(names::dns_subdomain, errors);
    }
    status.field("observedGeneration").not_negative(errors);
    for condition in status.field("conditions").items() {
        condition.field("observedGeneration").not_negative(errors);
        condition.field("type").format(names::qualified_name, errors);
    }
    let class = status.field("qosClass");
    if class.text() != before.field("qosClass").text() {
        errors.push(class.invalid_text(object::meta_validation::IMMUTABLE));
    }
    for list in ["podIPs", "hostIPs"] {
        check_addresses(&status.field(list), errors);
    }
}

fn check_addresses(list: &Place<'_>, errors: &mut Errors) {
    for entry in list.items() {
        if entry.field("ip").text().parse::<IpAddr>().is_err() {
            let problem = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            errors.push(entry.invalid_as(entry.field("ip").text(), problem));
        }
    }
}
