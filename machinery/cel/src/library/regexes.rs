//! Regular expressions, as RE2 reads them.

use std::sync::Arc;

use object::patterns;
use regex::Regex;

use super::no_overload;
use crate::function::Declared;
use crate::limits::REGEX_BYTES_MAX;
use crate::value::{Error, Kept, Outcome, Value};

pub const ALL: &[Declared] = &[
    (
        "matches",
        &["(string, string) bool", "string.(string) bool"],
        matches,
    ),
    ("find", &["string.(string) string"], find),
    (
        "findAll",
        &[
            "string.(string) list(string)",
            "string.(string, int) list(string)",
        ],
        find_all,
    ),
];

/// A compiled pattern, or what is wrong with it.
pub fn compiled(pattern: &str) -> Result<Arc<Regex>, Error> {
    if let Some(problem) = patterns::problem(pattern) {
        return Err(Error::failed(problem));
    }
    let regex = patterns::compile(pattern, REGEX_BYTES_MAX);
    regex
        .map(Arc::new)
        .ok_or_else(|| Error::failed("regular expression is too large"))
}

/// The pattern of a call: compiled before, or now.
fn regex(value: &Value<'_>) -> Result<Arc<Regex>, Error> {
    match value {
        Value::Kept(Kept::Regex(regex)) => Ok(regex.clone()),
        Value::String(pattern) => compiled(pattern),
        _ => Err(Error::no_overload()),
    }
}

fn matches<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(text), pattern] => Ok(Value::Bool(regex(pattern)?.is_match(text))),
        _ => no_overload("matches", args),
    }
}

fn find<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(text), pattern] => Ok(Value::text(
            regex(pattern)?.find(text).map_or("", |found| found.as_str()),
        )),
        _ => no_overload("find", args),
    }
}

fn find_all<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, pattern, limit) = match args {
        [Value::String(text), pattern] => (text, pattern, usize::MAX),
        [Value::String(text), pattern, Value::Int(limit)] => {
            (text, pattern, usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        _ => return no_overload("findAll", args),
    };
    let regex = regex(pattern)?;
    let found = regex
        .find_iter(text)
        .take(limit)
        .map(|found| Value::text(found.as_str()));
    Ok(Value::list(found.collect()))
}
