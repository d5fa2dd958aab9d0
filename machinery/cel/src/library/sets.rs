//! Lists taken as sets: order and repetition do not matter.

use super::no_overload;
use crate::function::Declared;
use crate::value::{List, Outcome, Value, equal};

const OF_TWO: &[&str] = &["(list(A), list(A)) bool"];

pub const ALL: &[Declared] = &[
    ("sets.contains", OF_TWO, |args| {
        of_two("sets.contains", args, contains)
    }),
    ("sets.intersects", OF_TWO, |args| {
        of_two("sets.intersects", args, |left, right| {
            right.iter().any(|item| has(left, &item))
        })
    }),
    ("sets.equivalent", OF_TWO, |args| {
        of_two("sets.equivalent", args, |left, right| {
            contains(left, right) && contains(right, left)
        })
    }),
];

fn of_two<'a>(name: &str, args: &[Value<'a>], holds: fn(&List<'a>, &List<'a>) -> bool) -> Outcome<'a> {
    match args {
        [Value::List(left), Value::List(right)] => Ok(Value::Bool(holds(left, right))),
        _ => no_overload(name, args),
    }
}

fn has(list: &List<'_>, value: &Value<'_>) -> bool {
    list.iter().any(|item| equal(&item, value))
}

fn contains(list: &List<'_>, items: &List<'_>) -> bool {
    items.iter().all(|item| has(list, &item))
}
