//! Operators, and what the language has for lists, maps and texts alike.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{no_overload, numbers};
use crate::function::Declared;
use crate::limits::{TEXT_BYTES_MAX, VALUES_MAX};
use crate::value::{Error, Key, Outcome, Value, are_ordered, compare, equal};

const ORDERED: &[&str] = &[
    "(bool, bool) bool",
    "(int, int) bool",
    "(int, double) bool",
    "(int, uint) bool",
    "(uint, uint) bool",
    "(uint, double) bool",
    "(uint, int) bool",
    "(double, double) bool",
    "(double, int) bool",
    "(double, uint) bool",
    "(string, string) bool",
    "(bytes, bytes) bool",
    "(timestamp, timestamp) bool",
    "(duration, duration) bool",
];

const NUMBERS: &[&str] = &["(int, int) int", "(uint, uint) uint", "(double, double) double"];

pub const ALL: &[Declared] = &[
    ("!_", &["(bool) bool"], not),
    (
        "-_",
        &["(int) int", "(double) double", "(duration) duration"],
        numbers::negate,
    ),
    ("_==_", &["(A, A) bool"], |args| same(args, true)),
    ("_!=_", &["(A, A) bool"], |args| same(args, false)),
    ("_<_", ORDERED, |args| ordered(args, Ordering::is_lt)),
    ("_<=_", ORDERED, |args| ordered(args, Ordering::is_le)),
    ("_>_", ORDERED, |args| ordered(args, Ordering::is_gt)),
    ("_>=_", ORDERED, |args| ordered(args, Ordering::is_ge)),
    ("_+_", NUMBERS, add),
    (
        "_+_",
        &[
            "(string, string) string",
            "(bytes, bytes) bytes",
            "(list(A), list(A)) list(A)",
            "(duration, duration) duration",
            "(timestamp, duration) timestamp",
            "(duration, timestamp) timestamp",
        ],
        add,
    ),
    ("_-_", NUMBERS, numbers::subtract),
    (
        "_-_",
        &[
            "(duration, duration) duration",
            "(timestamp, timestamp) duration",
            "(timestamp, duration) timestamp",
        ],
        numbers::subtract,
    ),
    ("_*_", NUMBERS, numbers::multiply),
    ("_/_", NUMBERS, numbers::divide),
    (
        "_%_",
        &["(int, int) int", "(uint, uint) uint"],
        numbers::remainder,
    ),
    ("_&&_", &["(bool, bool) bool"], run_by_machine),
    ("_||_", &["(bool, bool) bool"], run_by_machine),
    ("_?_:_", &["(bool, A, A) A"], run_by_machine),
    ("@not_strictly_false", &["(bool) bool"], run_by_machine),
    (
        "cel.@mapInsert",
        &["(map(A, B), A, B) map(A, B)", "(map(A, B), map(A, B)) map(A, B)"],
        run_by_machine,
    ),
    ("@in", &["(A, list(A)) bool", "(A, map(A, B)) bool"], contains),
    (
        "_[_]",
        &[
            "(list(A), int) A",
            "(map(A, B), A) B",
            "(optional(list(A)), int) optional(A)",
            "(optional(map(A, B)), A) optional(B)",
        ],
        index,
    ),
    (
        "_[?_]",
        &[
            "(list(A), int) optional(A)",
            "(map(A, B), A) optional(B)",
            "(optional(list(A)), int) optional(A)",
            "(optional(map(A, B)), A) optional(B)",
        ],
        optional_index,
    ),
    (
        "size",
        &[
            "(string) int",
            "(bytes) int",
            "(list(A)) int",
            "(map(A, B)) int",
            "string.() int",
            "bytes.() int",
            "list(A).() int",
            "map(A, B).() int",
        ],
        size,
    ),
];

/// What is no function but a step of its own; nobody can call it by its name.
fn run_by_machine<'a>(_: &[Value<'a>]) -> Outcome<'a> {
    Err(Error::no_overload())
}

fn not<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bool(truth)] => Ok(Value::Bool(!truth)),
        _ => Err(Error::no_overload()),
    }
}

fn same<'a>(args: &[Value<'a>], wanted: bool) -> Outcome<'a> {
    match args {
        [left, right] => Ok(Value::Bool(equal(left, right) == wanted)),
        _ => Err(Error::no_overload()),
    }
}

fn ordered<'a>(args: &[Value<'a>], is: fn(Ordering) -> bool) -> Outcome<'a> {
    match args {
        [left, right] if are_ordered(left, right) => Ok(Value::Bool(compare(left, right).is_some_and(is))),
        _ => Err(Error::no_overload()),
    }
}

fn add<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(left), Value::String(right)] => {
            fits(left.len() + right.len(), TEXT_BYTES_MAX)?;
            Ok(Value::text([left.as_str(), right.as_str()].concat()))
        }
        [Value::Bytes(left), Value::Bytes(right)] => {
            fits(left.len() + right.len(), TEXT_BYTES_MAX)?;
            Ok(Value::Bytes(Arc::from([&**left, &**right].concat())))
        }
        [Value::List(left), Value::List(right)] => {
            fits(left.len() + right.len(), VALUES_MAX as usize)?;
            Ok(Value::list(left.iter().chain(right.iter()).collect()))
        }
        _ => numbers::add(args),
    }
}

/// What is made must not be too large.
pub fn fits(size: usize, max: usize) -> Result<(), Error> {
    if size > max { Err(Error::CostLimit) } else { Ok(()) }
}

fn contains<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [value, Value::List(list)] => Ok(Value::Bool(list.iter().any(|item| equal(value, &item)))),
        [key, Value::Map(map)] => Ok(Value::Bool(
            Key::wanted(key).is_ok_and(|key| map.get(&key).is_some()),
        )),
        _ => Err(Error::no_overload()),
    }
}

/// An item or an entry; nothing if it is not there.
fn found<'a>(of: &Value<'a>, at: &Value<'a>) -> Result<Option<Value<'a>>, Error> {
    match (of, Key::wanted(at)) {
        (Value::List(list), Ok(Key::Int(at))) => Ok(usize::try_from(at).ok().and_then(|at| list.get(at))),
        (Value::List(list), Ok(Key::Uint(at))) => Ok(usize::try_from(at).ok().and_then(|at| list.get(at))),
        (Value::List(_), _) => Err(Error::failed(format!(
            "unsupported index type '{}' in list",
            at.type_name()
        ))),
        (Value::Map(map), Ok(key)) => Ok(map.get(&key)),
        (Value::Map(_), Err(_)) => Ok(None),
        _ => Err(Error::no_overload()),
    }
}

fn index<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Optional(_), _] => optional_index(args),
        [of, at] => found(of, at)?.ok_or_else(|| {
            let shown = super::text_of(at).unwrap_or_default();
            let what = if matches!(of, Value::List(_)) {
                "index out of bounds"
            } else {
                "no such key"
            };
            Error::failed(format!("{what}: {shown}"))
        }),
        _ => Err(Error::no_overload()),
    }
}

fn optional_index<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Optional(None), _] => Ok(Value::Optional(None)),
        [Value::Optional(Some(of)), at] => Ok(Value::Optional(found(of, at)?.map(Arc::new))),
        [of, at] => Ok(Value::Optional(found(of, at)?.map(Arc::new))),
        _ => Err(Error::no_overload()),
    }
}

fn size<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [value @ (Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_))] => {
            Ok(Value::Int(value.size().unwrap_or_default() as i64))
        }
        _ => no_overload("size", args),
    }
}
