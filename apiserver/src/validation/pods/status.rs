//! What a write of a pod's status may say. What it may say of containers is in [`containers`].

mod containers;

use std::collections::HashSet;
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
        if !Place::root(old, "spec").field("nodeName").is_empty() {
            errors.push(nominated.forbidden("may not be set on a pod that is bound to a node"));
        }
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
    containers::check(pod, old, errors);
    claims(pod, &status, errors);
    for list in ["podIPs", "hostIPs"] {
        check_addresses(&status.field(list), errors);
    }
}

/// Which claims were made for those of the pod: each of its own once.
fn claims(pod: &Value, status: &Place<'_>, errors: &mut Errors) {
    let known: HashSet<&str> = Place::root(pod, "spec")
        .field("resourceClaims")
        .items()
        .map(|claim| claim.field("name").text())
        .collect();
    let mut seen = HashSet::new();
    for made in status.field("resourceClaimStatuses").items() {
        let (name, claim) = (made.field("name"), made.field("resourceClaimName"));
        if !known.contains(name.text()) {
            errors.push(name.invalid_text("must match the name of an entry in `spec.resourceClaims`"));
        }
        if !seen.insert(name.text()) {
            errors.push(name.duplicate());
        }
        if claim.is_set() {
            // The path is the reference's.
            name.text_format(claim.text(), names::dns_subdomain, errors);
        }
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
