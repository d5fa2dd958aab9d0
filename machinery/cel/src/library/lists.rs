//! Lists: order, sums, and where something stands; the latter of texts, too.

use std::cmp::Ordering;

use super::strings::text_index;
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
            let chars = text.chars().count() as i64;
            let from = match (from_end, part.is_empty()) {
                (false, _) => 0,
                (true, true) => chars,
                // Of no text at all, there is no last place.
                (true, false) => (chars - 1).max(0),
            };
            text_index(text, part, from, from_end)
        }
        [Value::String(text), Value::String(part), Value::Int(from)] => {
            text_index(text, part, *from, from_end)
        }
        _ => no_overload(name, args),
    }
}
