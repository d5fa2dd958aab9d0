//! Resource claims and their templates: what they ask for never changes.

use object::meta_validation::IMMUTABLE;
use schema::Value;

use super::internal_form;
use super::place::Place;
use crate::strategy::Errors;

/// A claim after another.
pub fn claim_update(object: &Value, old: &Value, errors: &mut Errors) {
    same_spec("ResourceClaimSpec", object, old, errors);
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
}
