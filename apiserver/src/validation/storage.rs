//! The kinds of storage.k8s.io: classes, CSI drivers and nodes, capacities; attachments are in [`attachments`].
//! Provisioning and attaching are controllers'.

pub mod attachments;

use std::collections::HashSet;

use object::field::{Error, Printed, quote};
use object::meta_validation::{IMMUTABLE, label_selector};
use object::names::{dns_subdomain, qualified_name};
use schema::{Value, json};

use super::place::Place;
use super::quantities;
use crate::limits::{CLASS_PARAMETERS_BYTES_MAX, CLASS_PARAMETERS_MAX};
use crate::strategy::Errors;

const CSI_NAME_BYTES_MAX: usize = 63;
const NODE_ID_BYTES_MAX: usize = 256;
const TOKEN_SECONDS_MIN: i64 = 600;

/// A StorageClass by itself.
pub fn class(object: &Value, errors: &mut Errors) {
    provisioner(&Place::root(object, "provisioner"), errors);
    parameters(&Place::root(object, "parameters"), true, errors);
    let policy = Place::root(object, "reclaimPolicy");
    if !policy.is_empty() {
        policy.one_of(&["Delete", "Retain"], errors);
    }
    Place::root(object, "volumeBindingMode").require_one_of(&["Immediate", "WaitForFirstConsumer"], errors);
    topologies(&Place::root(object, "allowedTopologies"), errors);
}

/// A StorageClass after another.
pub fn class_update(object: &Value, old: &Value, errors: &mut Errors) {
    let same = |field: &'static str| Place::root(object, field).value() == Place::root(old, field).value();
    for (field, detail) in [
        ("parameters", "updates to parameters are forbidden."),
        ("provisioner", "updates to provisioner are forbidden."),
        ("reclaimPolicy", "updates to reclaimPolicy are forbidden."),
    ] {
        let empty = Place::root(object, field).is_empty() && Place::root(old, field).is_empty();
        if !empty && !same(field) {
            let place = Place::root(object, field);
            match field {
                "provisioner" => errors.push(place.forbidden(detail)),
                _ => errors.push(place.invalid(IMMUTABLE)),
            }
        }
    }
    if !same("volumeBindingMode") {
        errors.push(Place::root(object, "volumeBindingMode").invalid(IMMUTABLE));
    }
    class(object, errors);
}

fn provisioner(place: &Place<'_>, errors: &mut Errors) {
    if place.require(errors) {
        for problem in qualified_name(&place.text().to_lowercase()) {
            errors.push(place.invalid_text(problem));
        }
    }
}

fn parameters(place: &Place<'_>, may_be_empty: bool, errors: &mut Errors) {
    let count = place.entries().count();
    if !may_be_empty && count == 0 {
        errors.push(place.required("must contain at least one key/value pair"));
    }
    if count > CLASS_PARAMETERS_MAX {
        errors.push(Error::too_long(place.path(), CLASS_PARAMETERS_MAX));
        return;
    }
    let mut bytes = 0;
    for (key, value) in place.entries() {
        if key.is_empty() {
            errors.push(place.invalid_as("", "field can not be empty."));
        }
        bytes += key.len() + value.text().len();
    }
    if bytes > CLASS_PARAMETERS_BYTES_MAX {
        errors.push(Error::too_long(place.path(), CLASS_PARAMETERS_BYTES_MAX));
    }
}

fn topologies(place: &Place<'_>, errors: &mut Errors) {
    let mut terms: Vec<&Value> = Vec::new();
    for term in place.items() {
        let mut keys = HashSet::new();
        let expressions = term.field("matchLabelExpressions");
        for expression in expressions.items() {
            let (key, values) = (expression.field("key"), expression.field("values"));
            if values.list().is_empty() {
                errors.push(values.required(""));
            }
            let mut seen = HashSet::new();
            for value in values.items().filter(|value| !seen.insert(value.text())) {
                errors.push(value.duplicate());
            }
            key.format(qualified_name, errors);
            if !keys.insert(key.text()) {
                errors.push(key.duplicate());
            }
        }
        if terms.contains(&term.value()) {
            errors.push(Error::duplicate(expressions.path(), ""));
        }
        terms.push(term.value());
    }
}

/// A VolumeAttributesClass by itself.
pub fn attributes_class(object: &Value, errors: &mut Errors) {
    let driver = Place::root(object, "driverName");
    if driver.require(errors) {
        // Unlike the provisioner of a class, it is shown as it is compared.
        driver.text_format(&driver.text().to_lowercase(), qualified_name, errors);
    }
    parameters(&Place::root(object, "parameters"), false, errors);
}

/// A VolumeAttributesClass after another.
pub fn attributes_class_update(object: &Value, old: &Value, errors: &mut Errors) {
    for field in ["driverName", "parameters"] {
        if Place::root(object, field).value() != Place::root(old, field).value() {
            errors.push(Place::root(object, field).forbidden(format!("updates to {field} are forbidden.")));
        }
    }
}

