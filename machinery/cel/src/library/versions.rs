//! Semantic versions. Those that are written more loosely (`v1.2`, `01.2`) can be made regular first.

use std::sync::Arc;

use semver::Version;

use super::no_overload;
use crate::function::Declared;
use crate::value::{Error, Kept, Outcome, Value};

pub const ALL: &[Declared] = &[
    (
        "semver",
        &["(string) semver", "(string, bool) semver"],
        |args| match args {
            [Value::String(text)] => parsed(text, false),
            [Value::String(text), Value::Bool(loose)] => parsed(text, *loose),
            _ => no_overload("semver", args),
        },
    ),
    (
        "isSemver",
        &["(string) bool", "(string, bool) bool"],
        |args| match args {
            [Value::String(text)] => Ok(Value::Bool(parsed(text, false).is_ok())),
            [Value::String(text), Value::Bool(loose)] => Ok(Value::Bool(parsed(text, *loose).is_ok())),
            _ => no_overload("isSemver", args),
        },
    ),
    ("major", &["semver.() int"], |args| {
        part("major", args, |version| version.major)
    }),
    ("minor", &["semver.() int"], |args| {
        part("minor", args, |version| version.minor)
    }),
    ("patch", &["semver.() int"], |args| {
        part("patch", args, |version| version.patch)
    }),
];

fn parsed<'a>(text: &str, loose: bool) -> Outcome<'a> {
    let regular = if loose { regular(text) } else { text.to_owned() };
    match Version::parse(&regular) {
        Ok(version) => Ok(Value::Kept(Kept::Semver(Arc::new(version)))),
        Err(why) => Err(Error::failed(format!(
            "semver parse error during conversion from string: {why}"
        ))),
    }
}

/// Without a leading `v` and leading zeros, with three numbers.
fn regular(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut numbers: Vec<&str> = numbers.split('.').collect();
    for number in &mut numbers {
        let trimmed = number.trim_start_matches('0');
        *number = if trimmed.is_empty() && !number.is_empty() {
            "0"
        } else {
            trimmed
        };
    }
    // What comes after two numbers belongs to none.
    if rest.is_empty() && numbers.len() < 3 {
        numbers.resize(3, "0");
    }
    format!("{}{rest}", numbers.join("."))
}

fn part<'a>(name: &str, args: &[Value<'a>], of: fn(&Version) -> u64) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Semver(version))] => {
            let number = i64::try_from(of(version)).map_err(|_| Error::failed("integer overflow"))?;
            Ok(Value::Int(number))
        }
        _ => no_overload(name, args),
    }
}
