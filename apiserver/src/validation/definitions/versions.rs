//! The versions of a definition: their names, which one is stored, and what each has of its own.

use std::collections::HashSet;

use object::field::Path;
use object::names::dns_1035_label;
use schema::Value;

use super::super::internal_form;
use super::super::place::Place;
use super::strictness::Strictness;
use super::{columns, field_path, root_schema, subresources};
use crate::limits::DEFINITION_WARNING_BYTES_MAX;
use crate::strategy::Errors;

/// Checks a definition's versions.
pub fn check(spec: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let versions = spec.field("versions");
    let mut names = HashSet::new();
    let mut unique = true;
    for version in versions.items() {
        let name = version.field("name");
        unique &= names.insert(name.text());
        label(&name, errors);
        self::version(spec, &version, strict, errors);
    }
    let told = |detail: &str| {
        let shown = internal_form::compact_list("CustomResourceDefinitionVersion", versions.value());
        versions.invalid_as(shown, detail)
    };
    if !unique {
        errors.push(told("must contain unique version names"));
    }
    if versions
        .items()
        .filter(|version| version.field("storage").is_true())
        .count()
        != 1
    {
        errors.push(told("must have exactly one version marked as storage version"));
    }
    // The first version's name stands at the top, too.
    let first = spec.field("version");
    if !first.is_empty() {
        label(&first, errors);
    }
}

fn label(name: &Place<'_>, errors: &mut Errors) {
    let problems = dns_1035_label(name.text());
    if !problems.is_empty() {
        errors.push(name.invalid_text(problems.join(",")));
    }
}

fn version(spec: &Place<'_>, version: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let warning = version.field("deprecationWarning");
    for detail in warning_problems(version.field("deprecated").is_true(), &warning) {
        errors.push(warning.invalid_text(detail));
    }
    let of_all = spec.field("versions");
    let own = of_all
        .items()
        .any(|version| version.field("subresources").is_set());
    let served = if own {
        version.field("subresources")
    } else {
        spec.field("subresources")
    };
    root_schema::check(
        &version.field("schema"),
        served.field("status").is_set(),
        strict,
        errors,
    );
    subresources::check(&version.field("subresources"), errors);
    columns::check(&version.field("additionalPrinterColumns"), errors);
    field_path::selectable(
        &version.field("selectableFields"),
        &version.field("schema"),
        "selectableFields may only be set when version.schema.openAPIV3Schema is not included",
        errors,
    );
}

fn warning_problems(deprecated: bool, warning: &Place<'_>) -> Vec<String> {
    if !warning.is_set() {
        return Vec::new();
    }
    if !deprecated {
        return vec!["can only be set for deprecated versions".to_owned()];
    }
    let text = warning.text();
    let mut problems = Vec::new();
    if text.len() > DEFINITION_WARNING_BYTES_MAX {
        problems.push(format!(
            "must be <= {DEFINITION_WARNING_BYTES_MAX} characters long"
        ));
    }
    if text.is_empty() {
        problems.push("must not be an empty string".to_owned());
    }
    // Of spaces, Go prints the plain one alone.
    let is_hidden = |char: char| char.is_control() || (char.is_whitespace() && char != ' ');
    if let Some((at, _)) = text.char_indices().find(|(_, char)| is_hidden(*char)) {
        problems.push(format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {at}"
        ));
    }
    problems
}

/// Requires schemas of all versions; of served ones alone where a stored definition goes without.
pub fn schemas_given(spec: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let has_schema = |place: Place<'_>| place.field("openAPIV3Schema").is_set();
    if has_schema(spec.field("validation")) {
        return;
    }
    let preserves = spec.field("preserveUnknownFields").is_true();
    for version in spec.field("versions").items() {
        let schema = version.field("schema");
        if has_schema(schema.clone()) {
            continue;
        }
        let place = schema.field("openAPIV3Schema");
        if strict.schemas {
            errors.push(place.required("schemas are required"));
        } else if !preserves && version.field("served").is_true() {
            errors.push(place.required("because otherwise all fields are pruned"));
        }
    }
}

/// Whether any version has a status of its own to write.
pub fn any_has_status(spec: &Place<'_>) -> bool {
    let has_status = |place: &Place<'_>| place.field("subresources").field("status").is_set();
    has_status(spec) || spec.field("versions").items().any(|version| has_status(&version))
}

/// Checks which versions objects are stored in: the storage version, and none that is gone.
pub fn stored(definition: &Value, errors: &mut Errors) {
    let path = Path::root("status").child("storedVersions");
    let place = Place::new(definition.at(&["status", "storedVersions"]), path);
    if place.list().is_empty() {
        errors.push(place.invalid("must have at least one stored version"));
        return;
    }
    let mut left: Vec<_> = place.items().collect();
    for version in definition.list_at(&["spec", "versions"]) {
        let name = version.str_at(&["name"]).unwrap_or_default();
        let before = left.len();
        left.retain(|stored| stored.text() != name);
        if left.len() == before && version.bool_at(&["storage"]) == Some(true) {
            errors.push(place.invalid(format!("must have the storage version {name}")));
        }
    }
    for version in left {
        let name = version.text();
        errors.push(version.invalid_text(format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        )));
    }
}
