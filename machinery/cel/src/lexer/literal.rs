//! Numbers and strings: where they end, and what they stand for.

use smol_str::SmolStr;

use super::{Token, TokenKind};
use crate::ast::Literal;

type Found = Result<(TokenKind, usize), usize>;

/// The kind and length of the number that a text begins with.
pub fn number(rest: &str) -> (TokenKind, usize) {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    if let Some(hex) = rest.strip_prefix("0x") {
        let count = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
        if count > 0 {
            return with_suffix(rest, 2 + count);
        }
    }
    let whole = digits(0);
    let mut end = whole;
    if rest[end..].starts_with('.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        let count = digits(end + 1 + sign);
        if count > 0 {
            end += 1 + sign + count;
        }
    }
    if end == whole {
        return with_suffix(rest, whole);
    }
    (TokenKind::Float, end)
}

fn with_suffix(rest: &str, end: usize) -> (TokenKind, usize) {
    if rest[end..].starts_with(['u', 'U']) {
        (TokenKind::Uint, end + 1)
    } else {
        (TokenKind::Int, end)
    }
}

/// Up to where strings in three quotes were looked at that do not end: one that begins before that does not end there, either.
/// Without it, each would be read to the end of the text.
#[derive(Debug, Default)]
pub struct Open([usize; 4]);

impl Open {
    fn of(&mut self, quote: &str, is_raw: bool) -> &mut usize {
        let is_double = quote.starts_with('"');
        &mut self.0[usize::from(is_double) * 2 + usize::from(is_raw)]
    }
}

/// The string that begins at a byte of a text: nothing if none does, an error of a length if it does not end.
pub fn string(text: &str, begin: usize, open: &mut Open) -> Option<Found> {
    let rest = &text[begin..];
    let (is_bytes, is_raw, prefix) = prefix(rest)?;
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| rest[prefix..].starts_with(quote))?;
    let is_long = quote.len() == 3;
    let kind = match is_bytes {
        true => TokenKind::Bytes,
        false => TokenKind::String,
    };
    // Of a string in three quotes that does not end, the first two are an empty one.
    let empty = (kind, prefix + 2);
    if is_long && begin < *open.of(quote, is_raw) {
        return Some(Ok(empty));
    }
    Some(match end(rest, prefix + quote.len(), quote, is_raw) {
        Ok(end) => Ok((kind, end)),
        Err(at) if is_long => {
            *open.of(quote, is_raw) = begin + at;
            Ok(empty)
        }
        Err(at) => Err(at),
    })
}

/// Where a string ends whose content begins at a place; or where it is seen not to: before an escape that is none if it is a
/// long one, of which what comes after that may be another.
fn end(rest: &str, from: usize, quote: &str, is_raw: bool) -> Result<usize, usize> {
    let is_long = quote.len() == 3;
    let mut at = from;
    loop {
        let left = &rest[at..];
        if left.starts_with(quote) {
            return Ok(at + quote.len());
        }
        let Some(char) = left.chars().next() else {
            return Err(at);
        };
        if !is_long && matches!(char, '\n' | '\r') {
            return Err(at + 1);
        }
        at += char.len_utf8();
        if char == '\\' && !is_raw {
            match escape_length(&rest[at..]) {
                Ok(length) => at += length,
                Err(_) if is_long => return Err(at - 1),
                Err(length) => return Err(at + length),
            }
        }
    }
}

/// Whether the text is bytes, whether it is raw, and how long the letters before the quote are.
fn prefix(rest: &str) -> Option<(bool, bool, usize)> {
    let mut bytes = rest.bytes();
    match bytes.next()? {
        b'"' | b'\'' => Some((false, false, 0)),
        b'b' | b'B' => match bytes.next()? {
            b'"' | b'\'' => Some((true, false, 1)),
            b'r' | b'R' => matches!(bytes.next()?, b'"' | b'\'').then_some((true, true, 2)),
            _ => None,
        },
        b'r' | b'R' => matches!(bytes.next()?, b'"' | b'\'').then_some((false, true, 1)),
        _ => None,
    }
}

/// The length of what follows a backslash, or of what is no escape.
fn escape_length(rest: &str) -> Result<usize, usize> {
    let hex = |count: usize| {
        let found = rest[1..]
            .bytes()
            .take(count)
            .take_while(u8::is_ascii_hexdigit)
            .count();
        if found == count {
            Ok(1 + count)
        } else {
            Err(shown(rest, 1 + found))
        }
    };
    match rest.bytes().next() {
        Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'\'' | b'"' | b'`' | b'?') => Ok(1),
        Some(b'x' | b'X') => hex(2),
        Some(b'u') => hex(4),
        Some(b'U') => hex(8),
        Some(b'0'..=b'3') => {
            let found = rest
                .bytes()
                .take(3)
                .take_while(|byte| (b'0'..=b'7').contains(byte))
                .count();
            if found == 3 {
                Ok(3)
            } else {
                Err(shown(rest, found))
            }
        }
        _ => Err(shown(rest, 0)),
    }
}

