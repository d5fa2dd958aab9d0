//! The directives a patch may hold: their names, and what is cut out of values that are taken over whole.

use schema::Value;

use super::Error;

pub(super) const PATCH: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
const SET_ELEMENT_ORDER: &str = "$setElementOrder";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList";

/// The field whose order `key` sets; none if it is not that directive.
pub(super) fn ordered_field(key: &str) -> Option<Result<&str, Error>> {
    field_of(key, SET_ELEMENT_ORDER, Error::SetElementOrder)
}

/// The field from which `key` deletes; none if it is not that directive.
pub(super) fn deleted_field(key: &str) -> Option<Result<&str, Error>> {
    field_of(key, DELETE_FROM_PRIMITIVE_LIST, Error::PrimitiveList)
}

fn field_of<'k>(key: &'k str, directive: &str, malformed: Error) -> Option<Result<&'k str, Error>> {
    let rest = key.strip_prefix(directive)?;
    Some(rest.strip_prefix('/').ok_or(malformed))
}

/// A value that the document does not have yet, as it enters it: without nulls in maps, and without the maps that
/// carry `$patch`. None if it carries `$patch` itself.
pub(super) fn taken_over(value: Value) -> Option<Value> {
    match value {
        Value::Map(map) if map.contains_key(PATCH) => None,
        Value::Map(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Some(Value::Map(
                kept.filter_map(|(key, value)| Some((key, taken_over(value)?)))
                    .collect(),
            ))
        }
        Value::List(items) => Some(Value::List(items.into_iter().filter_map(taken_over).collect())),
        other => Some(other),
    }
}
