//! Resource claims and their templates: which devices are asked for. What was asked for never changes.

use object::meta_validation::IMMUTABLE;
use schema::Value;

use super::super::claims::template_metadata;
use super::super::internal_form;
use super::super::place::Place;
use super::request_names::RequestNames;
use super::{by, config, each, each_once, requests};
use crate::limits::{DEVICE_CONFIGS_MAX, DEVICE_CONSTRAINTS_MAX, DEVICE_REQUESTS_MAX};
use crate::strategy::Errors;

/// A claim by itself.
pub fn claim(object: &Value, errors: &mut Errors) {
    spec(&Place::root(object, "spec"), errors);
}

/// A claim after another.
pub fn claim_update(object: &Value, old: &Value, errors: &mut Errors) {
    same_spec("ResourceClaimSpec", object, old, errors);
}

/// A template of claims by itself: of their metadata, it gives labels and annotations alone.
pub fn template(object: &Value, errors: &mut Errors) {
    let template = Place::root(object, "spec");
    template_metadata(&template.field("metadata"), errors);
    spec(&template.field("spec"), errors);
}

/// A template of claims after another.
pub fn template_update(object: &Value, old: &Value, errors: &mut Errors) {
    same_spec("ResourceClaimTemplateSpec", object, old, errors);
}

fn same_spec(type_name: &str, object: &Value, old: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    if spec.value() != Place::root(old, "spec").value() {
        let shown = internal_form::compact(type_name, spec.value());
        errors.push(spec.invalid_as(shown, IMMUTABLE));
    }
}

fn spec(spec: &Place<'_>, errors: &mut Errors) {
    let devices = spec.field("devices");
    let names = RequestNames::of(&devices);
    let all = devices.field("requests");
    each_once(&all, DEVICE_REQUESTS_MAX, errors, requests::request, by("name"));
    each(
        &devices.field("constraints"),
        DEVICE_CONSTRAINTS_MAX,
        errors,
        |one, errors| {
            requests::constraint(one, &names, errors);
        },
    );
    each(
        &devices.field("config"),
        DEVICE_CONFIGS_MAX,
        errors,
        |one, errors| {
            names.check(&one.field("requests"), errors);
            config::check(one, errors);
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn specs_never_change() {
        let claim = |requests: Value| tree!({"spec": {"devices": {"requests": requests}}});
        let (none, one) = (claim(tree!([])), claim(tree!([{"name": "a"}])));
        let mut errors = Errors::new();
        claim_update(&one, &one, &mut errors);
        assert!(errors.is_empty());
        claim_update(&none, &one, &mut errors);
        assert_eq!(
            errors[0].to_string(),
            r#"spec: Invalid value: {"Devices":{"Requests":[],"Constraints":null,"Config":null}}: field is immutable"#
        );
    }

    #[test]
    fn templates_give_labels_and_annotations_alone() {
        let of = |metadata: Value| {
            let mut errors = Errors::new();
            template(&tree!({"spec": {"metadata": metadata, "spec": {}}}), &mut errors);
            errors.len()
        };
        assert_eq!(of(tree!({"labels": {"a": "b"}, "annotations": {"a": "b"}})), 0);
        assert_eq!(of(tree!({"name": "a"})), 1);
        assert_eq!(of(tree!({"labels": {"a b": "c"}})), 1);
    }
}
