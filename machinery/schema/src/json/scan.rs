//! A cursor over JSON text that checks syntax with the words of Go's `encoding/json`. It builds no values.

use std::borrow::Cow;

use crate::{Error, limits};

/// The text of a body. Bytes that are not UTF-8 become replacement characters, as in Go.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    // Much faster than the lossy reading where there is nothing to replace.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// What a value begins with.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Begin {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Scanner {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// What the next value is; it is not consumed.
    pub(super) fn begin(&mut self) -> Result<Begin, Error> {
        match self.visible()? {
            b'{' => Ok(Begin::Object),
            b'[' => Ok(Begin::Array),
            b'"' => Ok(Begin::String),
            b'-' | b'0'..=b'9' => Ok(Begin::Number),
            b't' => Ok(Begin::True),
            b'f' => Ok(Begin::False),
            b'n' => Ok(Begin::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    /// Enters an object or array whose bracket is next.
    pub(super) fn enter(&mut self) -> Result<(), Error> {
        self.at += 1;
        self.depth += 1;
        if self.depth > limits::DEPTH_MAX {
            return Err(Error::syntax("exceeded max depth"));
        }
        Ok(())
    }

    /// The next key of an object with its colon consumed, or `None` at its end.
    pub(super) fn key(&mut self, first: bool) -> Result<Option<Cow<'a, str>>, Error> {
        let next = self.visible()?;
        match next {
            b'}' => {
                self.at += 1;
                self.depth -= 1;
                return Ok(None);
            }
            b',' if !first => {
                self.at += 1;
                if self.visible()? != b'"' {
                    return Err(self.unexpected("looking for beginning of object key string"));
                }
            }
            b'"' if first => {}
            _ if first => return Err(self.unexpected("looking for beginning of object key string")),
            _ => return Err(self.unexpected("after object key:value pair")),
        }
        let key = self.string()?;
        if self.visible()? != b':' {
            return Err(self.unexpected("after object key"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether an array has another element; its comma or bracket is consumed.
    pub(super) fn element(&mut self, first: bool) -> Result<bool, Error> {
        match self.visible()? {
            b']' => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ if first => Ok(true),
            b',' => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.unexpected("after array element")),
        }
    }

    /// The string whose quote is next, unescaped.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        let start = self.at + 1;
        self.at = start;
        match self.plain()? {
            b'"' => {
                let text = &self.text[start..self.at];
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.escaped(start).map(Cow::Owned),
        }
    }

    /// The number that is next, as text.
    pub(super) fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(&self.text[start..self.at])
    }

    /// Consumes `true`, `false` or `null`, of which the first letter is known to be right.
    pub(super) fn literal(&mut self, word: &str) -> Result<(), Error> {
        for expected in word.bytes() {
            match self.peek() {
                Some(byte) if byte == expected => self.at += 1,
                Some(_) => {
                    return Err(self.unexpected(&format!(
                        "in literal {word} (expecting '{}')",
                        char::from(expected)
                    )));
                }
                None => return Err(end()),
            }
        }
        Ok(())
    }

    /// Passes over a value and returns its text.
    pub(super) fn skip(&mut self) -> Result<&'a str, Error> {
        let begin = self.begin()?;
        let start = self.at;
        match begin {
            Begin::Object => {
                self.enter()?;
                let mut first = true;
                while self.key(first)?.is_some() {
                    self.skip()?;
                    first = false;
                }
            }
            Begin::Array => {
                self.enter()?;
                let mut first = true;
                while self.element(first)? {
                    self.skip()?;
                    first = false;
                }
            }
            Begin::String => drop(self.string()?),
            Begin::Number => drop(self.number()?),
            Begin::True => self.literal("true")?,
            Begin::False => self.literal("false")?,
            Begin::Null => self.literal("null")?,
        }
        Ok(&self.text[start..self.at])
    }

    /// Checks that nothing follows.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        match self.visible() {
            Ok(_) => Err(self.unexpected("after top-level value")),
            Err(_) => Ok(()),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn visible(&mut self) -> Result<u8, Error> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(end())
    }

    fn digits(&mut self, place: &str) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        match self.peek() {
            _ if self.at > start => Ok(()),
            Some(_) => Err(self.unexpected(place)),
            None => Err(end()),
        }
    }

    /// Moves to the next quote or backslash of a string, and returns it.
    fn plain(&mut self) -> Result<u8, Error> {
        let rest = &self.text.as_bytes()[self.at..];
        let Some(plain) = rest.iter().position(|byte| STRING_ENDS[usize::from(*byte)]) else {
            self.at = self.text.len();
            return Err(end());
        };
        self.at += plain;
        match rest[plain] {
            byte @ (b'"' | b'\\') => Ok(byte),
            _ => Err(self.unexpected("in string literal")),
        }
    }

    fn escaped(&mut self, start: usize) -> Result<String, Error> {
        let mut text = String::from(&self.text[start..self.at]);
        loop {
            let from = self.at;
            let next = self.plain()?;
            text.push_str(&self.text[from..self.at]);
            self.at += 1;
            if next == b'"' {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, Error> {
        let plain = match self.peek().ok_or_else(end)? {
            mark @ (b'"' | b'\\' | b'/') => char::from(mark),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Four hexadecimal digits, with a second escape where they are a high surrogate. Lone surrogates are replaced, as in Go.
    fn unicode(&mut self) -> Result<char, Error> {
        let unit = self.hex()?;
        if let 0xD800..0xDC00 = unit
            && self.text.as_bytes()[self.at..].starts_with(b"\\u")
        {
            let back = self.at;
            self.at += 2;
            let low = self.hex()?;
            if let 0xDC00..0xE000 = low {
                let point = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek().ok_or_else(end)?).to_digit(16);
            unit = unit * 16 + digit.ok_or_else(|| self.unexpected("in \\u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn unexpected(&self, place: &str) -> Error {
        match self.peek() {
            Some(byte) => Error::syntax(format!("invalid character {} {place}", quoted(byte))),
            None => end(),
        }
    }
}

/// Bytes at which a plain run of a string ends: quote, backslash, control characters.
const STRING_ENDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

fn end() -> Error {
    Error::syntax("unexpected end of JSON input")
}

fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".into(),
        b'"' => "'\"'".into(),
        b'\\' => "'\\\\'".into(),
        7..14 => format!("'\\{}'", char::from(b"abtnvfr"[usize::from(byte - 7)])),
        0x20..0x7f => format!("'{}'", char::from(byte)),
        _ => format!("'\\x{byte:02x}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let mut scanner = Scanner::new(text);
        let result = scanner.skip().map(|_| ()).and_then(|()| scanner.finish());
        result.expect_err("not JSON").message
    }

    #[test]
    fn syntax_errors_are_worded_as_in_go() {
        for (text, expected) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            (
                "not json",
                "invalid character 'o' in literal null (expecting 'u')",
            ),
            (
                "{]",
                "invalid character ']' looking for beginning of object key string",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 2}", "invalid character '2' after object key:value pair"),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("1 2", "invalid character '2' after top-level value"),
            ("01", "invalid character '1' after top-level value"),
            ("-", "unexpected end of JSON input"),
            ("-a", "invalid character 'a' in numeric literal"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            ("1ex", "invalid character 'x' in exponent of numeric literal"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            (
                "\"\\u00g0\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            ("'a'", "invalid character '\\'' looking for beginning of value"),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert_eq!(error(&"[".repeat(5000)), "exceeded max depth");
    }

    #[test]
    fn strings_are_unescaped() {
        let read = |text| Scanner::new(text).string().expect("a string").into_owned();
        assert_eq!(
            read(r#""a\"\\\/\b\f\n\r\t\u00e9""#),
            "a\"\\/\u{8}\u{c}\n\r\t\u{e9}"
        );
        assert_eq!(read(r#""\ud83d\ude00""#), "\u{1f600}");
        assert_eq!(read(r#""\ud83dx""#), "\u{fffd}x");
        assert_eq!(read(r#""\ud83d\u0041""#), "\u{fffd}A");
    }
}
