//! The numbers and the selector that an object's scale is read from, where the definition says that they are.

use std::fmt::Write;

use ::custom::Scale;
use object::field::{Error, Path};
use schema::{SmolStr, Value, json};

use crate::strategy::Errors;

/// Checks what is wanted.
pub(super) fn check_spec(places: &Scale, object: &Value, errors: &mut Errors) {
    replicas(&places.spec_replicas, object, errors);
}

/// Checks what is there.
pub(super) fn check_status(places: &Scale, object: &Value, errors: &mut Errors) {
    replicas(&places.status_replicas, object, errors);
    let Some(path) = &places.selector else { return };
    let problem = match find(object, path) {
        Ok(None | Some(Value::String(_))) => return,
        Ok(Some(other)) => wrong(path, other, "string"),
        Err(problem) => problem,
    };
    errors.push(Error::invalid(&Path::root(dotted(path)), "", problem));
}

fn replicas(path: &[SmolStr], object: &Value, errors: &mut Errors) {
    let (number, problem) = match find(object, path) {
        Ok(None) => return,
        Ok(Some(Value::Int(number))) => match *number {
            number @ ..0 => (number, "should be a non-negative integer".to_owned()),
            number if number > i64::from(i32::MAX) => {
                (number, format!("should be less than or equal to {}", i32::MAX))
            }
            _ => return,
        },
        Ok(Some(other)) => (0, wrong(path, other, "int64")),
        Err(problem) => (0, problem),
    };
    errors.push(Error::invalid(&Path::root(dotted(path)), number, problem));
}

/// The value at a path; what is wrong if something on the way has no fields.
fn find<'a>(object: &'a Value, path: &[SmolStr]) -> Result<Option<&'a Value>, String> {
    let mut value = object;
    for (at, name) in path.iter().enumerate() {
        match value {
            Value::Null => return Ok(None),
            Value::Map(map) => match map.get(name) {
                Some(inner) => value = inner,
                None => return Ok(None),
            },
            other => return Err(wrong(&path[..=at], other, "map[string]interface{}")),
        }
    }
    Ok(Some(value))
}

fn dotted(path: &[SmolStr]) -> String {
    path.iter().fold(String::new(), |all, name| all + "." + name)
}

fn wrong(path: &[SmolStr], value: &Value, expected: &str) -> String {
    let kind = match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    };
    let mut shown = String::new();
    print(value, &mut shown);
    let path = dotted(path);
    format!("{path} accessor error: {shown} is of the type {kind}, expected {expected}")
}

/// As Go prints values by default.
fn print(value: &Value, to: &mut String) {
    match value {
        Value::Null => to.push_str("<nil>"),
        Value::String(text) => to.push_str(text),
        Value::List(items) => {
            to.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    to.push(' ');
                }
                print(item, to);
            }
            to.push(']');
        }
        Value::Map(map) => {
            to.push_str("map[");
            for (at, (key, value)) in map.iter().enumerate() {
                let space = if at > 0 { " " } else { "" };
                let _ = write!(to, "{space}{key}:");
                print(value, to);
            }
            to.push(']');
        }
        other => to.push_str(&json::to_string(other)),
    }
}
