//! Amounts of resources.

use schema::quantity::Quantity;

use super::no_overload;
use crate::function::Declared;
use crate::value::{Error, Kept, Outcome, Value};

const WITH_ANOTHER: &[&str] = &["quantity.(quantity) quantity", "quantity.(int) quantity"];

pub const ALL: &[Declared] = &[
    ("quantity", &["(string) quantity"], |args| match args {
        [Value::String(text)] => Quantity::parse(text)
            .map(kept)
            .map_err(|error| Error::failed(error.to_string())),
        _ => no_overload("quantity", args),
    }),
    ("isQuantity", &["(string) bool"], |args| match args {
        [Value::String(text)] => Ok(Value::Bool(Quantity::parse(text).is_ok())),
        _ => no_overload("isQuantity", args),
    }),
    ("sign", &["quantity.() int"], |args| {
        of("sign", args, |amount| Ok(Value::Int(amount.signum().into())))
    }),
    ("isInteger", &["quantity.() bool"], |args| {
        of("isInteger", args, |amount| {
            Ok(Value::Bool(integer(amount).is_some()))
        })
    }),
    ("asInteger", &["quantity.() int"], |args| {
        of("asInteger", args, |amount| {
            integer(amount)
                .map(Value::Int)
                .ok_or_else(|| Error::failed("cannot convert value to integer"))
        })
    }),
    ("asApproximateFloat", &["quantity.() double"], |args| {
        of("asApproximateFloat", args, |amount| {
            Ok(Value::Double(amount.approximate()))
        })
    }),
    ("add", WITH_ANOTHER, |args| with("add", args, Quantity::plus)),
    ("sub", WITH_ANOTHER, |args| with("sub", args, Quantity::minus)),
];

fn kept<'a>(amount: Quantity) -> Value<'a> {
    Value::Kept(Kept::Quantity(amount))
}

/// The amount, if it is whole and fits.
fn integer(amount: &Quantity) -> Option<i64> {
    let whole = amount.is_multiple_of(0).then(|| amount.value())?;
    (Quantity::whole(whole) == *amount).then_some(whole)
}

fn of<'a>(name: &str, args: &[Value<'a>], tell: fn(&Quantity) -> Outcome<'static>) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Quantity(amount))] => tell(amount),
        _ => no_overload(name, args),
    }
}

fn with<'a>(name: &str, args: &[Value<'a>], join: fn(&Quantity, &Quantity) -> Quantity) -> Outcome<'a> {
    match args {
        [
            Value::Kept(Kept::Quantity(left)),
            Value::Kept(Kept::Quantity(right)),
        ] => Ok(kept(join(left, right))),
        [Value::Kept(Kept::Quantity(left)), Value::Int(right)] => {
            Ok(kept(join(left, &Quantity::whole(*right))))
        }
        _ => no_overload(name, args),
    }
}
