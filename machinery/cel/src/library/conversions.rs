//! From one type to another, and to text.

use std::sync::Arc;

use schema::time::{Time, duration};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::numbers;
use crate::function::Declared;
use crate::value::{Error, Kept, Outcome, Value};

pub const ALL: &[Declared] = &[
    ("bool", &["(bool) bool", "(string) bool"], to_bool),
    (
        "int",
        &[
            "(int) int",
            "(uint) int",
            "(double) int",
            "(string) int",
            "(timestamp) int",
            "(duration) int",
        ],
        to_int,
    ),
    (
        "uint",
        &["(uint) uint", "(int) uint", "(double) uint", "(string) uint"],
        to_uint,
    ),
    (
        "double",
        &[
            "(double) double",
            "(int) double",
            "(uint) double",
            "(string) double",
        ],
        to_double,
    ),
    (
        "string",
        &[
            "(string) string",
            "(bool) string",
            "(int) string",
            "(uint) string",
            "(double) string",
            "(bytes) string",
            "(timestamp) string",
            "(duration) string",
            "(ip) string",
            "(cidr) string",
        ],
        to_string,
    ),
    ("bytes", &["(bytes) bytes", "(string) bytes"], to_bytes),
    (
        "timestamp",
        &["(timestamp) timestamp", "(string) timestamp", "(int) timestamp"],
        to_timestamp,
    ),
    (
        "duration",
        &["(duration) duration", "(string) duration"],
        to_duration,
    ),
    ("dyn", &["(A) dyn"], |args| {
        args.first().cloned().ok_or_else(Error::no_overload)
    }),
    ("type", &["(A) type(A)"], |args| match args {
        [value] => Ok(Value::Type(SmolStr::new(value.type_name()))),
        _ => Err(Error::no_overload()),
    }),
];

fn wrong<'a>(args: &[Value<'a>], to: &str) -> Outcome<'a> {
    let from = args.first().map_or("", Value::type_name);
    Err(Error::failed(format!(
        "type conversion error from '{from}' to '{to}'"
    )))
}

fn to_bool<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bool(truth)] => Ok(Value::Bool(*truth)),
        [Value::String(text)] => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => wrong(args, "bool"),
        },
        _ => wrong(args, "bool"),
    }
}

fn to_int<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let overflow = || Error::failed("integer overflow");
    match args {
        [Value::Int(number)] => Ok(Value::Int(*number)),
        [Value::Uint(number)] => i64::try_from(*number).map(Value::Int).map_err(|_| overflow()),
        // The next below 2^63 is a double, 2^63 itself is too much.
        [Value::Double(number)] if number.abs() < 9_223_372_036_854_775_807.0 => {
            Ok(Value::Int(*number as i64))
        }
        [Value::Double(_)] => Err(overflow()),
        [Value::String(text)] => text.parse().map(Value::Int).or_else(|_| wrong(args, "int")),
        [Value::Timestamp(time)] => Ok(Value::Int(time.seconds)),
        [Value::Duration(nanos)] => Ok(Value::Int(*nanos)),
        _ => wrong(args, "int"),
    }
}

fn to_uint<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let overflow = || Error::failed("unsigned integer overflow");
    match args {
        [Value::Uint(number)] => Ok(Value::Uint(*number)),
        [Value::Int(number)] => u64::try_from(*number).map(Value::Uint).map_err(|_| overflow()),
        [Value::Double(number)] if (0.0..18_446_744_073_709_551_615.0).contains(number) => {
            Ok(Value::Uint(*number as u64))
        }
        [Value::Double(_)] => Err(overflow()),
        [Value::String(text)] => match text.parse() {
            Ok(number) if !text.starts_with('+') => Ok(Value::Uint(number)),
            _ => wrong(args, "uint"),
        },
        _ => wrong(args, "uint"),
    }
}

fn to_double<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Double(number)] => Ok(Value::Double(*number)),
        [Value::Int(number)] => Ok(Value::Double(*number as f64)),
        [Value::Uint(number)] => Ok(Value::Double(*number as f64)),
        [Value::String(text)] => {
            parsed_double(text).map_or_else(|| wrong(args, "double"), |number| Ok(Value::Double(number)))
        }
        _ => wrong(args, "double"),
    }
}

/// A double as Go reads it: none that is too large, and what is not a number has no sign.
fn parsed_double(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let is_named = text.contains(['n', 'N']);
    let is_read = match number {
        number if number.is_nan() => !text.starts_with(['+', '-']),
        number => number.is_finite() || is_named,
    };
    is_read.then_some(number)
}

fn to_bytes<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(bytes.clone())),
        [Value::String(text)] => Ok(Value::Bytes(Arc::from(text.as_bytes()))),
        _ => wrong(args, "bytes"),
    }
}

fn to_timestamp<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Timestamp(time)] => Ok(Value::Timestamp(*time)),
        [Value::Int(seconds)] => numbers::of_seconds(*seconds),
        [Value::String(text)] => Time::parse(text).map(Value::Timestamp).map_err(Error::failed),
        _ => wrong(args, "google.protobuf.Timestamp"),
    }
}

fn to_duration<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Duration(*nanos)),
        [Value::String(text)] => duration::parse(text).map(Value::Duration).map_err(Error::failed),
        _ => wrong(args, "google.protobuf.Duration"),
    }
}

fn to_string<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bytes(bytes)] => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::text(text)),
            Err(_) => Err(Error::failed("invalid UTF-8 in bytes, cannot convert to string")),
        },
        [value] => text_of(value)
            .map(Value::String)
            .map_or_else(|| wrong(args, "string"), Ok),
        _ => wrong(args, "string"),
    }
}

/// The text of what has one.
pub fn text_of(value: &Value<'_>) -> Option<SmolStr> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_smolstr(),
        Value::Int(number) => number.to_smolstr(),
        Value::Uint(number) => number.to_smolstr(),
        Value::Double(number) => double(*number),
        Value::Timestamp(time) => moment(time),
        Value::Duration(nanos) => format_smolstr!("{}s", *nanos as f64 / 1e9),
        Value::Type(name) => name.clone(),
        Value::Kept(Kept::Ip(address)) => address.to_smolstr(),
        Value::Kept(Kept::Cidr(block)) => block.to_smolstr(),
        _ => return None,
    })
}

/// A double as Go prints the shortest text for it.
pub fn double(number: f64) -> SmolStr {
    if number.is_nan() {
        return SmolStr::new_static("NaN");
    }
    if number.is_infinite() {
        return SmolStr::new_static(if number > 0.0 { "+Inf" } else { "-Inf" });
    }
    let size = number.abs();
    if number != 0.0 && !(1e-4..1e6).contains(&size) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let sign = if exponent < 0 { '-' } else { '+' };
        return format_smolstr!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format_smolstr!("{number}")
}

fn moment(time: &Time) -> SmolStr {
    let whole = time.format();
    if time.nanos == 0 {
        return whole;
    }
    let fraction = format!("{:09}", time.nanos);
    format_smolstr!(
        "{}.{}Z",
        whole.trim_end_matches('Z'),
        fraction.trim_end_matches('0')
    )
}
