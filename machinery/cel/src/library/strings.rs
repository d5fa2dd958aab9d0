//! Texts. Places in them are counted in code points.

use smol_str::{SmolStr, StrExt};

use super::{format_function, lists, no_overload, operators::fits};
use crate::function::Declared;
use crate::limits::TEXT_BYTES_MAX;
use crate::value::{Error, Outcome, Value};

pub const ALL: &[Declared] = &[
    ("contains", &["string.(string) bool"], |args| {
        test("contains", args, |text, part| text.contains(part))
    }),
    ("startsWith", &["string.(string) bool"], |args| {
        test("startsWith", args, |text, part| text.starts_with(part))
    }),
    ("endsWith", &["string.(string) bool"], |args| {
        test("endsWith", args, |text, part| text.ends_with(part))
    }),
    ("charAt", &["string.(int) string"], char_at),
    (
        "indexOf",
        &["string.(string) int", "string.(string, int) int"],
        |args| lists::index_of("indexOf", args),
    ),
    (
        "lastIndexOf",
        &["string.(string) int", "string.(string, int) int"],
        |args| lists::index_of("lastIndexOf", args),
    ),
    ("lowerAscii", &["string.() string"], |args| {
        changed("lowerAscii", args, |text| text.to_ascii_lowercase_smolstr())
    }),
    ("upperAscii", &["string.() string"], |args| {
        changed("upperAscii", args, |text| text.to_ascii_uppercase_smolstr())
    }),
    ("trim", &["string.() string"], |args| {
        changed("trim", args, |text| SmolStr::new(text.trim()))
    }),
    (
        "replace",
        &[
            "string.(string, string) string",
            "string.(string, string, int) string",
        ],
        replace,
    ),
    (
        "split",
        &[
            "string.(string) list(string)",
            "string.(string, int) list(string)",
        ],
        split,
    ),
    (
        "substring",
        &["string.(int) string", "string.(int, int) string"],
        substring,
    ),
    (
        "join",
        &["list(string).() string", "list(string).(string) string"],
        join,
    ),
    ("format", &["string.(list(dyn)) string"], format_function::format),
    ("strings.quote", &["(string) string"], |args| {
        changed("strings.quote", args, |text| quoted(text).into())
    }),
];

fn test<'a>(name: &str, args: &[Value<'a>], holds: fn(&str, &str) -> bool) -> Outcome<'a> {
    match args {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(holds(text, part))),
        _ => no_overload(name, args),
    }
}

fn changed<'a>(name: &str, args: &[Value<'a>], change: fn(&str) -> SmolStr) -> Outcome<'a> {
    match args {
        [Value::String(text)] => Ok(Value::String(change(text))),
        _ => no_overload(name, args),
    }
}

pub fn out_of_range<'a>(index: i64) -> Outcome<'a> {
    Err(Error::failed(format!("index out of range: {index}")))
}

/// Where a code point begins, in bytes; the end is one more place.
pub fn byte_of(text: &str, at: i64) -> Option<usize> {
    let at = usize::try_from(at).ok()?;
    text.char_indices()
        .map(|(byte, _)| byte)
        .chain([text.len()])
        .nth(at)
}

fn char_at<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(text), Value::Int(at)] => match byte_of(text, *at) {
            Some(byte) => Ok(Value::text(
                text[byte..].chars().next().map_or_else(String::new, String::from),
            )),
            None => out_of_range(*at),
        },
        _ => no_overload("charAt", args),
    }
}

/// The first place of a part at or after `from`, or the last at or before it; -1 if there is none. An empty part is wherever it is
/// looked for.
pub fn text_index<'a>(text: &str, part: &str, from: i64, from_end: bool) -> Outcome<'a> {
    let byte = match byte_of(text, from) {
        _ if part.is_empty() => return Ok(Value::Int(from)),
        _ if from < 0 => return out_of_range(from),
        Some(byte) if byte < text.len() => byte,
        _ => return Ok(Value::Int(-1)),
    };
    let found = match from_end {
        false => text[byte..].find(part).map(|at| byte + at),
        // A part that begins at the place may end after it.
        true => {
            let end = text.len().min(byte + part.len());
            let end = (end..=text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(text.len());
            text[..end]
                .rmatch_indices(part)
                .map(|(at, _)| at)
                .find(|at| *at <= byte)
        }
    };
    Ok(Value::Int(
        found.map_or(-1, |byte| text[..byte].chars().count() as i64),
    ))
}

fn substring<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, from, to) = match args {
        [Value::String(text), Value::Int(from)] => (text, *from, text.chars().count() as i64),
        [Value::String(text), Value::Int(from), Value::Int(to)] => (text, *from, *to),
        _ => return no_overload("substring", args),
    };
    let [begin, end] = [from, to].map(|at| byte_of(text, at).ok_or(at));
    match (begin, end) {
        _ if from > to => Err(Error::failed(format!(
            "invalid substring range. start: {from}, end: {to}"
        ))),
        (Ok(begin), Ok(end)) => Ok(Value::text(&text[begin..end])),
        (Err(at), _) | (_, Err(at)) => out_of_range(at),
    }
}

/// How often at most: always where it is negative.
fn times(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn replace<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, with, limit) = match args {
        [Value::String(text), Value::String(part), Value::String(with)] => (text, part, with, usize::MAX),
        [
            Value::String(text),
            Value::String(part),
            Value::String(with),
            Value::Int(limit),
        ] => (text, part, with, times(*limit)),
        _ => return no_overload("replace", args),
    };
    let mut out = String::new();
    let mut rest = 0;
    for (at, found) in text.match_indices(part.as_str()).take(limit) {
        fits(out.len() + with.len() + text.len(), TEXT_BYTES_MAX)?;
        out.push_str(&text[rest..at]);
        out.push_str(with);
        rest = at + found.len();
    }
    out.push_str(&text[rest..]);
    Ok(Value::text(out))
}

fn split<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, by, limit) = match args {
        [Value::String(text), Value::String(by)] => (text, by, usize::MAX),
        [Value::String(text), Value::String(by), Value::Int(limit)] => (text, by, times(*limit)),
        _ => return no_overload("split", args),
    };
    if limit == 0 {
        return Ok(Value::list(Vec::new()));
    }
    let parts: Vec<Value<'a>> = match by.is_empty() {
        true => {
            // All characters but the last, and what is left.
            let last = limit
                .saturating_sub(1)
                .min(text.chars().count().saturating_sub(1));
            let rest = byte_of(text, last as i64).unwrap_or(text.len());
            let chars = text
                .chars()
                .take(last)
                .map(|char| Value::text(String::from(char)));
            let rest = (!text.is_empty()).then(|| Value::text(&text[rest..]));
            chars.chain(rest).collect()
        }
        false => text.splitn(limit, by.as_str()).map(Value::text).collect(),
    };
    Ok(Value::list(parts))
}

fn join<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (list, between) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(between)] => (list, between.as_str()),
        _ => return no_overload("join", args),
    };
    let mut out = String::new();
    for (at, item) in list.iter().enumerate() {
        let Value::String(text) = item else {
            return no_overload("join", args);
        };
        fits(out.len() + between.len() + text.len(), TEXT_BYTES_MAX)?;
        if at > 0 {
            out.push_str(between);
        }
        out.push_str(&text);
    }
    Ok(Value::text(out))
}

/// A text in quotes, as the language writes it.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            char => out.push(char),
        }
    }
    out.push('"');
    out
}
