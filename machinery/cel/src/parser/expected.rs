//! What the grammar expects at a place, as the reference's messages list it, and what is said when something else is there.

use super::Parser;
use crate::ast::Expr;
use crate::lexer::{Token, TokenKind};

/// Where an expression must begin.
pub const EXPRESSION: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// After a minus.
pub const OPERAND: &str = "{'[', '{', '(', '.', '-', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// After the parenthesis of a call.
pub const ARGUMENTS: &str = "{'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// At the beginning of a list.
pub const ITEMS: &str = "{'[', ']', '{', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// At the beginning of a map.
pub const ENTRIES: &str = "{'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// At the beginning of a message.
pub const FIELDS: &str = "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}";
/// A field's name.
pub const FIELD: &str = "{'?', IDENTIFIER, ESC_IDENTIFIER}";

/// A token as messages show it.
pub fn shown(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::End => "<EOF>".to_owned(),
        _ => token
            .text
            .replace('\n', "\\n")
            .replace('\t', "\\t")
            .replace('\r', "\\r"),
    }
}

/// Whether an expression can begin with a token.
pub fn begins_expression(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Sign(sign) => matches!(
            sign,
            "[" | "{" | "(" | "." | "-" | "!" | "true" | "false" | "null"
        ),
        TokenKind::Escaped | TokenKind::End => false,
        _ => true,
    }
}

/// Whether a token can come after a whole expression.
fn follows_expression(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Sign(sign) => !matches!(sign, "{" | "(" | "!" | "true" | "false" | "null"),
        TokenKind::End => true,
        _ => false,
    }
}

impl Parser<'_> {
    /// Requires a sign. Where it is missing and what comes would fit after it, it is taken as given.
    pub fn expect(&mut self, sign: &str) {
        if self.take_if(sign).is_some() {
            return;
        }
        let token = self.peek();
        let closes = matches!(sign, ")" | "]" | "}");
        if self.peek_after(1).is(sign) {
            self.syntax_error(
                token.at,
                format!("extraneous input '{}' expecting '{sign}'", shown(&token)),
            );
            self.skip();
            self.take();
        } else if closes && follows_expression(token.kind) {
            self.syntax_error(token.at, format!("missing '{sign}' at '{}'", shown(&token)));
        } else {
            self.syntax_error(
                token.at,
                format!("mismatched input '{}' expecting '{sign}'", shown(&token)),
            );
        }
    }

    /// Requires the end of the text.
    pub fn expect_end(&mut self) {
        let token = self.peek();
        if token.kind != TokenKind::End {
            let how = if self.peek_after(1) == TokenKind::End {
                "extraneous"
            } else {
                "mismatched"
            };
            self.syntax_error(
                token.at,
                format!("{how} input '{}' expecting <EOF>", shown(&token)),
            );
        }
    }

    /// Something else stands where one of `expected` must: it is left out if what comes after it fits.
    /// Whether parsing can go on here.
    pub fn unexpected(&mut self, expected: &str, fits: impl Fn(TokenKind) -> bool) -> bool {
        let token = self.peek();
        if token.kind != TokenKind::End && fits(self.peek_after(1)) {
            self.syntax_error(
                token.at,
                format!("extraneous input '{}' expecting {expected}", shown(&token)),
            );
            self.skip();
            return true;
        }
        self.syntax_error(
            token.at,
            format!("mismatched input '{}' expecting {expected}", shown(&token)),
        );
        while !follows_expression(self.peek().kind) {
            self.skip();
        }
        false
    }

    /// After a dot comes no name.
    pub fn no_member(&mut self, dot: &Token<'_>) -> Expr {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::End => String::new(),
            _ => shown(&token),
        };
        self.syntax_error(token.at, format!("no viable alternative at input '.{found}'"));
        self.nothing(dot.at)
    }
}
