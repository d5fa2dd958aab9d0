//! Custom resource definitions: what their resources are called, which versions they have, and what their objects look like.
//! Definitions are checked in the form that they are stored in, which the reference's errors speak of: what all versions
//! share stands at the top.

mod columns;
mod compiled_rules;
mod conversion;
mod defaults;
mod field_path;
mod formats;
mod list_types;
mod names;
mod open_api;
mod protected;
mod root_schema;
mod rules;
mod strictness;
pub mod structural;
mod subresources;
mod versions;
mod walk;

pub use formats::warnings;

use kinds::convert::definition_to_stored;
use object::field::{Error, Path};
use object::meta_validation::IMMUTABLE;
use object::names::dns_subdomain;
use schema::Value;

use self::strictness::Strictness;
use super::place::Place;
use crate::strategy::Errors;

/// The names of the fields that a path of a rule leads through, in a schema where it was found to be good.
pub fn field_steps(path: &str, schema: &Value) -> Vec<String> {
    field_path::find(path, schema, true).map_or_else(|_| Vec::new(), |(steps, _)| steps)
}

/// A new definition.
pub fn create(object: &Value, errors: &mut Errors) {
    let stored = stored(object);
    name(&stored, errors);
    spec(&Place::root(&stored, "spec"), &Strictness::FULL, errors);
    status(&stored, &stored, errors);
    versions::stored(&stored, errors);
    protected::check(&stored, None, errors);
    preserve(&stored, errors);
}

/// A definition after another: its group and plural name stay; once it is established, so do its scope and kind.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    let (stored, before) = (stored(object), stored(old));
    let (spec, old_spec) = (Place::root(&stored, "spec"), Place::root(&before, "spec"));
    self::spec(&spec, &Strictness::of_update(&before), errors);
    let established = is_established(&before);
    let of = |spec: &Place<'_>, path: [&'static str; 2]| match path {
        ["", field] => spec.field(field).text().to_owned(),
        [parent, field] => spec.field(parent).field(field).text().to_owned(),
    };
    for (path, always) in [
        (["", "scope"], false),
        (["names", "kind"], false),
        (["", "group"], true),
        (["names", "plural"], true),
    ] {
        if (always || established) && of(&spec, path) != of(&old_spec, path) {
            let place = match path {
                ["", field] => spec.field(field),
                [parent, field] => spec.field(parent).field(field),
            };
            errors.push(place.invalid_text(IMMUTABLE));
        }
    }
    status(&stored, &before, errors);
    versions::stored(&stored, errors);
    protected::check(&stored, Some(&before), errors);
    if !preserves(&before) {
        preserve(&stored, errors);
    }
}

/// A definition's status.
pub fn status(object: &Value, _old: &Value, errors: &mut Errors) {
    names::check(&Place::root(object, "status").field("acceptedNames"), errors);
}

fn stored(object: &Value) -> Value {
    let mut stored = object.clone();
    definition_to_stored(&mut stored);
    stored
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition.list_at(&["status", "conditions"]);
    conditions.iter().any(|condition| {
        condition.str_at(&["type"]) == Some("Established") && condition.str_at(&["status"]) == Some("True")
    })
}

fn preserves(definition: &Value) -> bool {
    definition.bool_at(&["spec", "preserveUnknownFields"]) == Some(true)
}

/// Names follow from what is defined. That there is one, or a prefix for one, is checked with all metadata.
fn name(definition: &Value, errors: &mut Errors) {
    let spec = Place::root(definition, "spec");
    let (group, plural) = (spec.field("group"), spec.field("names").field("plural"));
    let wanted = format!("{}.{}", plural.text(), group.text());
    let metadata = Place::root(definition, "metadata");
    for name in ["generateName", "name"].map(|field| metadata.field(field)) {
        if !name.is_empty() && name.text() != wanted {
            errors.push(name.invalid_text("must be spec.names.plural+\".\"+spec.group"));
        }
    }
}

fn spec(spec: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let group = spec.field("group");
    if group.require(errors) {
        let problems = dns_subdomain(group.text());
        if !problems.is_empty() {
            errors.push(group.invalid_text(problems.join(",")));
        } else if !group.text().contains('.') {
            errors.push(group.invalid_text("should be a domain with at least one dot"));
        }
    }
    spec.field("scope")
        .require_one_of(&["Cluster", "Namespaced"], errors);
    versions::schemas_given(spec, strict, errors);
    let strict = strict.for_spec(spec);
    if walk::any_of_spec(spec, |schema| {
        schema.get("default").is_some_and(|value| !value.is_null())
    }) && spec.field("preserveUnknownFields").is_true()
    {
        let detail = "must be false in order to use defaults in the schema";
        errors.push(spec.field("preserveUnknownFields").invalid(detail));
    }
    versions::check(spec, &strict, errors);
    for field in ["plural", "singular", "kind", "listKind"] {
        spec.field("names").field(field).require(errors);
    }
    names::check(&spec.field("names"), errors);
    let with_status = versions::any_has_status(spec);
    root_schema::check(&spec.field("validation"), with_status, &strict, errors);
    subresources::check(&spec.field("subresources"), errors);
    columns::check(&spec.field("additionalPrinterColumns"), errors);
    field_path::selectable(
        &spec.field("selectableFields"),
        &spec.field("validation"),
        "selectableFields may only be set when validations.schema is included",
        errors,
    );
    conversion::check(spec, &strict, errors);
}

/// Objects keep unknown fields where their schema says so, not as a whole.
fn preserve(definition: &Value, errors: &mut Errors) {
    if preserves(definition) {
        let path = Path::root("spec").child("preserveUnknownFields");
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(Error::invalid(&path, &Value::Bool(true), detail));
    }
}

#[cfg(test)]
mod tests;
