//! The schema of a version, or of all: what may stand at its root, and its checks in their order.
//! It must be structural before its defaults are looked at; that it is well formed is checked in any case.

use object::field::Error;
use schema::Value;

use super::super::internal_form;
use super::super::place::Place;
use super::strictness::Strictness;
use super::{defaults, open_api, structural};
use crate::strategy::Errors;

/// What may stand at the root where `status` is written by itself, in the reference's order and words.
const AT_ROOT: [(&str, &str); 22] = [
    ("description", "Description"),
    ("type", "Type"),
    ("format", "Format"),
    ("title", "Title"),
    ("maximum", "Maximum"),
    ("exclusiveMaximum", "ExclusiveMaximum"),
    ("minimum", "Minimum"),
    ("exclusiveMinimum", "ExclusiveMinimum"),
    ("maxLength", "MaxLength"),
    ("minLength", "MinLength"),
    ("pattern", "Pattern"),
    ("maxItems", "MaxItems"),
    ("minItems", "MinItems"),
    ("uniqueItems", "UniqueItems"),
    ("multipleOf", "MultipleOf"),
    ("required", "Required"),
    ("items", "Items"),
    ("properties", "Properties"),
    ("externalDocs", "ExternalDocs"),
    ("example", "Example"),
    ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
    ("x-kubernetes-validations", "XValidations"),
];

/// Checks the schema that `holder` has, if it has one.
pub fn check(holder: &Place<'_>, with_status: bool, strict: &Strictness, errors: &mut Errors) {
    let schema = holder.field("openAPIV3Schema");
    if !schema.is_set() {
        return;
    }
    let before = errors.len();
    if with_status {
        root(&schema, errors);
    }
    if schema.field("nullable").is_true() {
        errors.push(
            schema
                .field("nullable")
                .forbidden("nullable cannot be true at the root"),
        );
    }
    let mut unsupported = None;
    let mut is_structural = false;
    if strict.structural {
        if structural::has_unsupported(schema.value()) {
            unsupported = Some(schema.invalid_as("", "OpenAPIV3Schema 'schema' is not supported"));
        } else {
            let found = structural::check(&schema);
            is_structural = found.is_empty();
            if is_structural {
                defaults::check(&schema, strict.pruned_defaults, errors);
            }
            errors.extend(found);
        }
    }
    open_api::check(&schema, strict, is_structural, errors);
    // What cannot be structural is mostly told by then.
    if errors.len() == before {
        errors.extend(unsupported);
    }
}

fn root(schema: &Place<'_>, errors: &mut Errors) {
    let entries = schema.value().as_map().into_iter().flat_map(|map| map.iter());
    let given = |field: &str, value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty() || field.starts_with("x-"),
        _ => true,
    };
    let allowed = |field: &str| AT_ROOT.iter().any(|(name, _)| *name == field);
    let mut extra = entries.filter(|(field, value)| given(field, value) && !allowed(field));
    let kind = schema.field("type");
    if !kind.is_empty() && kind.text() != "object" {
        errors.push(kind.invalid_text(
            "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled",
        ));
    } else if extra.next().is_some() {
        let names: Vec<&str> = AT_ROOT.iter().map(|(_, shown)| *shown).collect();
        let detail = format!(
            "only [{}] fields are allowed at the root of the schema if the status subresource is enabled",
            names.join(" ")
        );
        let shown = internal_form::compact("JSONSchemaProps", schema.value());
        errors.push(Error::invalid(schema.path(), shown, detail));
    }
}
