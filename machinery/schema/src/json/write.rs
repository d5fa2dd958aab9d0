//! Writes JSON tokens as Go's encoder prints them: escapes, floats, compact.

use crate::Value;
use std::io::Write;

/// A tree; map keys are in order already.
pub(crate) fn value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(truth) => bool(*truth, out),
        Value::Int(number) => int(*number, out),
        Value::Float(number) => float(*number, out),
        Value::String(text) => string(text, out),
        Value::Raw(text) => raw(text.as_bytes(), out),
        Value::List(list) => {
            out.push(b'[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                self::value(item, out);
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                string(key, out);
                out.push(b':');
                self::value(item, out);
            }
            out.push(b'}');
        }
    }
}

pub(crate) fn bool(truth: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

pub(crate) fn int(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Shortest digits; with an exponent below 1e-6 and from 1e21 on. What JSON cannot say becomes null.
pub(crate) fn float(number: f64, out: &mut Vec<u8>) {
    let size = number.abs();
    let written = if !number.is_finite() {
        out.extend_from_slice(b"null");
        Ok(())
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        write!(out, "{mantissa}e{sign}{exponent}")
    } else {
        write!(out, "{number}")
    };
    // Writing into memory does not fail.
    debug_assert!(written.is_ok());
}

/// A quoted string with Go's escapes.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    match is_plain_text(text.as_bytes()) {
        true => quoted(text.len(), out, |out| out.extend_from_slice(text.as_bytes())),
        false => quoted(text.len(), out, |out| {
            escaped(text.as_bytes(), &SPECIAL, is_plain, out)
        }),
    }
}

/// The same of bytes that should be UTF-8; what is not becomes U+FFFD.
pub(crate) fn string_of_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    match is_plain_text(bytes) {
        true => quoted(bytes.len(), out, |out| out.extend_from_slice(bytes)),
        false => string(&String::from_utf8_lossy(bytes), out),
    }
}

#[inline]
fn quoted(length: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.reserve(length + 2);
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// JSON text as it came, with the escapes that Go adds when it embeds raw JSON.
pub(crate) fn raw(text: &[u8], out: &mut Vec<u8>) {
    escaped(text, &SPECIAL_IN_RAW, is_plain_in_raw, out);
}

/// Bytes that are not copied as they are. 0xE2 begins U+2028 and U+2029.
const SPECIAL: [bool; 256] = special(true);
const SPECIAL_IN_RAW: [bool; 256] = special(false);

const fn special(in_string: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while in_string && byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = in_string;
    table[b'\\' as usize] = in_string;
    table[b'<' as usize] = true;
    table[b'>' as usize] = true;
    table[b'&' as usize] = true;
    table[0xE2] = true;
    table
}

/// What is looked at in one go.
const BLOCK_BYTES: usize = 16;

fn escaped(
    bytes: &[u8],
    special: &[bool; 256],
    is_plain: impl Fn(&[u8; BLOCK_BYTES]) -> bool,
    out: &mut Vec<u8>,
) {
    let mut copied = 0;
    let mut at = 0;
    while let Some(plain) = next_special(&bytes[at..], special, &is_plain) {
        at += plain;
        let byte = bytes[at];
        let width = if byte == 0xE2 {
            match bytes.get(at + 1..at + 3) {
                Some([0x80, 0xA8 | 0xA9]) => 3,
                _ => {
                    at += 1;
                    continue;
                }
            }
        } else {
            1
        };
        out.extend_from_slice(&bytes[copied..at]);
        escape(&bytes[at..at + width], out);
        at += width;
        copied = at;
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Where the first byte is that is not copied as it is. Long plain stretches are passed over in blocks.
#[inline]
fn next_special(
    bytes: &[u8],
    special: &[bool; 256],
    is_plain: impl Fn(&[u8; BLOCK_BYTES]) -> bool,
) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
    let plain = blocks.iter().take_while(|block| is_plain(block)).count() * BLOCK_BYTES;
    let found = bytes[plain..]
        .iter()
        .position(|byte| special[usize::from(*byte)])?;
    Some(plain + found)
}

/// Whether text can be copied as it is: ASCII without anything to escape, which most of it is. Its ends may overlap.
#[inline]
fn is_plain_text(bytes: &[u8]) -> bool {
    match bytes.len() {
        0..4 => bytes.iter().all(|&byte| is_plain(&[byte])),
        4..8 => are_ends_plain::<4>(bytes),
        8..BLOCK_BYTES => are_ends_plain::<8>(bytes),
        _ => {
            let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
            blocks.iter().all(is_plain) && bytes.last_chunk::<BLOCK_BYTES>().is_some_and(is_plain)
        }
    }
}

#[inline(always)]
fn are_ends_plain<const N: usize>(bytes: &[u8]) -> bool {
    bytes.first_chunk::<N>().is_some_and(is_plain) && bytes.last_chunk::<N>().is_some_and(is_plain)
}

/// Whether all of the bytes are ASCII that text shows as it is. It is written so that they are compared in one go.
#[inline(always)]
fn is_plain<const N: usize>(block: &[u8; N]) -> bool {
    none(block, |byte| {
        !(0x20..0x80).contains(&byte) | (byte == b'"') | (byte == b'\\') | is_html(byte)
    })
}

/// The same for raw JSON, which is escaped already but for what HTML minds.
#[inline]
fn is_plain_in_raw(block: &[u8; BLOCK_BYTES]) -> bool {
    none(block, |byte| (byte == 0xE2) | is_html(byte))
}

#[inline(always)]
fn none<const N: usize>(block: &[u8; N], special: impl Fn(u8) -> bool) -> bool {
    !block.iter().fold(false, |found, byte| found | special(*byte))
}

#[inline]
fn is_html(byte: u8) -> bool {
    (byte == b'<') | (byte == b'>') | (byte == b'&')
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match bytes {
        [b'"'] => b"\\\"",
        [b'\\'] => b"\\\\",
        [8] => b"\\b",
        [12] => b"\\f",
        [b'\n'] => b"\\n",
        [b'\r'] => b"\\r",
        [b'\t'] => b"\\t",
        [_, _, last] => return out.extend_from_slice(if *last == 0xA8 { b"\\u2028" } else { b"\\u2029" }),
        other => {
            let byte = other.first().copied().unwrap_or_default();
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    };
    out.extend_from_slice(short);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn strings_are_escaped_as_in_go() {
        let text = printed(|out| {
            string(
                "a\"\\\n\t\u{8}\u{c}\u{1}<>&\u{2028}\u{2029}\u{20ac}\u{7f}\u{e9}",
                out,
            )
        });
        assert_eq!(
            text,
            "\"a\\\"\\\\\\n\\t\\b\\f\\u0001\\u003c\\u003e\\u0026\\u2028\\u2029\u{20ac}\u{7f}\u{e9}\""
        );
    }

    #[test]
    fn numbers_are_printed_as_in_go() {
        for (number, expected) in [
            (1.0, "1"),
            (0.0, "0"),
            (-0.5, "-0.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (123456.789, "123456.789"),
        ] {
            assert_eq!(printed(|out| float(number, out)), expected);
        }
        assert_eq!(printed(|out| int(i64::MIN, out)), "-9223372036854775808");
        assert_eq!(printed(|out| int(0, out)), "0");
    }
}
