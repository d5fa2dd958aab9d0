//! Field selectors: `metadata.name=a,status.phase!=Running`. Which fields a resource offers is not known here.
//!
//! A backslash escapes `\`, `,` and `=` in a value.

use std::fmt;

use schema::SmolStr;

pub use super::ParseError;
use crate::limits::SELECTOR_BYTES_MAX;

/// Which objects are meant, by their fields. All terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    terms: Vec<Term>,
}

/// One condition on one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The field's path, e.g. `metadata.name`.
    pub field: SmolStr,
    /// `=` (true) or `!=` (false).
    pub equal: bool,
    /// Unescaped.
    pub value: SmolStr,
}

impl Selector {
    /// Matches all objects.
    pub const fn everything() -> Self {
        Self { terms: Vec::new() }
    }

    /// Matches what has this value in this field.
    pub fn equal(field: impl Into<SmolStr>, value: impl Into<SmolStr>) -> Self {
        Self {
            terms: vec![Term {
                field: field.into(),
                equal: true,
                value: value.into(),
            }],
        }
    }

    /// Parses the query form. Terms are sorted by their text; empty ones are skipped.
    ///
    /// # Errors
    /// A term without an operator, bad escapes, and text over [`SELECTOR_BYTES_MAX`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > SELECTOR_BYTES_MAX {
            return Err(ParseError(format!(
                "selector is longer than {SELECTOR_BYTES_MAX} bytes"
            )));
        }
        let mut parts = split_terms(text);
        parts.sort_unstable();
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let terms = parts
            .map(|part| parse_term(text, part))
            .collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Whether an object matches; `value_of` gives a field's text, empty where the object has none.
    pub fn matches<'a>(&self, value_of: impl Fn(&str) -> &'a str) -> bool {
        self.terms
            .iter()
            .all(|term| (value_of(&term.field) == term.value) == term.equal)
    }

    /// Whether it matches all objects.
    pub fn is_everything(&self) -> bool {
        self.terms.is_empty()
    }

    /// In the order of their text.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The one value that `field` must have, if the selector asks for one.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.terms
            .iter()
            .find(|term| term.equal && term.field == field)
            .map(|term| term.value.as_str())
    }

    /// The selector with every field and value renamed or refused by `change`, the first refusal winning.
    ///
    /// # Errors
    /// Whatever `change` answers.
    pub fn try_map<E>(
        &self,
        mut change: impl FnMut(&str, &str) -> Result<(SmolStr, SmolStr), E>,
    ) -> Result<Self, E> {
        let change_term = |term: &Term| {
            let (field, value) = change(&term.field, &term.value)?;
            Ok(Term {
                field,
                equal: term.equal,
                value,
            })
        };
        Ok(Self {
            terms: self.terms.iter().map(change_term).collect::<Result<_, E>>()?,
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let operator = if term.equal { "=" } else { "!=" };
            write!(f, "{comma}{}{operator}{}", term.field, escape(&term.value))?;
        }
        Ok(())
    }
}

/// Splits at commas that no backslash stands before.
fn split_terms(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn parse_term(text: &str, part: &str) -> Result<Term, ParseError> {
    let (field, equal, value) = split_operator(part)
        .ok_or_else(|| ParseError(format!("invalid selector: '{text}'; can't understand '{part}'")))?;
    Ok(Term {
        field: SmolStr::new(field),
        equal,
        value: unescape(value)?,
    })
}

/// At the first operator: `!=`, `==` or `=`.
fn split_operator(part: &str) -> Option<(&str, bool, &str)> {
    let at = part
        .bytes()
        .zip(part.bytes().skip(1).chain([0]))
        .position(|pair| pair.0 == b'=' || pair == (b'!', b'='))?;
    let (field, rest) = part.split_at(at);
    let (equal, value) = match rest.strip_prefix("!=") {
        Some(value) => (false, value),
        None => (true, rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?),
    };
    Some((field, equal, value))
}

fn unescape(value: &str) -> Result<SmolStr, ParseError> {
    if !value.contains(['\\', ',', '=']) {
        return Ok(SmolStr::new(value));
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(escaped(chars.next())?),
            ',' | '=' => {
                let code = u32::from(c);
                return Err(ParseError(format!(
                    "invalid field selector: unescaped character in value: {code}"
                )));
            }
            c => out.push(c),
        }
    }
    Ok(SmolStr::from(out))
}

fn escaped(c: Option<char>) -> Result<char, ParseError> {
    match c {
        Some(c @ ('\\' | ',' | '=')) => Ok(c),
        other => {
            let other = other.map(String::from).unwrap_or_default();
            Err(ParseError(format!(
                "invalid field selector: invalid escape sequence: \\{other}"
            )))
        }
    }
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '=') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(field: &str) -> &'static str {
        match field {
            "metadata.name" => "a,b",
            "status.phase" => "Running",
            _ => "",
        }
    }

    #[test]
    fn matches_fields() {
        for (text, expected) in [
            ("", true),
            (",,", true),
            ("metadata.name=a\\,b", true),
            ("metadata.name==a\\,b,status.phase=Running", true),
            ("status.phase!=Running", false),
            ("absent=", true),
            ("absent!=", false),
        ] {
            assert_eq!(
                Selector::parse(text).expect(text).matches(fields),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn parses_displays_and_sorts() {
        let selector = Selector::parse("b=2,a!=\\=\\\\,b==3").expect("valid");
        assert_eq!(selector.to_string(), "a!=\\=\\\\,b=2,b=3");
        assert_eq!(selector.terms()[0].value, "=\\");
        assert_eq!((selector.exact("b"), selector.exact("a")), (Some("2"), None));
        assert_eq!(Selector::parse(&selector.to_string()), Ok(selector));
    }

    #[test]
    fn bad_text_is_refused_in_the_references_words() {
        for (text, message) in [
            (
                "metadata.name",
                "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
            ),
            ("a=1,!", "invalid selector: 'a=1,!'; can't understand '!'"),
            (
                "a=b=c",
                "invalid field selector: unescaped character in value: 61",
            ),
            ("a=\\x", "invalid field selector: invalid escape sequence: \\x"),
            ("a=\\", "invalid field selector: invalid escape sequence: \\"),
        ] {
            assert_eq!(
                Selector::parse(text).expect_err(text).to_string(),
                message,
                "{text}"
            );
        }
    }

    #[test]
    fn terms_can_be_renamed_or_refused() {
        let selector = Selector::parse("a=1").expect("valid");
        let renamed = selector.try_map(|_, value| Ok::<_, ()>(("b".into(), value.into())));
        assert_eq!(renamed, Ok(Selector::equal("b", "1")));
        assert_eq!(selector.try_map(|_, _| Err("no")), Err("no"));
    }
}
