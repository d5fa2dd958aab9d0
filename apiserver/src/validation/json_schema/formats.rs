//! The formats of text that schemas may name. Others are ignored.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::Value;
use schema::time::Time;

use super::super::urls::Url;
use object::patterns;

/// Formats that are checked, without the dashes that their names may have.
const KNOWN: [&str; 24] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];
/// Those that a regular expression tells.
const PATTERNS: [(&str, &str); 9] = [
    ("bsonobjectid", "^[0-9a-fA-F]{24}$"),
    ("hexcolor", "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    (
        "mac",
        "^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$|^([0-9a-fA-F]{4}\\.){2}[0-9a-fA-F]{4}$",
    ),
    (
        "rgbcolor",
        "^rgb\\(\\s*[0-9]+\\s*,\\s*[0-9]+\\s*,\\s*[0-9]+\\s*\\)$",
    ),
    ("ssn", "^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$"),
    (
        "uuid",
        "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
    ),
    (
        "uuid3",
        "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
    ),
    (
        "uuid4",
        "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$",
    ),
    (
        "uuid5",
        "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$",
    ),
];

/// Whether a format is one that is checked.
pub fn is_known(format: &str) -> bool {
    KNOWN.contains(&plain(format).as_str())
}

/// The format that a schema names, if it is checked.
pub(super) fn of(schema: &Value) -> Option<&str> {
    schema.str_at(&["format"]).filter(|format| is_known(format))
}

fn plain(format: &str) -> String {
    format.replace('-', "")
}

/// Whether a text is of a format.
pub(super) fn is_valid(format: &str, text: &str) -> bool {
    let format = plain(format);
    if let Some((_, pattern)) = PATTERNS.iter().find(|(name, _)| *name == format) {
        return patterns::matches(pattern, text) == Some(true);
    }
    match format.as_str() {
        "byte" => STANDARD.decode(text.replace(['\r', '\n'], "")).is_ok(),
        "cidr" => is_cidr(text),
        "date" => is_date(text),
        "datetime" => is_date_time(text),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hostname" => is_host_name(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" => Url::parse(text).is_ok_and(|url| !url.scheme.is_empty() || text.starts_with('/')),
        "isbn10" => is_isbn10(text),
        "isbn13" => is_isbn13(text),
        "isbn" => is_isbn10(text) || is_isbn13(text),
        "creditcard" => has_check_digit(text),
        _ => true,
    }
}

fn is_cidr(text: &str) -> bool {
    text.parse::<ipnet::IpNet>().is_ok()
}

/// RFC 3339, with the variations that the reference takes: a space for the T, no seconds' fraction limit, no zone.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't', ' ']) else {
        return is_date(text);
    };
    let form = "^([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.,][0-9]+)?([zZ]|[+-][0-9]{2}:?[0-9]{2})?$";
    is_date(date) && patterns::matches(form, time) == Some(true)
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && Time::parse(&format!("{text}T00:00:00Z")).is_ok()
}

/// As Go writes them (`1h30m`), or in words (`2 days`).
fn is_duration(text: &str) -> bool {
    let go = "^[+-]?(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$";
    let words = "^\\s*[0-9]+\\s*(ns|nano|nanos|nanosecond|nanoseconds|nanos|us|µs|micro|micros|microsecond|microseconds|ms|milli|millis|millisecond|milliseconds|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hrs|hour|hours|d|day|days|w|week|weeks)\\s*$";
    text == "0"
        || [go, words]
            .iter()
            .any(|pattern| patterns::matches(pattern, text) == Some(true))
}

/// One address, perhaps with a name before it in angle brackets' way.
fn is_email(text: &str) -> bool {
    let address = match text
        .trim()
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'))
    {
        Some((_, address)) => address,
        None => text.trim(),
    };
    let local = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\[\\]:-]+$";
    let has_bad_dots = address.contains("..") || address.contains(".@") || address.starts_with('.');
    !has_bad_dots && patterns::matches(local, address) == Some(true)
}

fn is_host_name(text: &str) -> bool {
    let name = "^[a-zA-Z0-9\\pL]([a-zA-Z0-9\\pL-]*[a-zA-Z0-9\\pL])?(\\.[a-zA-Z0-9\\pL]([a-zA-Z0-9\\pL-]*[a-zA-Z0-9\\pL])?)*\\.?$";
    text.len() <= 255
        && text.split('.').all(|label| label.len() <= 63)
        && patterns::matches(name, text) == Some(true)
}

fn digits(text: &str) -> String {
    text.chars().filter(|char| !matches!(char, '-' | ' ')).collect()
}

fn is_isbn10(text: &str) -> bool {
    let digits = digits(text);
    let value = |at: usize, char: char| match char {
        'X' if at == 9 => Some(10),
        _ => char.to_digit(10),
    };
    let values: Option<Vec<u32>> = digits
        .chars()
        .enumerate()
        .map(|(at, char)| value(at, char))
        .collect();
    values.is_some_and(|values| {
        values.len() == 10
            && (1u32..)
                .zip(&values)
                .map(|(weight, value)| weight * value)
                .sum::<u32>()
                % 11
                == 0
    })
}

fn is_isbn13(text: &str) -> bool {
    let values: Option<Vec<u32>> = digits(text).chars().map(|char| char.to_digit(10)).collect();
    values.is_some_and(|values| {
        let weighed = values
            .iter()
            .enumerate()
            .map(|(at, value)| if at % 2 == 0 { *value } else { 3 * value });
        values.len() == 13 && weighed.sum::<u32>() % 10 == 0
    })
}

/// A number of 13 to 19 digits whose last one checks the others (Luhn).
fn has_check_digit(text: &str) -> bool {
    let values: Vec<u32> = text.chars().filter_map(|char| char.to_digit(10)).collect();
    let folded = values.iter().rev().enumerate().map(|(at, value)| match at % 2 {
        0 => *value,
        _ if *value > 4 => 2 * value - 9,
        _ => 2 * value,
    });
    (13..=19).contains(&values.len()) && folded.sum::<u32>() % 10 == 0
}
