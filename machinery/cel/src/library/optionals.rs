//! Optional values.

use std::sync::Arc;

use super::no_overload;
use crate::function::Declared;
use crate::value::{Error, Outcome, Value};

pub const ALL: &[Declared] = &[
    ("optional.of", &["(A) optional(A)"], |args| match args {
        [value] => Ok(Value::some(value.clone())),
        _ => no_overload("optional.of", args),
    }),
    ("optional.none", &["() optional(A)"], |_| {
        Ok(Value::Optional(None))
    }),
    (
        "optional.ofNonZeroValue",
        &["(A) optional(A)"],
        |args| match args {
            [value] if value.is_zero() => Ok(Value::Optional(None)),
            [value] => Ok(Value::some(value.clone())),
            _ => no_overload("optional.ofNonZeroValue", args),
        },
    ),
    ("hasValue", &["optional(A).() bool"], |args| match args {
        [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
        _ => no_overload("hasValue", args),
    }),
    ("value", &["optional(A).() A"], |args| match args {
        [Value::Optional(Some(value))] => Ok((**value).clone()),
        [Value::Optional(None)] => Err(Error::failed("optional.none() dereference")),
        _ => no_overload("value", args),
    }),
    (
        "or",
        &["optional(A).(optional(A)) optional(A)"],
        |args| match args {
            [first @ Value::Optional(Some(_)), Value::Optional(_)] => Ok(first.clone()),
            [Value::Optional(None), second @ Value::Optional(_)] => Ok(second.clone()),
            _ => no_overload("or", args),
        },
    ),
    ("orValue", &["optional(A).(A) A"], |args| match args {
        [Value::Optional(Some(value)), _] => Ok((**value).clone()),
        [Value::Optional(None), otherwise] => Ok(otherwise.clone()),
        _ => no_overload("orValue", args),
    }),
    ("first", &["list(A).() optional(A)"], |args| {
        end("first", args, true)
    }),
    ("last", &["list(A).() optional(A)"], |args| {
        end("last", args, false)
    }),
    ("optional.unwrap", &["(list(optional(A))) list(A)"], |args| {
        unwrapped("optional.unwrap", args)
    }),
    ("unwrapOpt", &["list(optional(A)).() list(A)"], |args| {
        unwrapped("unwrapOpt", args)
    }),
];

fn end<'a>(name: &str, args: &[Value<'a>], first: bool) -> Outcome<'a> {
    match args {
        [Value::List(list)] => {
            let at = if first { Some(0) } else { list.len().checked_sub(1) };
            Ok(Value::Optional(at.and_then(|at| list.get(at)).map(Arc::new)))
        }
        _ => no_overload(name, args),
    }
}

fn unwrapped<'a>(name: &str, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else {
        return no_overload(name, args);
    };
    let mut values = Vec::new();
    for item in list.iter() {
        match item {
            Value::Optional(value) => values.extend(value.map(|value| (*value).clone())),
            _ => return no_overload(name, args),
        }
    }
    Ok(Value::list(values))
}
