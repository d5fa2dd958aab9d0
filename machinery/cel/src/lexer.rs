//! From text to tokens. What is no token is told and left out, in the words of the reference's lexer.

mod literal;

use crate::source::Issues;

use literal::Open;
pub use literal::value;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A sign or an operator, by its text.
    Sign(&'static str),
    /// A word that names something, or a reserved word; of the latter the grammar knows `true`, `false`, `null` and `in`.
    Identifier,
    /// A name in backticks.
    Escaped,
    /// `1`, `0x1f`
    Int,
    /// `1u`
    Uint,
    /// `1.5`
    Float,
    /// Any string.
    String,
    /// Any string with a `b` before it.
    Bytes,
    /// The end of the text.
    End,
}

impl TokenKind {
    /// Whether it is this sign.
    pub fn is(self, sign: &str) -> bool {
        matches!(self, Self::Sign(found) if found == sign)
    }
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub struct Token<'t> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text.
    pub text: &'t str,
    /// Where it begins, in code points.
    pub at: u32,
}

/// Longer ones first.
const SIGNS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":",
    "+", "*", "/", "%",
];
/// Words that are signs to the grammar.
const WORDS: [&str; 4] = ["in", "true", "false", "null"];

/// Names that the language keeps for itself.
pub const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Whether a text is a name that an expression can have for a variable.
pub fn is_identifier(text: &str) -> bool {
    let is_part = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let begins_well = text.starts_with(|first: char| !first.is_ascii_digit());
    begins_well && text.bytes().all(is_part) && !is_reserved(text)
}

/// Whether a word is the language's own.
pub fn is_reserved(word: &str) -> bool {
    WORDS.contains(&word) || RESERVED.contains(&word)
}

/// All tokens of a text; the last is its end. Nothing more is read once no more issues are taken.
pub fn tokens<'t>(text: &'t str, issues: &mut Issues) -> Vec<Token<'t>> {
    let mut lexer = Lexer {
        text,
        byte: 0,
        at: 0,
        open: Open::default(),
    };
    let mut tokens = Vec::new();
    while !issues.is_full() && lexer.skip_blank() {
        match lexer.next() {
            Ok((kind, length)) => tokens.push(lexer.take(kind, length)),
            Err(length) => {
                let token = lexer.take(TokenKind::End, length);
                let message = format!(
                    "Syntax error: token recognition error at: '{}'",
                    shown(token.text)
                );
                issues.report(token.at, message);
            }
        }
    }
    tokens.push(lexer.take(TokenKind::End, 0));
    tokens
}

fn shown(text: &str) -> String {
    text.replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\r', "\\r")
}

struct Lexer<'t> {
    text: &'t str,
    byte: usize,
    at: u32,
    open: Open,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.byte..]
    }

    fn next(&mut self) -> Result<(TokenKind, usize), usize> {
        match literal::string(self.text, self.byte, &mut self.open) {
            Some(found) => found,
            None => token(self.rest()),
        }
    }

    fn take(&mut self, kind: TokenKind, length: usize) -> Token<'t> {
        let text = &self.rest()[..length];
        let token = Token {
            kind,
            text,
            at: self.at,
        };
        self.byte += length;
        self.at += text.chars().count() as u32;
        token
    }

    /// Skips white space and comments; whether anything is left.
    fn skip_blank(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let length = match rest.as_bytes().first() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | 0x0c) => 1,
                Some(b'/') if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                Some(_) => return true,
                None => return false,
            };
            self.take(TokenKind::End, length);
        }
    }
}

/// The first token's kind and length, or the length of what is none. It is no string.
fn token(rest: &str) -> Result<(TokenKind, usize), usize> {
    let first = rest.chars().next().unwrap_or_default();
    if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
        return Ok(literal::number(rest));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let word = &rest[..rest.find(|char| !is_part(char)).unwrap_or(rest.len())];
        let known = WORDS.iter().find(|known| **known == word);
        let kind = known.map_or(TokenKind::Identifier, |known| TokenKind::Sign(known));
        return Ok((kind, word.len()));
    }
    if first == '`' {
        return escaped(rest);
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((TokenKind::Sign(sign), sign.len()));
    }
    // A half of `&&`, `||` or `==` takes the character with it at which it is seen to be no more.
    let next = rest[first.len_utf8()..].chars().next().map_or(0, char::len_utf8);
    let half = if matches!(first, '&' | '|' | '=') { next } else { 0 };
    Err(first.len_utf8() + half)
}

fn escaped(rest: &str) -> Result<(TokenKind, usize), usize> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-' | '/' | ' ');
    let inner = rest[1..].find(|char| !is_part(char)).unwrap_or(rest.len() - 1);
    let after = &rest[1 + inner..];
    if inner > 0 && after.starts_with('`') {
        return Ok((TokenKind::Escaped, inner + 2));
    }
    Err(1 + inner + after.chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_language_are_no_names() {
        for good in ["a", "_", "a1_B", "inn", "True"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in [
            "",
            "1a",
            "a-b",
            "a.b",
            "\u{e9}",
            "in",
            "true",
            "null",
            "namespace",
            "while",
        ] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }

    #[test]
    fn nothing_is_read_once_issues_are_full() {
        let mut issues = Issues::new("");
        let text = "@ a ".repeat(20_000);
        assert_eq!(tokens(&text, &mut issues).len(), crate::limits::ISSUES_MAX);
    }
}
