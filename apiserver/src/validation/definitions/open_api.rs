//! What every schema of a definition must be, at any depth: known types, no unsupported keywords, lists and maps of known
//! kinds, and rules that can be told and compiled. What is wrong with rules' expressions is told last.

use schema::Value;

use super::super::place::Place;
use super::compiled_rules::{Budget, Site};
use super::strictness::Strictness;
use super::{compiled_rules, list_types, rules};
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
    /// Where the schema's rules stand; nothing where they are not looked at.
    site: Option<Site>,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// Of schemas.
    errors: Errors,
    /// Of the expressions of their rules.
    of_rules: Errors,
    budget: Budget,
}

/// Checks a root schema and all inside it. Rules are compiled for structural schemas alone.
pub fn check(schema: &Place<'_>, strict: &Strictness, is_structural: bool, errors: &mut Errors) {
    let around = Around {
        strict,
        no_defaults: None,
        in_metadata: false,
        site: is_structural.then_some(Site::ROOT),
    };
    let mut found = Found::default();
    check_one(schema, &around, 0, &mut found);
    errors.extend(found.errors);
    errors.extend(found.of_rules);
    found.budget.check(schema, errors);
}

/// Whether a schema's type is one that there is.
pub fn has_known_type(schema: &Value) -> bool {
    let kind = schema.str_at(&["type"]).unwrap_or_default();
    kind.is_empty() || TYPES.contains(&kind)
}

fn check_one(schema: &Place<'_>, around: &Around<'_>, depth: usize, found: &mut Found) {
    if schema.value().as_map().is_none() || depth > SCHEMA_DEPTH_MAX {
        return;
    }
    let before = found.errors.len();
    keywords(schema, around, &mut found.errors);
    let unique = schema.field("uniqueItems");
    if unique.is_true() {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        found.errors.push(unique.forbidden(detail));
    }
    additional_properties(schema, around, depth, found);
    for (name, property) in schema.field("properties").entries() {
        let below = below(schema, name, &property, around, depth);
        check_one(&property, &below, depth + 1, found);
    }
    parts(schema, around, depth, found);
    let preserve = schema.field("x-kubernetes-preserve-unknown-fields");
    if preserve.value() == &Value::Bool(false) {
        found.errors.push(preserve.invalid("must be true or undefined"));
    }
    list_types::check(schema, around.strict, &mut found.errors);
    rules::check(schema, &mut found.errors);
    // What is wrong with a schema would be told again of its rules.
    if let Some(site) = around.site.as_ref().filter(|_| found.errors.len() == before) {
        compiled_rules::check(schema, site, &mut found.budget, &mut found.of_rules);
    }
}

/// Schemas that narrow this one, whose rules are not looked at; and its items.
fn parts(schema: &Place<'_>, around: &Around<'_>, depth: usize, found: &mut Found) {
    let without_rules = Around {
        site: None,
        ..around.clone()
    };
    check_one(&schema.field("not"), &without_rules, depth + 1, found);
    for field in ["allOf", "oneOf", "anyOf"] {
        for part in schema.field(field).items() {
            check_one(&part, &without_rules, depth + 1, found);
        }
    }
    for (_, definition) in schema.field("definitions").entries() {
        check_one(&definition, &without_rules, depth + 1, found);
    }
    let items = schema.field("items");
    let of_items = Around {
        site: around.site.as_ref().map(|site| site.items(schema)),
        ..around.clone()
    };
    check_one(&items, &of_items, depth + 1, found);
    for item in items.items() {
        check_one(&item, &without_rules, depth + 1, found);
    }
    for (_, dependency) in schema.field("dependencies").entries() {
        check_one(&dependency, &without_rules, depth + 1, found);
    }
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

fn additional_properties(schema: &Place<'_>, around: &Around<'_>, depth: usize, found: &mut Found) {
    let more = schema.field("additionalProperties");
    if !more.is_set() {
        return;
    }
    let is_anything = more.value() == &Value::Bool(true);
    if !schema.field("properties").is_empty() && !is_anything {
        found
            .errors
            .push(more.forbidden("additionalProperties and properties are mutual exclusive"));
    }
    let mut inside = around.clone();
    if around.in_metadata {
        inside.no_defaults = Some("inside additionalProperties applying to object metadata".to_owned());
    }
    inside.site = around.site.as_ref().map(|site| site.values(schema));
    check_one(&more, &inside, depth + 1, found);
}

fn below<'a>(
    schema: &Place<'_>,
    name: &str,
    property: &Place<'_>,
    around: &Around<'a>,
    depth: usize,
) -> Around<'a> {
    let mut below = around.clone();
    below.site = around.site.as_ref().map(|site| site.field(property));
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
