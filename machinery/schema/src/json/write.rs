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
    out.reserve(text.len() + 2);
    out.push(b'"');
    escaped(text.as_bytes(), &SPECIAL, out);
    out.push(b'"');
}

/// JSON text as it came, with the escapes that Go adds when it embeds raw JSON.
pub(crate) fn raw(text: &[u8], out: &mut Vec<u8>) {
    escaped(text, &SPECIAL_IN_RAW, out);
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

fn escaped(bytes: &[u8], special: &[bool; 256], out: &mut Vec<u8>) {
    let mut copied = 0;
    let mut at = 0;
    while let Some(plain) = next_special(&bytes[at..], special) {
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
fn next_special(bytes: &[u8], special: &[bool; 256]) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
    let plain = blocks.iter().take_while(|block| is_plain(block)).count() * BLOCK_BYTES;
    let found = bytes[plain..]
        .iter()
        .position(|byte| special[usize::from(*byte)])?;
    Some(plain + found)
}

/// Whether none of the bytes is special, in text or in raw JSON. It is written so that it is compared in one go.
#[inline]
fn is_plain(block: &[u8; BLOCK_BYTES]) -> bool {
    let special = |byte: &u8| {
        let byte = *byte;
        (byte < 0x20)
            | (byte == b'"')
            | (byte == b'\\')
            | (byte == b'<')
            | (byte == b'>')
            | (byte == b'&')
            | (byte == 0xE2)
    };
    !block.iter().fold(false, |found, byte| found | special(byte))
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
