//! What every schema of a definition must be, at any depth: known types, no unsupported keywords, lists and maps of known
//! kinds, and rules that can be told.

use schema::Value;

use super::super::place::Place;
use super::strictness::Strictness;
use super::{list_types, rules};
use crate::limits::SCHEMA_DEPTH_MAX;
use crate::strategy::Errors;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const METADATA: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What holds at a place because of what is around it.
#[derive(Clone)]
struct Around<'a> {
    strict: &'a Strictness,
    /// Why there may be no defaults.
    no_defaults: Option<String>,
    in_metadata: bool,
}

/// Checks a root schema and all inside it.
pub fn check(schema: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let around = Around {
        strict,
        no_defaults: None,
        in_metadata: false,
    };
    check_one(schema, &around, 0, errors);
}

/// Whether a schema's type is one that there is.
pub fn has_known_type(schema: &Value) -> bool {
    let kind = schema.str_at(&["type"]).unwrap_or_default();
    kind.is_empty() || TYPES.contains(&kind)
}

fn check_one(schema: &Place<'_>, around: &Around<'_>, depth: usize, errors: &mut Errors) {
    if schema.value().as_map().is_none() || depth > SCHEMA_DEPTH_MAX {
        return;
    }
    keywords(schema, around, errors);
    let unique = schema.field("uniqueItems");
    if unique.is_true() {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(unique.forbidden(detail));
    }
    additional_properties(schema, around, depth, errors);
    for (name, property) in schema.field("properties").entries() {
        check_one(&property, &below(schema, name, around, depth), depth + 1, errors);
    }
    check_one(&schema.field("not"), around, depth + 1, errors);
    for field in ["allOf", "oneOf", "anyOf"] {
        for part in schema.field(field).items() {
            check_one(&part, around, depth + 1, errors);
        }
    }
    for (_, definition) in schema.field("definitions").entries() {
        check_one(&definition, around, depth + 1, errors);
    }
    let items = schema.field("items");
    check_one(&items, around, depth + 1, errors);
    for item in items.items() {
        check_one(&item, around, depth + 1, errors);
    }
    for (_, dependency) in schema.field("dependencies").entries() {
        check_one(&dependency, around, depth + 1, errors);
    }
    let preserve = schema.field("x-kubernetes-preserve-unknown-fields");
    if preserve.value() == &Value::Bool(false) {
        errors.push(preserve.invalid("must be true or undefined"));
    }
    list_types::check(schema, around.strict, errors);
    rules::check(schema, errors);
}

fn keywords(schema: &Place<'_>, around: &Around<'_>, errors: &mut Errors) {
    let kind = schema.field("type");
    if around.strict.types && !has_known_type(schema.value()) {
        errors.push(kind.not_supported(&TYPES));
    }
    if let Some(reason) = &around.no_defaults
        && schema.field("default").is_set()
    {
        errors.push(
            schema
                .field("default")
                .forbidden(format!("must not be set {reason}")),
        );
    }
    let not_empty: fn(&Place<'_>) -> bool = |place| !place.is_empty();
    let given: fn(&Place<'_>) -> bool = |place| place.is_set();
    for (field, is_used) in [
        ("id", not_empty),
        ("additionalItems", given),
        ("patternProperties", not_empty),
        ("definitions", not_empty),
        ("dependencies", given),
        ("$ref", given),
    ] {
        let place = schema.field(field);
        if is_used(&place) {
            errors.push(place.forbidden(format!("{field} is not supported")));
        }
    }
    if kind.text() == "null" {
        errors.push(kind.forbidden("type cannot be set to null, use nullable as an alternative"));
    }
    let items = schema.field("items");
    if !items.list().is_empty() {
        errors.push(items.forbidden("items must be a schema object and not an array"));
    }
    let embedded = schema.field("x-kubernetes-embedded-resource");
    if around.in_metadata && embedded.is_true() {
        errors.push(embedded.forbidden("must not be used inside of resource meta"));
    }
}

fn additional_properties(schema: &Place<'_>, around: &Around<'_>, depth: usize, errors: &mut Errors) {
    let more = schema.field("additionalProperties");
    if !more.is_set() {
        return;
    }
    let is_anything = more.value() == &Value::Bool(true);
    if !schema.field("properties").is_empty() && !is_anything {
        errors.push(more.forbidden("additionalProperties and properties are mutual exclusive"));
    }
    let mut inside = around.clone();
    if around.in_metadata {
        inside.no_defaults = Some("inside additionalProperties applying to object metadata".to_owned());
    }
    check_one(&more, &inside, depth + 1, errors);
}

fn below<'a>(schema: &Place<'_>, name: &str, around: &Around<'a>, depth: usize) -> Around<'a> {
    let mut below = around.clone();
    let is_root = depth == 0;
    let is_resource = is_root || schema.field("x-kubernetes-embedded-resource").is_true();
    if is_resource && METADATA.contains(&name) {
        below.in_metadata = true;
        if is_root {
            below.no_defaults = Some(format!("in top-level {name}"));
        }
    }
    below
}
