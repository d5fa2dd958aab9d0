//! `format`: texts with clauses for values (`'%s has %d items'.format([name, count])`). Kubernetes has the second version of the
//! library for texts, which writes numbers as they are in English, and what is within lists and maps as expressions have it.

use std::fmt::Write;

use object::field::quote;

use super::{no_overload, operators::fits, text_of};
use crate::limits::TEXT_BYTES_MAX;
use crate::value::{Error, Key, List, Map, Outcome, Value};

/// Digits after the point where nothing is said of them.
const DIGITS: usize = 6;

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
    let digits = precision.unwrap_or(DIGITS);
    let text = match (clause, value) {
        ('s', value) => return write_value(out, value),
        ('d', Value::Int(_) | Value::Uint(_)) => text_of(value).unwrap_or_default().to_string(),
        ('f', value) if double_of(value).is_some() => fixed(double_of(value).unwrap_or_default(), digits),
        ('e', value) if double_of(value).is_some() => {
            scientific(double_of(value).unwrap_or_default(), digits)
        }
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
        (clause, value) => return Err(refused(clause, value)),
    };
    out.push_str(&text);
    Ok(())
}

/// Why a clause does not take a value.
fn refused(clause: char, value: &Value<'_>) -> Error {
    let takes = match clause {
        'd' => "decimal clause can only be used on integers",
        'f' => "fixed-point clause can only be used on doubles",
        'e' => "scientific clause can only be used on doubles",
        'b' => "only integers and bools can be formatted as binary",
        'o' => "octal clause can only be used on integers",
        'x' | 'X' => "only integers, byte buffers, and strings can be formatted as hex",
        's' => {
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
        }
        other => return wrong(&format!("unrecognized formatting clause \"{other}\"")),
    };
    let given = value.type_name();
    Error::failed(format!("error during formatting: {takes}, was given {given}"))
}

/// A double, or the text of one that is no number or has no end.
fn double_of(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// What numbers are called that have no digits.
fn without_digits(number: f64) -> Option<&'static str> {
    match number {
        number if number.is_nan() => Some("NaN"),
        f64::INFINITY => Some("\u{221e}"),
        f64::NEG_INFINITY => Some("-\u{221e}"),
        _ => None,
    }
}

/// A number with commas between groups of three digits, as it is written in English.
fn fixed(number: f64, digits: usize) -> String {
    if let Some(name) = without_digits(number) {
        return name.to_owned();
    }
    let text = format!("{number:.digits$}");
    let point = text.find('.').unwrap_or(text.len());
    let first = usize::from(text.starts_with('-'));
    let mut out = String::with_capacity(text.len() + point / 3);
    for (at, char) in text.char_indices() {
        if at > first && at < point && (point - at) % 3 == 0 {
            out.push(',');
        }
        out.push(char);
    }
    out
}

/// A number as it is written in English: `1.5 × 10⁰³`, with narrow spaces that do not break.
fn scientific(number: f64, digits: usize) -> String {
    if let Some(name) = without_digits(number) {
        return name.to_owned();
    }
    let text = format!("{number:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(size) => ("\u{207b}", size),
        None => ("", exponent),
    };
    let raised = |digit: char| match digit {
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or_default()).unwrap_or(digit),
    };
    let exponent: String = format!("{exponent:0>2}").chars().map(raised).collect();
    format!("{mantissa}\u{202f}\u{d7}\u{202f}10{sign}{exponent}")
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
        Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Value::List(list) => write_list(out, list)?,
        Value::Map(map) => write_map(out, map)?,
        Value::Kept(_) | Value::Optional(_) => return Err(refused('s', value)),
        value => out.push_str(&text_of(value).ok_or_else(|| refused('s', value))?),
    }
    Ok(())
}

/// A value within another: as an expression would have it.
fn write_part(out: &mut String, value: &Value<'_>) -> Result<(), Error> {
    fits(out.len(), TEXT_BYTES_MAX)?;
    let text = || text_of(value).unwrap_or_default();
    match value {
        Value::String(text) => out.push_str(&quote(text)),
        Value::Bytes(bytes) => out.push_str(&format!("b{}", quote(&String::from_utf8_lossy(bytes)))),
        Value::Double(number) if number.is_finite() => out.push_str(&format!("{number:.DIGITS$}")),
        Value::Double(_) => out.push_str(&quote(&text())),
        Value::Timestamp(_) => out.push_str(&format!("timestamp({})", quote(&text()))),
        Value::Duration(_) => out.push_str(&format!("duration({})", quote(&text()))),
        Value::Kept(_) | Value::Optional(_) => {
            let given = value.type_name();
            let message = format!("error during formatting: no formatting function for {given}");
            return Err(Error::failed(message));
        }
        other => write_value(out, other)?,
    }
    Ok(())
}

fn write_list(out: &mut String, list: &List<'_>) -> Result<(), Error> {
    out.push('[');
    for (at, item) in list.iter().enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        write_part(out, &item)?;
    }
    out.push(']');
    Ok(())
}

/// Entries are in the order of what is written for their keys.
fn write_map(out: &mut String, map: &Map<'_>) -> Result<(), Error> {
    let mut entries = Vec::with_capacity(map.len());
    for key in map.keys() {
        let mut text = String::new();
        write_part(&mut text, &key)?;
        entries.push((text, Key::of(&key)?));
    }
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    out.push('{');
    for (at, (text, key)) in entries.iter().enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        out.push_str(text);
        out.push(':');
        if let Some(value) = map.get(key) {
            write_part(out, &value)?;
        }
    }
    out.push('}');
    Ok(())
}
