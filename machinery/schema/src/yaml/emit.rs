//! Writes a tree in block style with go-yaml v2's layout and quoting: lists are not indented below their key, texts are plain
//! where they can be, literal where they have line breaks.

use super::resolve;
use crate::json;
use crate::{Map, Value};

pub(super) fn document(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Map(map) if !map.is_empty() => mapping(map, 0, out),
        Value::List(list) if !list.is_empty() => sequence(list, 0, out),
        value => {
            // The lines of a literal text are indented, also where it stands alone.
            scalar(value, 2, out);
            out.push(b'\n');
        }
    }
}

/// Entries, each on a line of its own; the first one begins where the cursor is.
fn mapping(map: &Map, indent: usize, out: &mut Vec<u8>) {
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            pad(indent, out);
        }
        text(key, true, 0, out);
        out.push(b':');
        match value {
            Value::Map(map) if !map.is_empty() => {
                out.push(b'\n');
                pad(indent + 2, out);
                mapping(map, indent + 2, out);
            }
            Value::List(list) if !list.is_empty() => {
                out.push(b'\n');
                pad(indent, out);
                sequence(list, indent, out);
            }
            value => {
                out.push(b' ');
                scalar(value, indent + 2, out);
                out.push(b'\n');
            }
        }
    }
}

fn sequence(list: &[Value], indent: usize, out: &mut Vec<u8>) {
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            pad(indent, out);
        }
        out.extend_from_slice(b"- ");
        match item {
            Value::Map(map) if !map.is_empty() => mapping(map, indent + 2, out),
            Value::List(list) if !list.is_empty() => sequence(list, indent + 2, out),
            value => {
                scalar(value, indent + 2, out);
                out.push(b'\n');
            }
        }
    }
}

fn scalar(value: &Value, indent: usize, out: &mut Vec<u8>) {
    match value {
        Value::String(value) => text(value, false, indent, out),
        // A field set is flow style: JSON is YAML.
        value => json::write(value, out),
    }
}

fn text(text: &str, is_key: bool, indent: usize, out: &mut Vec<u8>) {
    let shape = Shape::of(text);
    if text.contains('\n') && shape.block && !is_key {
        return literal(text, indent, out);
    }
    if !text.contains('\n') && resolve::is_text(text) {
        if shape.plain {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        if shape.single {
            out.push(b'\'');
            out.extend_from_slice(text.replace('\'', "''").as_bytes());
            out.push(b'\'');
            return;
        }
    }
    double_quoted(text, out);
}

/// `|` with what says how the end and the beginning are meant.
fn literal(text: &str, indent: usize, out: &mut Vec<u8>) {
    out.push(b'|');
    if text.starts_with([' ', '\n']) {
        out.push(b'2');
    }
    let ends = text.bytes().rev().take_while(|byte| *byte == b'\n').count();
    match ends {
        0 => out.push(b'-'),
        1 if text.len() > 1 => {}
        _ => out.push(b'+'),
    }
    let body = text.strip_suffix('\n').unwrap_or(text);
    for line in body.split('\n') {
        out.push(b'\n');
        if !line.is_empty() {
            pad(indent, out);
            out.extend_from_slice(line.as_bytes());
        }
    }
}

fn double_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\0' => out.extend_from_slice(b"\\0"),
            '\u{7}' => out.extend_from_slice(b"\\a"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\u{b}' => out.extend_from_slice(b"\\v"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\u{1b}' => out.extend_from_slice(b"\\e"),
            '\u{85}' => out.extend_from_slice(b"\\N"),
            '\u{a0}' => out.extend_from_slice(b"\\_"),
            '\u{2028}' => out.extend_from_slice(b"\\L"),
            '\u{2029}' => out.extend_from_slice(b"\\P"),
            character if is_printable(character) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes())
            }
            character => match u32::from(character) {
                code @ 0..0x100 => out.extend_from_slice(format!("\\x{code:02X}").as_bytes()),
                code @ 0x100..0x10000 => out.extend_from_slice(format!("\\u{code:04X}").as_bytes()),
                code => out.extend_from_slice(format!("\\U{code:08X}").as_bytes()),
            },
        }
    }
    out.push(b'"');
}

/// Which styles a text may be written in.
struct Shape {
    plain: bool,
    single: bool,
    block: bool,
}

impl Shape {
    fn of(text: &str) -> Shape {
        let blank = |character: Option<char>| {
            character.is_none_or(|character| matches!(character, ' ' | '\t' | '\n' | '\r'))
        };
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let mut special = false;
        let mut space_before_break = false;
        let mut break_before_space = false;
        let mut before = None;
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let after = rest.clone().next();
            indicators |= match character {
                '#' => blank(before),
                ':' => blank(after),
                '?' | '-' => before.is_none() && blank(after),
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                    before.is_none()
                }
                _ => false,
            };
            special |= !(is_printable(character) || is_break(character));
            space_before_break |= before == Some(' ') && is_break(character);
            break_before_space |= before.is_some_and(is_break) && character == ' ';
            before = Some(character);
        }
        let edge = |character: char| character == ' ' || is_break(character);
        let at_edges = text.starts_with(edge) || text.ends_with(edge);
        let sound = !(special || space_before_break);
        Shape {
            plain: sound && !indicators && !at_edges && !break_before_space && !text.contains(is_break),
            single: sound && !break_before_space,
            block: sound && !text.ends_with(' ') && !text.contains('\r'),
        }
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && character != '\u{feff}'
}

fn pad(indent: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + indent, b' ');
}