/// A CSIDriver by itself.
pub fn driver(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    for (field, shown) in [
        ("attachRequired", "attachedRequired"),
        ("podInfoOnMount", "podInfoOnMount"),
        ("storageCapacity", "storageCapacity"),
    ] {
        if !spec.field(field).is_set() {
            errors.push(spec.aliased(field, shown).required(""));
        }
    }
    spec.field("fsGroupPolicy")
        .one_of_if_set(&["File", "None", "ReadWriteOnceWithFSType"], errors);
    let requests = spec.field("tokenRequests");
    token_requests(&requests, errors);
    let modes = spec.field("volumeLifecycleModes");
    for mode in modes.texts() {
        if !["Persistent", "Ephemeral"].contains(&mode) {
            errors.push(Error::not_supported(
                modes.path(),
                mode,
                &["Persistent", "Ephemeral"],
            ));
        }
    }
    if !spec.field("seLinuxMount").is_set() {
        errors.push(spec.field("seLinuxMount").required(""));
    }
    let period = spec.field("nodeAllocatableUpdatePeriodSeconds");
    if period.is_set() && period.int() < 10 {
        errors.push(period.invalid_int("must be greater than or equal to 10 seconds"));
    }
    let in_secrets = spec.field("serviceAccountTokenInSecrets");
    if in_secrets.is_set() && requests.list().is_empty() {
        let detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        errors.push(in_secrets.invalid(detail));
    }
}

/// A CSIDriver after another.
pub fn driver_update(object: &Value, old: &Value, errors: &mut Errors) {
    driver(object, errors);
    let (now, before) = (Place::root(object, "spec"), Place::root(old, "spec"));
    if now.field("attachRequired").value() != before.field("attachRequired").value() {
        errors.push(
            now.aliased("attachRequired", "attachedRequired")
                .invalid(IMMUTABLE),
        );
    }
    now.field("volumeLifecycleModes")
        .immutable(&before.field("volumeLifecycleModes"), errors);
}

fn token_requests(requests: &Place<'_>, errors: &mut Errors) {
    let mut audiences = HashSet::new();
    for request in requests.items() {
        let audience = request.field("audience");
        if !audiences.insert(audience.text()) {
            errors.push(Error::duplicate(audience.path(), audience.text()));
        }
        let seconds = request.field("expirationSeconds");
        if seconds.is_set() && seconds.int() < TOKEN_SECONDS_MIN {
            errors.push(seconds.invalid_int("may not specify a duration less than 10 minutes"));
        }
        if seconds.int() > 1 << 32 {
            errors.push(seconds.invalid_int("may not specify a duration larger than 2^32 seconds"));
        }
    }
}

/// A CSINode by itself.
pub fn node(object: &Value, errors: &mut Errors) {
    let mut names = HashSet::new();
    for driver in Place::root(object, "spec").field("drivers").items() {
        let (name, id) = (driver.field("name"), driver.field("nodeID"));
        if name.is_empty() {
            errors.push(name.required(""));
        } else {
            name.at_most_bytes(CSI_NAME_BYTES_MAX, errors);
            name.text_format(&name.text().to_lowercase(), dns_subdomain, errors);
        }
        if id.is_empty() {
            errors.push(id.required(""));
        }
        if id.text().len() > NODE_ID_BYTES_MAX {
            errors.push(id.invalid_text(format!("must be {NODE_ID_BYTES_MAX} characters or less")));
        }
        let count = driver.field("allocatable").field("count");
        if count.is_set() {
            count.not_negative(errors);
        }
        if !name.is_empty() && !names.insert(name.text()) {
            errors.push(name.duplicate());
        }
        let mut keys = HashSet::new();
        for key in driver.field("topologyKeys").texts() {
            if key.is_empty() {
                errors.push(driver.required(""));
            }
            if !keys.insert(key) {
                errors.push(Error::duplicate(driver.path(), key));
            }
            driver.text_format(key, qualified_name, errors);
        }
    }
}

/// A CSINode after another: a driver that was there stays as it was.
pub fn node_update(object: &Value, old: &Value, errors: &mut Errors) {
    node(object, errors);
    let drivers = Place::root(object, "spec").field("drivers");
    let before = old.list_at(&["spec", "drivers"]);
    for driver in drivers.items() {
        let same_name = |other: &&Value| other.get("name") == driver.value().get("name");
        let is_changed = |other: &Value| {
            ["nodeID", "topologyKeys"]
                .iter()
                .any(|field| other.get(field) != driver.value().get(field))
        };
        if before.iter().find(same_name).is_some_and(is_changed) {
            errors.push(drivers.invalid_as(inner_driver(&driver), IMMUTABLE));
        }
    }
}

fn inner_driver(driver: &Place<'_>) -> Printed {
    let keys = driver.field("topologyKeys");
    let keys = if keys.is_set() {
        json::to_string(keys.value())
    } else {
        "null".to_owned()
    };
    let count = driver.field("allocatable").field("count");
    let allocatable = match (driver.field("allocatable").is_set(), count.is_set()) {
        (false, _) => "null".to_owned(),
        (true, false) => "{\"Count\":null}".to_owned(),
        (true, true) => format!("{{\"Count\":{}}}", count.int()),
    };
    let (name, id) = (
        quote(driver.field("name").text()),
        quote(driver.field("nodeID").text()),
    );
    Printed::raw(format!(
        "{{\"Name\":{name},\"NodeID\":{id},\"TopologyKeys\":{keys},\"Allocatable\":{allocatable}}}"
    ))
}

/// A CSIStorageCapacity by itself.
pub fn capacity(object: &Value, errors: &mut Errors) {
    let topology = Place::root(object, "nodeTopology");
    if topology.is_set() {
        errors.extend(label_selector(topology.value(), true, topology.path()));
    }
    Place::root(object, "storageClassName").format(dns_subdomain, errors);
    let amount = Place::root(object, "capacity");
    if amount.is_set() {
        quantities::not_negative(&amount, errors);
    }
}

/// A CSIStorageCapacity after another.
pub fn capacity_update(object: &Value, old: &Value, errors: &mut Errors) {
    capacity(object, errors);
    for field in ["nodeTopology", "storageClassName"] {
        Place::root(object, field).immutable(&Place::root(old, field), errors);
    }
}

#[cfg(test)]
mod tests;
