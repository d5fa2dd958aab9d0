//! Lists: order, sums, and where something stands; the latter of texts, too.

use std::cmp::Ordering;

use super::strings::{byte_of, out_of_range};
use super::{no_overload, numbers};
use crate::function::Declared;
use crate::value::{Error, Outcome, Value, are_ordered, compare, equal};

const EXTREMES: &[&str] = &[
    "list(int).() int",
    "list(uint).() uint",
    "list(double).() double",
    "list(bool).() bool",
    "list(duration).() duration",
    "list(timestamp).() timestamp",
    "list(string).() string",
    "list(bytes).() bytes",
];

pub const ALL: &[Declared] = &[
    (
        "isSorted",
        &[
            "list(int).() bool",
            "list(uint).() bool",
            "list(double).() bool",
            "list(bool).() bool",
            "list(duration).() bool",
            "list(timestamp).() bool",
            "list(string).() bool",
            "list(bytes).() bool",
        ],
        is_sorted,
    ),
    (
        "sum",
        &[
            "list(int).() int",
            "list(uint).() uint",
            "list(double).() double",
            "list(duration).() duration",
        ],
        sum,
    ),
    ("min", EXTREMES, |args| extreme("min", args, Ordering::is_lt)),
    ("max", EXTREMES, |args| extreme("max", args, Ordering::is_gt)),
    ("indexOf", &["list(A).(A) int"], |args| index_of("indexOf", args)),
    ("lastIndexOf", &["list(A).(A) int"], |args| {
        index_of("lastIndexOf", args)
    }),
];

fn is_sorted<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else {
        return no_overload("isSorted", args);
    };
    let mut before: Option<Value<'a>> = None;
    for item in list.iter() {
        if let Some(before) = &before {
            if !are_ordered(before, &item) {
                return no_overload("isSorted", args);
            }
            if compare(before, &item).is_none_or(Ordering::is_gt) {
                return Ok(Value::Bool(false));
            }
        }
        before = Some(item);
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else {
        return no_overload("sum", args);
    };
    let mut items = list.iter();
    let first = items.next().unwrap_or(Value::Int(0));
    items.try_fold(first, |sum, item| numbers::add(&[sum, item]))
}

fn extreme<'a>(name: &str, args: &[Value<'a>], is_better: fn(Ordering) -> bool) -> Outcome<'a> {
    let [Value::List(list)] = args else {
        return no_overload(name, args);
    };
    let mut items = list.iter();
    let first = items
        .next()
        .ok_or_else(|| Error::failed(format!("{name} called on empty list")))?;
    items.try_fold(first, |best, item| match are_ordered(&item, &best) {
        true if compare(&item, &best).is_some_and(is_better) => Ok(item),
        true => Ok(best),
        false => no_overload(name, args),
    })
}

/// Where a value stands in a list, or a text in a text; -1 if nowhere.
pub fn index_of<'a>(name: &str, args: &[Value<'a>]) -> Outcome<'a> {
    let from_end = name == "lastIndexOf";
    match args {
        [Value::List(list), value] => {
            let mut places = list
                .iter()
                .enumerate()
                .filter(|(_, item)| equal(item, value))
                .map(|(at, _)| at);
            let found = if from_end { places.last() } else { places.next() };
            Ok(Value::Int(found.map_or(-1, |at| at as i64)))
        }
        [Value::String(text), Value::String(part)] => {
            let from = if from_end { text.chars().count() as i64 } else { 0 };
            text_index(text, part, from, from_end)
        }
        [Value::String(text), Value::String(part), Value::Int(from)] => {
            text_index(text, part, *from, from_end)
        }
        _ => no_overload(name, args),
    }
}

/// The first place at or after `from`, or the last at or before it.
fn text_index<'a>(text: &str, part: &str, from: i64, from_end: bool) -> Outcome<'a> {
    let Some(byte) = byte_of(text, from) else {
        return out_of_range(from);
    };
    let found = match from_end {
        false => text[byte..].find(part).map(|at| byte + at),
        // A part that begins at the place may end after it.
        true => {
            let end = text.len().min(byte + part.len());
            let end = (end..=text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(text.len());
            text[..end]
                .rmatch_indices(part)
                .map(|(at, _)| at)
                .find(|at| *at <= byte)
        }
    };
    Ok(Value::Int(
        found.map_or(-1, |byte| text[..byte].chars().count() as i64),
    ))
}
