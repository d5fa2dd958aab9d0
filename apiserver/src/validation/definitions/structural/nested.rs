//! The parts of a structural schema that only narrow values: `allOf`, `anyOf`, `oneOf`, `not`, and what is inside them.

use object::field::{Error, Path};
use schema::Value;

use super::super::super::place::Place;
use super::{EMBEDDED, INT_OR_STRING, PRESERVE, int_or_string, values};
use crate::limits::SCHEMA_DEPTH_MAX;
use crate::strategy::Errors;

/// Where types may stand because they spell out an integer or a string: in `anyOf`, or in that of the first of `allOf`.
#[derive(Clone, Copy, Default)]
pub struct Exceptions {
    any_of: bool,
    first_of_all: bool,
}

/// Those of a schema.
pub fn exceptions(schema: &Value) -> Exceptions {
    let first = schema.list_at(&["allOf"]).first();
    let both = int_or_string();
    Exceptions {
        any_of: schema.get("anyOf") == Some(&both),
        first_of_all: first.is_some_and(|first| first.get("anyOf") == Some(&both)),
    }
}

/// Checks all parts of a schema.
pub fn parts(schema: &Place<'_>, exceptions: Exceptions, depth: usize, errors: &mut Errors) {
    if !exceptions.any_of {
        for part in schema.field("anyOf").items() {
            check(&part, Exceptions::default(), depth + 1, errors);
        }
    }
    for (at, part) in schema.field("allOf").items().enumerate() {
        let inner = Exceptions {
            any_of: exceptions.first_of_all && at == 0,
            first_of_all: false,
        };
        check(&part, inner, depth + 1, errors);
    }
    for part in schema.field("oneOf").items() {
        check(&part, Exceptions::default(), depth + 1, errors);
    }
    let not = schema.field("not");
    if not.is_set() {
        check(&not, Exceptions::default(), depth + 1, errors);
    }
}

fn check(part: &Place<'_>, exceptions: Exceptions, depth: usize, errors: &mut Errors) {
    if depth > SCHEMA_DEPTH_MAX {
        return;
    }
    values(part, exceptions, depth, errors);
    let items = part.field("items");
    if items.is_set() {
        check(&items, Exceptions::default(), depth + 1, errors);
    }
    for (_, property) in part.field("properties").entries() {
        check(&property, Exceptions::default(), depth + 1, errors);
    }
    let not_empty: fn(&Place<'_>) -> bool = |place| !place.is_empty();
    let given: fn(&Place<'_>) -> bool = |place| place.is_set();
    for (field, is_used, state) in [
        ("type", not_empty, "empty"),
        ("additionalProperties", given, "undefined"),
        ("default", given, "undefined"),
        ("title", not_empty, "empty"),
        ("description", not_empty, "empty"),
        ("nullable", not_empty, "false"),
        (PRESERVE, not_empty, "false"),
        (EMBEDDED, not_empty, "false"),
        (INT_OR_STRING, not_empty, "false"),
        ("x-kubernetes-list-map-keys", not_empty, "empty"),
        ("x-kubernetes-list-type", given, "undefined"),
        ("x-kubernetes-map-type", given, "undefined"),
        ("x-kubernetes-validations", not_empty, "empty"),
    ] {
        let place = part.field(field);
        if is_used(&place) {
            errors.push(place.forbidden(format!("must be {state} to be structural")));
        }
    }
    let metadata = part.field("properties").key("metadata");
    if metadata.is_set() {
        errors.push(metadata.forbidden("must not be specified in a nested context"));
    }
}

/// Requires of all fields that parts narrow that they are specified.
pub fn completeness(schema: &Place<'_>, errors: &mut Errors) {
    complete_parts(schema, Some(schema.value()), schema.path(), 0, errors);
}

/// `part` narrows what is specified by `whole`, which is at `path`.
fn complete_parts(part: &Place<'_>, whole: Option<&Value>, path: &Path, depth: usize, errors: &mut Errors) {
    let not = part.field("not");
    if not.is_set() {
        complete(&not, whole, path, depth + 1, errors);
    }
    for field in ["allOf", "anyOf", "oneOf"] {
        for inner in part.field(field).items() {
            complete(&inner, whole, path, depth + 1, errors);
        }
    }
}

fn complete(part: &Place<'_>, whole: Option<&Value>, path: &Path, depth: usize, errors: &mut Errors) {
    if depth > SCHEMA_DEPTH_MAX {
        return;
    }
    let Some(whole) = whole else {
        errors.push(Error::required(
            path,
            format!("because it is defined in {}", part.path()),
        ));
        return;
    };
    complete_parts(part, Some(whole), path, depth, errors);
    let items = part.field("items");
    if items.is_set() {
        complete(
            &items,
            whole.get("items"),
            &path.child("items"),
            depth + 1,
            errors,
        );
    }
    for (name, property) in part.field("properties").entries() {
        let specified = whole.at(&["properties", name]);
        let path = path.child("properties").key(name.clone());
        complete(&property, specified, &path, depth + 1, errors);
    }
}
