//! Defaults in schemas: they must be what their schema asks for, and have no fields that it does not know.
//! That defaults inside of embedded metadata make it valid is not checked.

use object::field::Path;
use schema::Value;

use super::super::json_schema;
use super::super::place::Place;
use super::walk;
use crate::limits::SCHEMA_DEPTH_MAX;
use crate::strategy::Errors;

const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const METADATA: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Checks the defaults of a root schema and of all inside it.
pub fn check(schema: &Place<'_>, must_be_pruned: bool, errors: &mut Errors) {
    each(schema, Where::Root, 0, &mut |schema, is_metadata| {
        let default = schema.field("default");
        if must_be_pruned && !is_metadata && has_unknown(default.value(), Some(schema.value()), false, 0) {
            errors.push(default.invalid("must not have unknown fields"));
        }
        let problems = json_schema::problems(schema.value(), default.value());
        errors.extend(problems.iter().map(|problem| problem.at(default.path())));
    });
}

/// Whether no default of a root schema has fields that its schema does not know.
pub fn are_pruned(schema: &Value) -> bool {
    let mut found = false;
    let place = Place::new(Some(schema), Path::none());
    each(&place, Where::Root, 0, &mut |schema, is_metadata| {
        let default = schema.field("default");
        found |= !is_metadata && has_unknown(default.value(), Some(schema.value()), false, 0);
    });
    let mut has_default = |schema: &Value| schema.get("default").is_some_and(|value| !value.is_null());
    !found || !walk::any(schema, &mut has_default, 0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Root,
    /// Of a resource, the part that all resources have.
    Metadata,
    Elsewhere,
}

/// Visits schemas with defaults, and says whether they are inside of metadata.
fn each(schema: &Place<'_>, at: Where, depth: usize, visit: &mut impl FnMut(&Place<'_>, bool)) {
    if depth > SCHEMA_DEPTH_MAX {
        return;
    }
    let is_embedded = at == Where::Root || schema.field(EMBEDDED).is_true();
    let at = if is_embedded { Where::Elsewhere } else { at };
    if schema.field("default").is_set() {
        visit(schema, at == Where::Metadata);
    }
    // There are no defaults inside of additionalProperties.
    let items = schema.field("items");
    if items.is_set() {
        each(&items, at, depth + 1, visit);
    }
    for (name, property) in schema.field("properties").entries() {
        let is_metadata = is_embedded && METADATA.contains(&name.as_str());
        each(
            &property,
            if is_metadata { Where::Metadata } else { at },
            depth + 1,
            visit,
        );
    }
}

/// Whether pruning by a schema would take something away.
fn has_unknown(value: &Value, schema: Option<&Value>, is_resource: bool, depth: usize) -> bool {
    if depth > SCHEMA_DEPTH_MAX {
        return false;
    }
    let is_true = |name: &str| schema.and_then(|schema| schema.bool_at(&[name])) == Some(true);
    let (keeps, is_resource) = (is_true(PRESERVE), is_resource || is_true(EMBEDDED));
    match value {
        Value::Map(map) => map.iter().any(|(name, inner)| {
            let property = schema.and_then(|schema| schema.at(&["properties", name]));
            let more = schema.and_then(|schema| schema.get("additionalProperties"));
            match (property, more) {
                _ if is_resource && METADATA.contains(&name.as_str()) => false,
                (Some(property), _) => has_unknown(inner, Some(property), false, depth + 1),
                (None, Some(more @ Value::Map(_))) => has_unknown(inner, Some(more), false, depth + 1),
                (None, _) if keeps => false,
                (None, Some(Value::Bool(_))) => has_unknown(inner, None, false, depth + 1),
                (None, _) => true,
            }
        }),
        Value::List(items) => {
            let each = schema
                .and_then(|schema| schema.get("items"))
                .filter(|each| each.as_map().is_some());
            let is_kept = keeps && each.is_none();
            !is_kept && items.iter().any(|item| has_unknown(item, each, false, depth + 1))
        }
        _ => false,
    }
}
