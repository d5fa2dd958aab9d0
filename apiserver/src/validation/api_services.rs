//! API services: which group and version, how they rank, who serves them.
//! Whether the server behind them answers is for the aggregator.

use object::names::{dns_1035_label, dns_subdomain};
use schema::Value;

use super::place::Place;
use crate::strategy::Errors;

/// An APIService by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let (group, version) = (spec.field("group"), spec.field("version"));
    let name = Place::root(object, "metadata").field("name");
    let wanted = format!("{}.{}", version.text(), group.text());
    // Without a name, that alone is told.
    if !name.text().is_empty() && name.text() != wanted {
        errors.push(name.invalid_text(format!("must be `spec.version+\".\"+spec.group`: {wanted:?}")));
    }
    if group.is_empty() {
        if version.text() != "v1" {
            errors.push(group.required("only v1 may have an empty group and it better be legacy kube"));
        }
    } else {
        group.format(dns_subdomain, errors);
    }
    version.format(dns_1035_label, errors);
    for (field, below) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let priority = spec.field(field);
        if !(1..=below).contains(&priority.int()) {
            errors.push(priority.invalid_int(format!("must be positive and less than {below}")));
        }
    }
    service(&spec, errors);
}

/// An APIService after another.
pub fn update(object: &Value, _old: &Value, errors: &mut Errors) {
    create(object, errors);
}

fn service(spec: &Place<'_>, errors: &mut Errors) {
    let [service, bundle, insecure] =
        ["service", "caBundle", "insecureSkipTLSVerify"].map(|field| spec.field(field));
    if !service.is_set() {
        if !bundle.is_empty() {
            errors.push(bundle.invalid_as(
                format!("{} bytes", bundle.text().len()),
                "local APIServices may not have a caBundle",
            ));
        }
        if insecure.is_true() {
            errors.push(insecure.invalid("local APIServices may not have insecureSkipTLSVerify"));
        }
        return;
    }
    for field in ["namespace", "name"] {
        service.field(field).require(errors);
    }
    let port = service.field("port");
    if !(1..=65_535).contains(&port.int()) {
        let detail = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(port.invalid_int(detail));
    }
    if insecure.is_true() && !bundle.is_empty() {
        errors.push(insecure.invalid("may not be true if caBundle is present"));
    }
}

/// An APIService's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    for condition in Place::root(object, "status").field("conditions").items() {
        condition
            .field("status")
            .one_of(&["False", "True", "Unknown"], errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::{Map, tree};

    fn created(change: impl FnOnce(&mut Map)) -> Vec<String> {
        let mut object = tree!({"metadata": {"name": "v1.a.b"}, "spec": {"group": "a.b", "version": "v1",
            "groupPriorityMinimum": 1i64, "versionPriority": 1i64}});
        change(object.as_map_mut().expect("a map").map_at("spec"));
        let mut errors = Errors::new();
        create(&object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_and_priorities_fit() {
        assert_eq!(created(|_| {}), [""; 0]);
        assert_eq!(created(|spec| drop(spec.insert("version", "v2"))).len(), 1);
        let text = "spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000";
        assert_eq!(
            created(|spec| drop(spec.insert("groupPriorityMinimum", 0i64))),
            [text]
        );
    }

    #[test]
    fn services_are_named_and_trusted_one_way() {
        assert_eq!(
            created(|spec| drop(spec.insert("service", tree!({"port": 443i64})))).len(),
            2
        );
        assert_eq!(
            created(|spec| drop(spec.insert("insecureSkipTLSVerify", true))).len(),
            1
        );
    }

    #[test]
    fn conditions_are_true_false_or_unknown() {
        let object = tree!({"status": {"conditions": [{"status": "True"}, {"status": "Maybe"}]}});
        let mut errors = Errors::new();
        status(&object, &object, &mut errors);
        assert_eq!(errors.len(), 1);
    }
}
