//! Regular expressions as Go (RE2) reads them: what is wrong with one, in Go's words, and whether a text matches.
//! Matching is done by the `regex` crate, whose syntax differs in a few places; see [`translated`].

mod translated;

use regex::{Regex, RegexBuilder};

/// How often something may be repeated.
const REPEAT_MAX: u32 = 1000;

/// Whether a text has a part that matches; `None` for a pattern that cannot be compiled.
pub fn matches(pattern: &str, text: &str) -> Option<bool> {
    Regex::new(&translated::of(pattern))
        .ok()
        .map(|regex| regex.is_match(text))
}

/// A pattern, compiled to a program of at most so many bytes; nothing for one that cannot be.
pub fn compile(pattern: &str, bytes_max: usize) -> Option<Regex> {
    RegexBuilder::new(&translated::of(pattern))
        .size_limit(bytes_max)
        .dfa_size_limit(bytes_max)
        .build()
        .ok()
}

/// What is wrong with a pattern.
pub fn problem(pattern: &str) -> Option<String> {
    Reader::new(pattern)
        .read()
        .err()
        .map(|(what, part)| format!("error parsing regexp: {what}: `{part}`"))
}

/// What is wrong, and the part of the pattern that Go shows.
type Problem<'a> = (&'static str, &'a str);

struct Reader<'a> {
    pattern: &'a str,
    at: usize,
    /// Open groups.
    open: usize,
    /// Where the last repetition began, if nothing else came after it.
    repeat: Option<usize>,
    /// Whether there is something to repeat.
    has_operand: bool,
}

impl<'a> Reader<'a> {
    fn new(pattern: &'a str) -> Self {
        Self {
            pattern,
            at: 0,
            open: 0,
            repeat: None,
            has_operand: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn since(&self, start: usize) -> &'a str {
        self.pattern.get(start..self.at).unwrap_or_default()
    }

    fn read(mut self) -> Result<(), Problem<'a>> {
        while let Some(next) = self.peek() {
            let start = self.at;
            match next {
                '*' | '+' | '?' => {
                    self.skip();
                    self.repetition(start)?;
                    continue;
                }
                '{' if counted(self.rest()).is_some() => {
                    self.count(start)?;
                    continue;
                }
                '(' => self.group()?,
                ')' if self.open == 0 => return Err(("unexpected )", self.pattern)),
                ')' => {
                    self.skip();
                    self.open -= 1;
                    self.has_operand = true;
                }
                '|' => {
                    self.skip();
                    self.has_operand = false;
                }
                '[' => self.class()?,
                '\\' => {
                    self.escape(false)?;
                    self.has_operand = true;
                }
                _ => {
                    self.skip();
                    self.has_operand = true;
                }
            }
            self.repeat = None;
        }
        if self.open > 0 {
            return Err(("missing closing )", self.pattern));
        }
        Ok(())
    }

