//! What kinds of lists and maps there are, and what their items must be for it.

use schema::Value;

use super::super::place::Place;
use super::strictness::Strictness;
use crate::strategy::Errors;

const LIST_TYPE: &str = "x-kubernetes-list-type";
const MAP_TYPE: &str = "x-kubernetes-map-type";
const KEYS: &str = "x-kubernetes-list-map-keys";
const IN_SET: &str = "must be atomic as item of a list with x-kubernetes-list-type=set";
const NAMED: &str = "this property is in x-kubernetes-list-map-keys, so it";

/// Checks what a schema says of itself as a list or a map.
pub fn check(schema: &Place<'_>, strict: &Strictness, errors: &mut Errors) {
    let map_type = schema.field(MAP_TYPE);
    must_be(schema, "object", &map_type, errors);
    map_type.one_of_if_set(&["atomic", "granular"], errors);
    let list_type = schema.field(LIST_TYPE);
    let is_list = must_be(schema, "array", &list_type, errors);
    if is_list && strict.atomic_sets && list_type.text() == "set" {
        set_items(&schema.field("items"), errors);
    }
    list_type.one_of_if_set(&["atomic", "set", "map"], errors);
    let keys = schema.field(KEYS);
    if !keys.list().is_empty() {
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        if !list_type.is_set() {
            errors.push(list_type.required(detail));
        } else if list_type.text() != "map" {
            errors.push(list_type.invalid_text(detail));
        }
    }
    if list_type.text() == "map" {
        map_items(schema, &keys, errors);
    }
    if strict.list_keys {
        item_presence(schema, errors);
    }
}

/// Whether a set has items that can change in part.
pub fn is_set_of_granular(schema: &Value) -> bool {
    let mut errors = Errors::new();
    let place = Place::new(Some(schema), object::field::Path::none());
    if schema.str_at(&[LIST_TYPE]) == Some("set") {
        set_items(&place.field("items"), &mut errors);
    }
    !errors.is_empty()
}

/// Whether a list has keys that may be absent or null, or null items.
pub fn has_bad_keys(schema: &Value) -> bool {
    let mut errors = Errors::new();
    item_presence(
        &Place::new(Some(schema), object::field::Path::none()),
        &mut errors,
    );
    !errors.is_empty()
}

/// Requires a type of what has an extension; whether it is of it.
fn must_be(schema: &Place<'_>, wanted: &str, extension: &Place<'_>, errors: &mut Errors) -> bool {
    let kind = schema.field("type");
    if !extension.is_set() || kind.text() == wanted {
        return extension.is_set();
    }
    let of = if wanted == "array" { LIST_TYPE } else { MAP_TYPE };
    let detail = format!("must be {wanted} if {of} is specified");
    errors.push(if kind.is_empty() {
        kind.required(&detail)
    } else {
        kind.invalid_text(detail)
    });
    false
}

fn set_items(items: &Place<'_>, errors: &mut Errors) {
    let [list_type, map_type] = [LIST_TYPE, MAP_TYPE].map(|field| items.field(field));
    match items.field("type").text() {
        "array" if list_type.is_set() && list_type.text() != "atomic" => {
            errors.push(list_type.invalid(IN_SET));
        }
        // The reference shows the type of the list.
        "object" if map_type.text() != "atomic" => {
            errors.push(map_type.invalid_as(list_type.value(), IN_SET));
        }
        _ => {}
    }
}

fn map_items(schema: &Place<'_>, keys: &Place<'_>, errors: &mut Errors) {
    let items = schema.field("items");
    if keys.list().is_empty() {
        errors.push(keys.required("must not be empty if x-kubernetes-list-type is map"));
    }
    if !items.is_set() {
        errors.push(items.required("must have a schema if x-kubernetes-list-type is map"));
        return;
    }
    if items.value().as_list().is_some() {
        errors.push(items.invalid("must only have a single schema if x-kubernetes-list-type is map"));
        return;
    }
    let kind = items.field("type");
    if kind.text() != "object" {
        errors.push(kind.invalid_text("must be object if parent array's x-kubernetes-list-type is map"));
        return;
    }
    let mut seen = Vec::new();
    for key in keys.texts() {
        let property = items.field("properties").key(key);
        let inner = property.field("type");
        if !property.is_set() {
            errors.push(keys.invalid("entries must all be names of item properties"));
        } else if ["array", "object"].contains(&inner.text()) {
            // The reference shows the type of the item.
            let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
            errors.push(inner.invalid_as(kind.text(), detail));
        }
        if seen.contains(&key) {
            errors.push(keys.invalid("must not contain duplicate entries"));
        }
        seen.push(key);
    }
}

/// Items of sets and maps are not null, and the keys of maps are always there.
fn item_presence(schema: &Place<'_>, errors: &mut Errors) {
    let (list_type, items) = (schema.field(LIST_TYPE), schema.field("items"));
    if items.value().as_map().is_none() || !["set", "map"].contains(&list_type.text()) {
        return;
    }
    let nullable = items.field("nullable");
    if nullable.is_true() {
        let detail = format!(
            "cannot be nullable when x-kubernetes-list-type is {}",
            list_type.text()
        );
        errors.push(nullable.forbidden(detail));
    }
    if list_type.text() != "map" {
        return;
    }
    let required = items.field("required").texts();
    for key in schema.field(KEYS).texts() {
        let property = items.field("properties").key(key);
        if !property.is_set() {
            continue;
        }
        let [default, nullable] = ["default", "nullable"].map(|field| property.field(field));
        if !required.contains(&key) && !default.is_set() {
            errors.push(default.required(&format!("{NAMED} must have a default or be a required property")));
        }
        if nullable.is_true() {
            errors.push(nullable.forbidden(format!("{NAMED} cannot be nullable")));
        }
    }
}
