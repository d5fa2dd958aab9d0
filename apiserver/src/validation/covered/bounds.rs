//! Bounds as rules write them: `1..65535`, `>= 0`, `<= 128 bytes`.

/// The least and the greatest number that is allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct Bounds {
    pub least: Option<i64>,
    pub greatest: Option<i64>,
    /// Whether they are of a size in bytes.
    pub is_bytes: bool,
}

/// What may follow a bound without changing it.
const UNITS: [&str; 6] = ["", "when set", "or portName", "or percent", "bytes", "entries"];

/// The bounds that these words are, if they are nothing else.
pub fn read(words: &str) -> Option<Bounds> {
    let words = words.strip_prefix("int ").unwrap_or(words);
    let (sign, rest) = match words.split_once(' ') {
        Some((sign @ (">=" | ">" | "<=" | "<"), rest)) => (sign, rest),
        _ => ("", words),
    };
    let (numbers, unit) = rest.split_once(' ').unwrap_or((rest, ""));
    if !UNITS.contains(&unit) && unit != "characters" {
        return None;
    }
    let (least, greatest) = match (sign, numbers.split_once("..")) {
        ("", Some((least, greatest))) => (Some(number(least)?), Some(number(greatest)?)),
        (">=", None) => (Some(number(numbers)?), None),
        (">", None) => (Some(number(numbers)? + 1), None),
        ("<=", None) => (None, Some(number(numbers)?)),
        ("<", None) => (None, Some(number(numbers)? - 1)),
        _ => return None,
    };
    Some(Bounds {
        least,
        greatest,
        is_bytes: unit == "bytes",
    })
}

/// `511`, `0777` or `2^9`.
fn number(text: &str) -> Option<i64> {
    if let Some((base, power)) = text.split_once('^') {
        return base.parse::<i64>().ok()?.checked_pow(power.parse().ok()?);
    }
    match text.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => i64::from_str_radix(octal, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[test]
fn bounds_are_read_as_they_are_written() {
    let bounds = |least, greatest| {
        Some(Bounds {
            least,
            greatest,
            is_bytes: false,
        })
    };
    assert_eq!(read("1..65535 when set"), bounds(Some(1), Some(65_535)));
    assert_eq!(read("0..0777"), bounds(Some(0), Some(511)));
    assert_eq!(read("600..2^32"), bounds(Some(600), Some(1 << 32)));
    assert_eq!(read("> 0"), bounds(Some(1), None));
    assert_eq!(read("int >= 0 or percent"), bounds(Some(0), None));
    assert_eq!(read("< 65 characters"), bounds(None, Some(64)));
    assert_eq!(read(">= minReplicas"), None);
    assert_eq!(read("<= limit of the same resource"), None);
}