/// So many bytes and the character after them.
fn shown(rest: &str, length: usize) -> usize {
    length + rest[length..].chars().next().map_or(0, char::len_utf8)
}

/// What a token of a literal stands for, or what is wrong with it. Numbers may have a minus before them.
pub fn value(token: &Token<'_>, negative: bool) -> Result<Literal, String> {
    let text = token.text;
    match token.kind {
        TokenKind::Int => int(text, negative)
            .map(Literal::Int)
            .ok_or("invalid int literal".to_owned()),
        TokenKind::Uint => {
            let digits = text.trim_end_matches(['u', 'U']);
            let parsed = match digits.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            parsed
                .map(Literal::Uint)
                .map_err(|_| "invalid uint literal".to_owned())
        }
        TokenKind::Float => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Literal::Double(if negative { -number } else { number })),
            _ => Err("invalid double literal".to_owned()),
        },
        TokenKind::Bytes => unescape(text).map(|bytes| Literal::Bytes(bytes.into())),
        _ => {
            let bytes = unescape(text)?;
            let text = String::from_utf8(bytes).map_err(|_| "unable to unescape string".to_owned())?;
            Ok(Literal::String(SmolStr::from(text)))
        }
    }
}

fn int(text: &str, negative: bool) -> Option<i64> {
    let number = match text.strip_prefix("0x") {
        Some(hex) => i128::from(u64::from_str_radix(hex, 16).ok()?),
        None => text.parse::<i128>().ok()?,
    };
    i64::try_from(if negative { -number } else { number }).ok()
}

/// The content of a string with its escapes resolved. In bytes, `\x` and octal escapes are bytes; in text, code points.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || "unable to unescape string".to_owned();
    let (is_bytes, is_raw, prefix) = prefix(text).ok_or_else(wrong)?;
    let quoted = text[prefix..].replace("\r\n", "\n").replace('\r', "\n");
    let quote = if quoted.starts_with("\"\"\"") || quoted.starts_with("'''") {
        3
    } else {
        1
    };
    let inner = quoted.get(quote..quoted.len() - quote).ok_or_else(wrong)?;
    if is_raw {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let length = escape_length(&rest[at + 1..]).map_err(|_| wrong())?;
        let escape = &rest[at + 1..at + 1 + length];
        let (code, is_byte) = code(escape).ok_or_else(wrong)?;
        if is_bytes && is_byte {
            out.push(u8::try_from(code).map_err(|_| wrong())?);
        } else {
            let char = char::from_u32(code).ok_or_else(wrong)?;
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = &rest[at + 1 + length..];
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// The code of an escape, and whether it stands for one byte in bytes.
fn code(escape: &str) -> Option<(u32, bool)> {
    let plain = |char: char| Some((u32::from(char), false));
    match escape.as_bytes()[0] {
        b'a' => plain('\x07'),
        b'b' => plain('\x08'),
        b'f' => plain('\x0c'),
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'v' => plain('\x0b'),
        b'x' | b'X' => Some((u32::from_str_radix(&escape[1..], 16).ok()?, true)),
        b'u' | b'U' => Some((u32::from_str_radix(&escape[1..], 16).ok()?, false)),
        b'0'..=b'3' => Some((u32::from_str_radix(escape, 8).ok()?, true)),
        other => plain(char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_looked_at_once() {
        let text = "'''\n\\".repeat(1_000);
        let mut open = Open::default();
        let empty = Some(Ok((TokenKind::String, 2)));
        assert_eq!(string(&text, 0, &mut open), empty);
        assert_eq!(*open.of("'''", false), text.len() - 1);
        // Nothing is beyond the text that it could be looked for in.
        assert_eq!(string(&text[..8], 5, &mut open), empty);
        assert_eq!(*open.of("'''", false), text.len() - 1);
        assert_eq!(*open.of("'''", true), 0);
    }

    #[test]
    fn what_begins_within_a_wrong_escape_is_looked_at() {
        let text = r"'''\u1'''a'''";
        let mut open = Open::default();
        assert_eq!(string(text, 0, &mut open), Some(Ok((TokenKind::String, 2))));
        assert_eq!(string(text, 6, &mut open), Some(Ok((TokenKind::String, 7))));
    }
}
