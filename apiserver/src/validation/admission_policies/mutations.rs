//! The mutations of a policy: each is of one of two types, and has what its type needs and no more.

use cel::{Environment, JSON_PATCH, OBJECT, Object, Type};

use super::super::expressions;
use super::super::place::Place;
use crate::strategy::Errors;

/// The types, and the field that each needs.
const TYPES: [(&str, &str); 2] = [
    ("ApplyConfiguration", "applyConfiguration"),
    ("JSONPatch", "jsonPatch"),
];

/// Checks a policy's mutations; there must be one.
pub fn check(mutations: &Place<'_>, environment: &Environment, errors: &mut Errors) {
    if mutations.list().is_empty() {
        errors.push(mutations.required("mutations must contain at least one item"));
    }
    mutations
        .items()
        .for_each(|one| mutation(&one, environment, errors));
}

fn mutation(place: &Place<'_>, environment: &Environment, errors: &mut Errors) {
    let kind = place.field("patchType");
    if !kind.require(errors) {
        return;
    }
    let Some((name, own)) = TYPES.iter().find(|(name, _)| *name == kind.text()) else {
        kind.one_of(&TYPES.map(|(name, _)| name), errors);
        return;
    };
    let needed = place.field(own);
    if needed.is_set() {
        let expression = needed.field("expression");
        if expression.text().trim().is_empty() {
            errors.push(expression.required(""));
        } else {
            expressions::check(&expression, environment, &[made_by(name)], errors);
        }
    } else {
        errors.push(needed.required(&format!("must be specified when patchType is {name}")));
    }
    for (_, other) in TYPES.iter().filter(|(_, field)| field != own) {
        let other_place = place.field(other);
        if other_place.is_set() {
            let detail = format!("must not be specified when patchType is {name}");
            errors.push(other_place.invalid_as(format!("{{{other}}}"), detail));
        }
    }
}

/// What the expression of a type of mutation makes.
fn made_by(name: &str) -> Type {
    match name {
        "JSONPatch" => Type::list(Type::object(Object::open(JSON_PATCH))),
        _ => Type::object(Object::open(OBJECT)),
    }
}
