//! Structural schemas: every field is specified, with one type, outside of `anyOf` and the like, which only narrow values.
//! Schemas that are not can neither prune nor default.

mod nested;

use object::field::Error;
use object::patterns;
use schema::{Value, tree};

use super::super::place::Place;
use super::walk;
use crate::limits::SCHEMA_DEPTH_MAX;
use crate::strategy::Errors;

const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

impl Level {
    fn type_missing(self) -> &'static str {
        match self {
            Self::Root => "must not be empty at the root",
            Self::Item => "must not be empty for specified array items",
            Self::Field => "must not be empty for specified object fields",
        }
    }
}

/// Whether a root schema is structural.
pub fn is_structural(schema: &Value) -> bool {
    let place = Place::new(Some(schema), object::field::Path::none());
    !has_unsupported(schema) && check(&place).is_empty()
}

/// Whether a schema uses what structural schemas cannot.
pub fn has_unsupported(schema: &Value) -> bool {
    const FIELDS: [&str; 6] = [
        "id",
        "$schema",
        "$ref",
        "patternProperties",
        "dependencies",
        "definitions",
    ];
    let mut uses = |schema: &Value| {
        FIELDS
            .iter()
            .any(|field| schema.get(field).is_some_and(|value| !value.is_zero()))
            || schema
                .get("additionalItems")
                .is_some_and(|value| !value.is_null())
            || schema
                .get("items")
                .and_then(Value::as_list)
                .is_some_and(|items| !items.is_empty())
            || schema.get(PRESERVE) == Some(&Value::Bool(false))
    };
    walk::any(schema, &mut uses, 0)
}

/// What is not structural about a root schema, in the order of the messages.
pub fn check(schema: &Place<'_>) -> Vec<Error> {
    let mut errors = Errors::new();
    invariants(schema, Level::Root, 0, &mut errors);
    nested::completeness(schema, &mut errors);
    errors.sort_by_key(ToString::to_string);
    errors
}

fn invariants(schema: &Place<'_>, level: Level, depth: usize, errors: &mut Errors) {
    if depth > SCHEMA_DEPTH_MAX {
        return;
    }
    let [kind, items, properties, more] =
        ["type", "items", "properties", "additionalProperties"].map(|field| schema.field(field));
    if kind.text() == "array" && !items.is_set() {
        errors.push(items.required("must be specified"));
    }
    if items.is_set() {
        invariants(&items, Level::Item, depth + 1, errors);
    }
    for (_, property) in properties.entries() {
        invariants(&property, Level::Field, depth + 1, errors);
    }
    if more.is_set() && level == Level::Root {
        errors.push(more.forbidden("must not be used at the root"));
    }
    if more.value().as_map().is_some() {
        invariants(&more, Level::Field, depth + 1, errors);
    }
    if schema.field(INT_OR_STRING).is_true() {
        for extension in [PRESERVE, EMBEDDED].map(|field| schema.field(field)) {
            if extension.is_true() {
                errors.push(extension.invalid("must be false if x-kubernetes-int-or-string is true"));
            }
        }
    }
    values(schema, nested::exceptions(schema.value()), depth, errors);
    types(schema, level, errors);
    metadata(schema, level, errors);
}

/// What narrows values: the parts that it is made of, and its pattern.
fn values(schema: &Place<'_>, exceptions: nested::Exceptions, depth: usize, errors: &mut Errors) {
    nested::parts(schema, exceptions, depth, errors);
    let pattern = schema.field("pattern");
    if let Some(problem) = patterns::problem(pattern.text()) {
        errors.push(pattern.invalid_text(format!(
            "must be a valid regular expression, but isn't: {problem}"
        )));
    }
}

fn types(schema: &Place<'_>, level: Level, errors: &mut Errors) {
    let kind = schema.field("type");
    let is_embedded = schema.field(EMBEDDED).is_true();
    let may_be_untyped = schema.field(INT_OR_STRING).is_true() || schema.field(PRESERVE).is_true();
    if is_embedded && kind.text() != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(if kind.is_empty() {
            kind.required(detail)
        } else {
            kind.invalid_text(detail)
        });
    } else if kind.is_empty() && !may_be_untyped {
        errors.push(kind.required(level.type_missing()));
    }
    let more = schema.field("additionalProperties");
    if is_embedded && more.is_set() {
        errors.push(more.forbidden("must not be used if x-kubernetes-embedded-resource is set"));
    }
    if level == Level::Root && !kind.is_empty() && kind.text() != "object" {
        errors.push(kind.invalid_text("must be object at the root"));
    }
}

/// Every resource has its kind, version and metadata; a schema may only restrict its names.
fn metadata(schema: &Place<'_>, level: Level, errors: &mut Errors) {
    let is_embedded = schema.field(EMBEDDED).is_true();
    let is_resource = level == Level::Root || is_embedded;
    let properties = schema.field("properties");
    for name in ["kind", "apiVersion"] {
        let kind = properties.key(name).field("type");
        if is_resource && properties.key(name).is_set() && kind.text() != "string" {
            errors.push(kind.invalid_text("must be string"));
        }
    }
    let metadata = properties.key("metadata");
    if metadata.is_set() {
        let kind = metadata.field("type");
        if is_resource && kind.text() != "object" {
            errors.push(kind.invalid_text("must be object"));
        }
        if level == Level::Root && restricts_more_than_names(metadata.value()) {
            errors.push(metadata.forbidden(
                "must not specify anything other than name and generateName, but metadata is implicitly specified",
            ));
        }
    }
    if is_embedded && !schema.field(PRESERVE).is_true() && properties.is_empty() {
        errors.push(properties.required(
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
        ));
    }
}

fn restricts_more_than_names(metadata: &Value) -> bool {
    const BESIDES: [&str; 4] = ["type", "default", "externalDocs", "example"];
    let entries = metadata.as_map().into_iter().flat_map(|map| map.iter());
    entries
        .filter(|(field, value)| !BESIDES.contains(&field.as_str()) && !value.is_zero())
        .any(|(field, value)| {
            let names = value.as_map().into_iter().flat_map(|map| map.keys());
            field != "properties"
                || names
                    .into_iter()
                    .any(|name| name != "name" && name != "generateName")
        })
}

/// What `x-kubernetes-int-or-string` may be spelled out as.
fn int_or_string() -> Value {
    tree!([{"type": "integer"}, {"type": "string"}])
}

#[cfg(test)]
mod tests;