    fn count(&mut self, start: usize) -> Result<(), Problem<'a>> {
        let Some((bytes, min, max)) = counted(self.rest()) else {
            return Ok(());
        };
        self.at += bytes;
        let is_too_much = min > REPEAT_MAX || max.is_some_and(|max| max > REPEAT_MAX || max < min);
        if is_too_much {
            return Err(("invalid repeat count", self.since(start)));
        }
        self.repetition(start)
    }

    /// A repetition was read from `start` on; a question mark makes it lazy.
    fn repetition(&mut self, start: usize) -> Result<(), Problem<'a>> {
        if self.peek() == Some('?') {
            self.skip();
        }
        if let Some(before) = self.repeat {
            return Err(("invalid nested repetition operator", self.since(before)));
        }
        if !self.has_operand {
            return Err(("missing argument to repetition operator", self.since(start)));
        }
        self.repeat = Some(start);
        Ok(())
    }

    fn group(&mut self) -> Result<(), Problem<'a>> {
        let start = self.at;
        self.skip();
        self.has_operand = false;
        if self.peek() != Some('?') {
            self.open += 1;
            return Ok(());
        }
        let name = self
            .rest()
            .strip_prefix("?P<")
            .or_else(|| self.rest().strip_prefix("?<"));
        if let Some(after) = name {
            return self.named(start, after);
        }
        self.skip();
        let mut has_minus = false;
        loop {
            match self.skip() {
                Some('i' | 'm' | 's' | 'U') => {}
                Some('-') if !has_minus => has_minus = true,
                Some(':') => {
                    self.open += 1;
                    return Ok(());
                }
                Some(')') => return Ok(()),
                Some(_) => return Err(("invalid or unsupported Perl syntax", self.since(start))),
                None => return Err(("missing closing )", self.pattern)),
            }
        }
    }

    fn named(&mut self, start: usize, after: &'a str) -> Result<(), Problem<'a>> {
        let Some(length) = after.find('>') else {
            return Err((
                "invalid named capture",
                self.pattern.get(start..).unwrap_or_default(),
            ));
        };
        let name = after.get(..length).unwrap_or_default();
        self.at = self.pattern.len() - after.len() + length + 1;
        self.open += 1;
        let is_word = |char: char| char == '_' || char.is_alphanumeric();
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(("invalid named capture", self.since(start)));
        }
        Ok(())
    }

    fn class(&mut self) -> Result<(), Problem<'a>> {
        const RANGE: &str = "invalid character class range";
        let start = self.at;
        let unclosed = ("missing closing ]", self.pattern.get(start..).unwrap_or_default());
        self.skip();
        if self.peek() == Some('^') {
            self.skip();
        }
        let mut is_first = true;
        loop {
            let from = self.at;
            match self.peek() {
                None => return Err(unclosed),
                Some(']') if !is_first => break,
                Some('[') if self.rest().starts_with("[:") && self.rest().contains(":]") => {
                    let bytes = self.rest().find(":]").unwrap_or_default() + 2;
                    self.at += bytes;
                    if !translated::is_named_class(self.since(from)) {
                        return Err((RANGE, self.since(from)));
                    }
                }
                Some(_) => {
                    let low = self.class_char()?;
                    let is_range = self.rest().starts_with('-') && !self.rest().starts_with("-]");
                    if let (Some(low), true) = (low, is_range) {
                        self.skip();
                        if self.peek().is_none() {
                            return Err(unclosed);
                        }
                        let high = self.class_char()?;
                        if high.is_some_and(|high| high < low) {
                            return Err((RANGE, self.since(from)));
                        }
                    }
                }
            }
            is_first = false;
        }
        self.skip();
        self.has_operand = true;
        Ok(())
    }

    /// One character of a class; `None` for an escape that stands for several.
    fn class_char(&mut self) -> Result<Option<char>, Problem<'a>> {
        match self.peek() {
            Some('\\') => self.escape(true),
            _ => Ok(self.skip()),
        }
    }

    /// An escape; the character that it stands for, if it is one that the order of ranges can be told by.
    fn escape(&mut self, in_class: bool) -> Result<Option<char>, Problem<'a>> {
        let start = self.at;
        self.skip();
        let Some(next) = self.skip() else {
            return Err(("trailing backslash at end of expression", ""));
        };
        match next {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Ok(None),
            'A' | 'b' | 'B' | 'C' | 'z' if !in_class => Ok(None),
            'Q' if !in_class => {
                let bytes = self.rest().find("\\E").map_or(self.rest().len(), |end| end + 2);
                self.at += bytes;
                Ok(None)
            }
            'p' | 'P' => {
                let bytes = match self.rest().strip_prefix('{') {
                    Some(inner) => inner.find('}').map(|end| end + 2),
                    None => self.peek().map(char::len_utf8),
                };
                match bytes {
                    Some(bytes) => self.at += bytes,
                    None => {
                        let part = self.pattern.get(start..).unwrap_or_default();
                        return Err(("invalid character class range", part));
                    }
                }
                Ok(None)
            }
            'x' => self.hexadecimal(start),
            '1'..='7' if !self.peek().is_some_and(|next| ('0'..='7').contains(&next)) => {
                Err(("invalid escape sequence", self.since(start)))
            }
            '0'..='7' => {
                while self.peek().is_some_and(|next| ('0'..='7').contains(&next)) && self.at - start < 4 {
                    self.skip();
                }
                Ok(None)
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(None),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(Some(other)),
            _ => Err(("invalid escape sequence", self.since(start))),
        }
    }

    fn hexadecimal(&mut self, start: usize) -> Result<Option<char>, Problem<'a>> {
        let digits = match self.rest().strip_prefix('{') {
            Some(inner) => inner
                .split_once('}')
                .map(|(digits, _)| (digits, digits.len() + 2)),
            None => self.rest().get(..2).map(|digits| (digits, 2)),
        };
        let Some((digits, bytes)) = digits else {
            self.at = self.pattern.len();
            return Err(("invalid escape sequence", self.since(start)));
        };
        self.at += bytes;
        match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
            Some(char) => Ok(Some(char)),
            None => Err(("invalid escape sequence", self.since(start))),
        }
    }
}

/// A counted repetition at the beginning: its length in bytes, how often at least, and at most.
fn counted(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let (inner, _) = text.strip_prefix('{')?.split_once('}')?;
    // What overflows is too much in any case.
    let number = |digits: &str| {
        let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (min, max) = match inner.split_once(',') {
        None => (number(inner)?, number(inner)),
        Some((min, "")) => (number(min)?, None),
        Some((min, max)) => (number(min)?, Some(number(max)?)),
    };
    Some((inner.len() + 2, min, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_patterns_are_good() {
        for good in [
            "",
            "^[a-z]+$",
            "a{2}",
            "a{2,}?",
            "{x",
            "a{,2}",
            "(?i)a",
            "(?P<n>a)|b",
            "(?:a|b)*",
            "[]a]",
            "[^]]",
            "[[:alpha:]-]",
            r"\d+\.\w*\bx",
            r"\pL\p{Greek}",
            r"\x41\x{10FFFF}",
            r"[\]\-a]",
            "a|",
            "(|a)",
            r"\Q*\E",
        ] {
            assert_eq!(problem(good), None, "{good}");
            assert!(matches(good, "a").is_some(), "{good}");
        }
    }

    #[test]
    fn problems_are_told_as_go_tells_them() {
        for (bad, told) in [
            ("[", "missing closing ]: `[`"),
            ("x[a-", "missing closing ]: `[a-`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("a|+?", "missing argument to repetition operator: `+?`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{3,2}", "invalid repeat count: `{3,2}`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            ("\\", "trailing backslash at end of expression: ``"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<=a)b", "invalid named capture: `(?<=a)b`"),
            ("(?P<a b>x)", "invalid named capture: `(?P<a b>`"),
        ] {
            assert_eq!(problem(bad), Some(format!("error parsing regexp: {told}")));
        }
    }

    #[test]
    fn classes_are_those_of_ascii() {
        assert_eq!(matches(r"^\d$", "٣"), Some(false));
        assert_eq!(matches(r"^[\w-]+$", "a-ä"), Some(false));
        assert_eq!(matches(r"^[a&&b]$", "&"), Some(true));
        assert_eq!(matches("^[[]$", "["), Some(true));
        assert_eq!(matches(r"^\Qa.b\E$", "a.b"), Some(true));
        assert_eq!(matches("^{}$", "{}"), Some(true));
        assert_eq!(matches("a$", "a\n"), Some(false));
    }
}
