//! What policies are made of: the kind of their parameters, and variables.

use cel::{Environment, Type};
use object::names::{dns_1035_label, dns_subdomain};
use schema::SmolStr;

use super::super::expressions;
use super::super::place::Place;
use crate::strategy::Errors;

/// The kind of a policy's parameters.
pub fn param_kind(place: &Place<'_>, errors: &mut Errors) {
    let [api_version, kind] = ["apiVersion", "kind"].map(|field| place.field(field));
    if api_version.require(errors) {
        group_version(&api_version, errors);
    }
    if kind.require(errors) {
        let problems = dns_1035_label(&kind.text().to_lowercase());
        if !problems.is_empty() {
            let detail = format!(
                "may have mixed case, but should otherwise match: {}",
                problems.join(",")
            );
            errors.push(kind.invalid_text(detail));
        }
    }
}

fn group_version(place: &Place<'_>, errors: &mut Errors) {
    let text = place.text();
    let (group, version) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [version] => ("", *version),
        [group, version] => (*group, *version),
        _ => {
            errors.push(place.invalid_text(format!("unexpected GroupVersion string: {text}")));
            return;
        }
    };
    let mut check = |part: &str, problems: object::names::Problems| {
        if !problems.is_empty() {
            errors.push(place.invalid_as(part, problems.join(",")));
        }
    };
    if !group.is_empty() {
        check(group, dns_subdomain(group));
    }
    if version.is_empty() {
        errors.push(place.invalid_text("version must be specified"));
    } else {
        check(version, dns_1035_label(version));
    }
}

/// A variable: its name is one in CEL. The name and the type, if it has an expression.
pub fn variable(
    place: &Place<'_>,
    environment: &Environment,
    errors: &mut Errors,
) -> Option<(SmolStr, Type)> {
    let [name, expression] = ["name", "expression"].map(|field| place.field(field));
    if name.text().trim().is_empty() {
        errors.push(name.required("name is not specified"));
    } else if !cel::is_identifier(name.text()) {
        errors.push(name.invalid_text("must be a valid CEL identifier"));
    }
    if expression.text().trim().is_empty() {
        errors.push(expression.required("expression is not specified"));
        return None;
    }
    // Of what is wrong, anything may be.
    let of = expressions::check(&expression, environment, &[], errors).unwrap_or(Type::Dyn);
    Some((SmolStr::new(name.text()), of))
}
