//! What a plain scalar means in YAML 1.1, as go-yaml v2 resolves it.

use crate::{SmolStr, Value};

/// A plain scalar without a tag. Times stay text.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::String(SmolStr::new(text)))
}

/// Whether a plain scalar with this text is that text.
pub(super) fn is_text(text: &str) -> bool {
    !is_special_float(text)
        && text != "<<"
        && matches!(plain(text), Value::String(_))
        && !is_base_60(text)
        && !is_time(text)
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    if let Some(number) = integer(&digits) {
        return Some(number);
    }
    is_float(&digits).then(|| digits.parse().ok().map(Value::Float))?
}

/// Go's reading of a whole number with base 0: `0x`, `0o`, `0b` and a leading zero for octal.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).ok()?;
    let number = if negative { -number } else { number };
    match i64::try_from(number) {
        Ok(number) => Some(Value::Int(number)),
        Err(_) => u64::try_from(number)
            .ok()
            .map(|number| Value::Float(number as f64)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    whole && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

fn is_special_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(text, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

/// What YAML 1.1 might read as a number with base 60 (`1:30`) is quoted.
fn is_base_60(text: &str) -> bool {
    let number = text.strip_prefix(['-', '+']).unwrap_or(text);
    number.starts_with(|first: char| first.is_ascii_digit())
        && number.contains(':')
        && number.split(':').skip(1).all(|part| {
            let whole = part.split('.').next().unwrap_or_default();
            matches!(whole.len(), 1 | 2)
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'))
        })
}

/// What go-yaml would take for a time: a date, or a date and a time.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if year != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let date = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'-')
        .count();
    match bytes.get(date) {
        None => date == 10,
        Some(b'T' | b't' | b' ') => bytes[date + 1..]
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z' | b' ')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_those_of_yaml_1_1() {
        for (text, expected) in [
            ("yes", Value::Bool(true)),
            ("off", Value::Bool(false)),
            ("~", Value::Null),
            ("0777", Value::Int(511)),
            ("0o17", Value::Int(15)),
            ("0x1F", Value::Int(31)),
            ("1_000", Value::Int(1000)),
            ("-5", Value::Int(-5)),
            ("1.5", Value::Float(1.5)),
            ("1e3", Value::Float(1000.0)),
            ("08", Value::Float(8.0)),
            ("1.2.3", Value::from("1.2.3")),
            ("1Gi", Value::from("1Gi")),
            ("-", Value::from("-")),
            ("2020-01-01", Value::from("2020-01-01")),
            ("1:30", Value::from("1:30")),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_that_would_be_read_otherwise_are_known() {
        for text in [
            "",
            "yes",
            "1",
            "1.5",
            "null",
            "2020-01-01",
            "2020-01-01T00:00:00Z",
            "1:30",
            ".inf",
        ] {
            assert!(!is_text(text), "{text}");
        }
        for text in ["a", "1Gi", "v1", "10.0.0.1", "a:b"] {
            assert!(is_text(text), "{text}");
        }
    }
}
