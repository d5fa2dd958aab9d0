//! `format`: texts with clauses for values (`'%s has %d items'.format([name, count])`).

use std::fmt::Write;

use super::{conversions::double, no_overload, operators::fits, text_of};
use crate::limits::TEXT_BYTES_MAX;
use crate::value::{Error, Key, List, Map, Outcome, Value};

pub fn format<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(text), Value::List(list)] => formatted(text, list).map(Value::text),
        _ => no_overload("format", args),
    }
}

fn formatted(text: &str, list: &List<'_>) -> Result<String, Error> {
    let mut out = String::new();
    let mut rest = text;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let precision = precision(&mut rest)?;
        let clause = rest
            .chars()
            .next()
            .ok_or_else(|| wrong("unexpected end of string"))?;
        rest = &rest[clause.len_utf8()..];
        let value = list
            .get(used)
            .ok_or_else(|| Error::failed(format!("index {used} out of range")))?;
        used += 1;
        write_clause(&mut out, clause, precision, &value)?;
        fits(out.len() + rest.len(), TEXT_BYTES_MAX)?;
    }
    out.push_str(rest);
    Ok(out)
}

fn wrong(why: &str) -> Error {
    Error::failed(format!("could not parse formatting clause: {why}"))
}

/// How many digits a clause wants after the point (`.2`), if it says so.
fn precision(rest: &mut &str) -> Result<Option<usize>, Error> {
    let Some(after) = rest.strip_prefix('.') else {
        return Ok(None);
    };
    let end = after
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(after.len());
    let digits = after[..end]
        .parse::<usize>()
        .ok()
        .filter(|digits| *digits <= 1_000);
    let digits = digits.ok_or_else(|| wrong("error while parsing precision"))?;
    *rest = &after[end..];
    Ok(Some(digits))
}

fn write_clause(
    out: &mut String,
    clause: char,
    precision: Option<usize>,
    value: &Value<'_>,
) -> Result<(), Error> {
    let digits = precision.unwrap_or(6);
    let text = match (clause, value) {
        ('s', value) => return write_value(out, value),
        ('d', Value::Double(number)) if !number.is_finite() => infinite(*number),
        ('d', Value::Int(_) | Value::Uint(_)) => text_of(value).unwrap_or_default().to_string(),
        ('f' | 'e', Value::Double(number)) if !number.is_finite() => infinite(*number),
        ('f', value) if number(value).is_some() => format!("{:.digits$}", number(value).unwrap_or_default()),
        ('e', value) if number(value).is_some() => scientific(number(value).unwrap_or_default(), digits),
        ('b', Value::Int(number)) => signed(*number, |size| format!("{size:b}")),
        ('b', Value::Uint(number)) => format!("{number:b}"),
        ('b', Value::Bool(truth)) => u8::from(*truth).to_string(),
        ('o', Value::Int(number)) => signed(*number, |size| format!("{size:o}")),
        ('o', Value::Uint(number)) => format!("{number:o}"),
        ('x', Value::Int(number)) => signed(*number, |size| format!("{size:x}")),
        ('X', Value::Int(number)) => signed(*number, |size| format!("{size:X}")),
        ('x', Value::Uint(number)) => format!("{number:x}"),
        ('X', Value::Uint(number)) => format!("{number:X}"),
        ('x', Value::String(text)) => hex(text.as_bytes(), false),
        ('X', Value::String(text)) => hex(text.as_bytes(), true),
        ('x', Value::Bytes(bytes)) => hex(bytes, false),
        ('X', Value::Bytes(bytes)) => hex(bytes, true),
        ('d' | 'f' | 'e' | 'b' | 'o' | 'x' | 'X', value) => {
            return Err(Error::failed(format!(
                "error during formatting: no matching formatter for {}",
                value.type_name()
            )));
        }
        (other, _) => return Err(wrong(&format!("unrecognized formatting clause \"{other}\""))),
    };
    out.push_str(&text);
    Ok(())
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        Value::Uint(number) => Some(*number as f64),
        _ => None,
    }
}

fn infinite(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN",
        number if number > 0.0 => "Infinity",
        _ => "-Infinity",
    }
    .to_owned()
}

fn scientific(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    format!(
        "{mantissa}e{}{:02}",
        if exponent < 0 { '-' } else { '+' },
        exponent.abs()
    )
}

fn signed(number: i64, show: impl Fn(u64) -> String) -> String {
    let size = show(number.unsigned_abs());
    if number < 0 { format!("-{size}") } else { size }
}

fn hex(bytes: &[u8], upper: bool) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let done = if upper {
            write!(out, "{byte:02X}")
        } else {
            write!(out, "{byte:02x}")
        };
        done.expect("writing to a string does not fail");
        out
    })
}

fn write_value(out: &mut String, value: &Value<'_>) -> Result<(), Error> {
    fits(out.len(), TEXT_BYTES_MAX)?;
    match value {
        Value::Null => out.push_str("null"),
        Value::Double(number) if number.is_finite() => out.push_str(&double(*number)),
        Value::Double(number) => out.push_str(&infinite(*number)),
        Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                write_value(out, &item)?;
            }
            out.push(']');
        }
        Value::Map(map) => write_map(out, map)?,
        value => match text_of(value) {
            Some(text) => out.push_str(&text),
            None => {
                let message = format!(
                    "error during formatting: no formatting function for {}",
                    value.type_name()
                );
                return Err(Error::failed(message));
            }
        },
    }
    Ok(())
}

fn write_map(out: &mut String, map: &Map<'_>) -> Result<(), Error> {
    out.push('{');
    for (at, key) in map.keys().enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        write_value(out, &key)?;
        out.push_str(": ");
        if let Some(value) = Key::of(&key).ok().and_then(|key| map.get(&key)) {
            write_value(out, &value)?;
        }
    }
    out.push('}');
    Ok(())
}
