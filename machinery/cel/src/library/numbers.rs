//! Arithmetic with numbers and times. What does not fit is an error, but for doubles.

use schema::time::Time;

use crate::value::{Error, Outcome, Value};

const INT: &str = "integer overflow";
const UINT: &str = "unsigned integer overflow";
const DURATION: &str = "duration overflow";
const TIMESTAMP: &str = "timestamp overflow";
const SECOND: i128 = 1_000_000_000;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

fn int<'a>(number: Option<i64>) -> Outcome<'a> {
    number.map(Value::Int).ok_or_else(|| Error::failed(INT))
}

fn uint<'a>(number: Option<u64>) -> Outcome<'a> {
    number.map(Value::Uint).ok_or_else(|| Error::failed(UINT))
}

fn duration<'a>(nanos: Option<i64>) -> Outcome<'a> {
    nanos.map(Value::Duration).ok_or_else(|| Error::failed(DURATION))
}

/// A moment so many nanoseconds after 1970.
fn moment<'a>(nanos: i128) -> Outcome<'a> {
    let seconds = i64::try_from(nanos.div_euclid(SECOND))
        .ok()
        .filter(|seconds| SECONDS.contains(seconds));
    let seconds = seconds.ok_or_else(|| Error::failed(TIMESTAMP))?;
    let nanos = nanos.rem_euclid(SECOND) as u32;
    Ok(Value::Timestamp(Time { seconds, nanos }))
}

/// A moment by its seconds since 1970.
pub fn of_seconds<'a>(seconds: i64) -> Outcome<'a> {
    moment(i128::from(seconds) * SECOND)
}

fn nanos(time: &Time) -> i128 {
    i128::from(time.seconds) * SECOND + i128::from(time.nanos)
}

pub fn negate<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(number)] => int(number.checked_neg()),
        [Value::Double(number)] => Ok(Value::Double(-number)),
        [Value::Duration(number)] => duration(number.checked_neg()),
        _ => Err(Error::no_overload()),
    }
}

pub fn add<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(left), Value::Int(right)] => int(left.checked_add(*right)),
        [Value::Uint(left), Value::Uint(right)] => uint(left.checked_add(*right)),
        [Value::Double(left), Value::Double(right)] => Ok(Value::Double(left + right)),
        [Value::Duration(left), Value::Duration(right)] => duration(left.checked_add(*right)),
        [Value::Timestamp(time), Value::Duration(by)] | [Value::Duration(by), Value::Timestamp(time)] => {
            moment(nanos(time) + i128::from(*by))
        }
        _ => Err(Error::no_overload()),
    }
}

pub fn subtract<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(left), Value::Int(right)] => int(left.checked_sub(*right)),
        [Value::Uint(left), Value::Uint(right)] => uint(left.checked_sub(*right)),
        [Value::Double(left), Value::Double(right)] => Ok(Value::Double(left - right)),
        [Value::Duration(left), Value::Duration(right)] => duration(left.checked_sub(*right)),
        [Value::Timestamp(left), Value::Timestamp(right)] => {
            duration(i64::try_from(nanos(left) - nanos(right)).ok())
        }
        [Value::Timestamp(time), Value::Duration(by)] => moment(nanos(time) - i128::from(*by)),
        _ => Err(Error::no_overload()),
    }
}

pub fn multiply<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(left), Value::Int(right)] => int(left.checked_mul(*right)),
        [Value::Uint(left), Value::Uint(right)] => uint(left.checked_mul(*right)),
        [Value::Double(left), Value::Double(right)] => Ok(Value::Double(left * right)),
        _ => Err(Error::no_overload()),
    }
}

pub fn divide<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Error::failed("division by zero"))
        }
        [Value::Int(left), Value::Int(right)] => int(left.checked_div(*right)),
        [Value::Uint(left), Value::Uint(right)] => uint(left.checked_div(*right)),
        [Value::Double(left), Value::Double(right)] => Ok(Value::Double(left / right)),
        _ => Err(Error::no_overload()),
    }
}

pub fn remainder<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Error::failed("modulus by zero"))
        }
        [Value::Int(left), Value::Int(right)] => int(left.checked_rem(*right)),
        [Value::Uint(left), Value::Uint(right)] => uint(left.checked_rem(*right)),
        _ => Err(Error::no_overload()),
    }
}
