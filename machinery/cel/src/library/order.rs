//! Order between values of libraries: amounts and versions.

use std::cmp::Ordering;

use super::no_overload;
use crate::function::Declared;
use crate::value::{Kept, Outcome, Value};

const TESTS: &[&str] = &["quantity.(quantity) bool", "semver.(semver) bool"];

pub const ALL: &[Declared] = &[
    ("isGreaterThan", TESTS, |args| {
        compared("isGreaterThan", args, |order| Value::Bool(order.is_gt()))
    }),
    ("isLessThan", TESTS, |args| {
        compared("isLessThan", args, |order| Value::Bool(order.is_lt()))
    }),
    (
        "compareTo",
        &["quantity.(quantity) int", "semver.(semver) int"],
        |args| compared("compareTo", args, |order| Value::Int(order as i64)),
    ),
];

fn compared<'a>(name: &str, args: &[Value<'a>], tell: fn(Ordering) -> Value<'static>) -> Outcome<'a> {
    match args {
        [
            Value::Kept(Kept::Quantity(left)),
            Value::Kept(Kept::Quantity(right)),
        ] => Ok(tell(left.cmp(right))),
        [Value::Kept(Kept::Semver(left)), Value::Kept(Kept::Semver(right))] => {
            Ok(tell(left.cmp_precedence(right)))
        }
        _ => no_overload(name, args),
    }
}
