//! A pattern of Go's in the words of the `regex` crate: classes are those of ASCII, brackets in classes are literal, braces
//! that count nothing too, and `\Q...\E` is spelled out.

use super::counted;

const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Whether `[:name:]` or `[:^name:]` is a class.
pub(super) fn is_named_class(text: &str) -> bool {
    let inner = text.strip_prefix("[:").and_then(|text| text.strip_suffix(":]"));
    inner.is_some_and(|name| CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)))
}

/// The pattern in the other words.
pub(super) fn of(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '\\' => escape(rest, false, &mut out),
            '[' => class(rest, &mut out),
            '{' => match counted(rest) {
                Some((bytes, ..)) => copy(rest, bytes, &mut out),
                None => {
                    out.push_str("\\{");
                    1
                }
            },
            _ => copy(rest, next.len_utf8(), &mut out),
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

fn copy(text: &str, bytes: usize, out: &mut String) -> usize {
    out.push_str(text.get(..bytes).unwrap_or_default());
    bytes
}

fn escape(text: &str, in_class: bool, out: &mut String) -> usize {
    let next = text.chars().nth(1);
    let plain = match (next, in_class) {
        (Some('d'), false) => "[0-9]",
        (Some('d'), true) => "0-9",
        (Some('D'), _) => "[^0-9]",
        (Some('s'), false) => "[\\t\\n\\f\\r ]",
        (Some('s'), true) => "\\t\\n\\f\\r ",
        (Some('S'), _) => "[^\\t\\n\\f\\r ]",
        (Some('w'), false) => "[0-9A-Za-z_]",
        (Some('w'), true) => "0-9A-Za-z_",
        (Some('W'), _) => "[^0-9A-Za-z_]",
        (Some('b'), false) => "(?-u:\\b)",
        (Some('Q'), false) => {
            let (literal, bytes) = match text.find("\\E") {
                Some(end) => (text.get(2..end), end + 2),
                None => (text.get(2..), text.len()),
            };
            out.push_str(&regex::escape(literal.unwrap_or_default()));
            return bytes;
        }
        // Their braces count nothing.
        (Some('p' | 'P' | 'x'), _) if text.get(2..).is_some_and(|rest| rest.starts_with('{')) => {
            return copy(text, text.find('}').map_or(text.len(), |end| end + 1), out);
        }
        (next, _) => return copy(text, 1 + next.map_or(0, char::len_utf8), out),
    };
    out.push_str(plain);
    2
}

fn class(text: &str, out: &mut String) -> usize {
    let mut at = copy(text, if text.starts_with("[^") { 2 } else { 1 }, out);
    let first = at;
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        at += match next {
            ']' if at > first => return at + copy(rest, 1, out),
            '\\' => escape(rest, true, out),
            '[' if rest.starts_with("[:") && rest.contains(":]") => {
                copy(rest, rest.find(":]").unwrap_or_default() + 2, out)
            }
            ']' | '[' | '&' | '~' => {
                out.push('\\');
                copy(rest, 1, out)
            }
            '-' if rest.starts_with("--") => {
                out.push('\\');
                copy(rest, 1, out)
            }
            _ => copy(rest, next.len_utf8(), out),
        };
    }
    at
}
