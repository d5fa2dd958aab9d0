//! Lists, maps and messages.

use smol_str::SmolStr;

use super::expected;
use crate::ast::{Entry, Expr, FieldEntry, Kind};
use crate::lexer::TokenKind;
use crate::parser::Parser;

impl Parser<'_> {
    pub fn list(&mut self) -> Expr {
        let bracket = self.take();
        let mut items = Vec::new();
        let mut expected = expected::ITEMS;
        while !self.is("]") {
            if self.is(",") && items.is_empty() {
                self.take();
                break;
            }
            let optional = self.take_if("?").is_some();
            items.push((self.expression(expected), optional));
            expected = expected::EXPRESSION;
            if self.take_if(",").is_none() {
                break;
            }
        }
        self.expect("]");
        self.node(bracket.at, Kind::List(items))
    }

    pub fn map(&mut self) -> Expr {
        let brace = self.take();
        let mut entries = Vec::new();
        let mut expected = expected::ENTRIES;
        while !self.is("}") {
            if self.is(",") && entries.is_empty() {
                self.take();
                break;
            }
            let optional = self.take_if("?").is_some();
            let key = self.expression(expected);
            expected = expected::EXPRESSION;
            let at = self.peek().at;
            self.expect(":");
            if self.recovers {
                break;
            }
            let value = self.expression(expected::EXPRESSION);
            entries.push(Entry {
                at,
                key,
                value,
                optional,
            });
            if self.take_if(",").is_none() {
                break;
            }
        }
        self.expect("}");
        self.node(brace.at, Kind::Map(entries))
    }

    /// The whole dotted name, if a brace comes after it. It is taken then.
    pub fn message_name(&mut self, first: &str) -> Option<String> {
        let mut name = first.to_owned();
        let mut after = 0;
        while self.peek_after(after) == TokenKind::Sign(".")
            && self.peek_after(after + 1) == TokenKind::Identifier
        {
            name.push('.');
            name.push_str(self.tokens[self.at + after + 1].text);
            after += 2;
        }
        if self.peek_after(after) != TokenKind::Sign("{") {
            return None;
        }
        for _ in 0..after {
            self.take();
        }
        Some(name)
    }

    pub fn message(&mut self, name: String) -> Expr {
        let brace = self.take();
        let mut fields = Vec::new();
        let mut expected = expected::FIELDS;
        while !self.is("}") {
            if self.is(",") && fields.is_empty() {
                self.take();
                break;
            }
            let optional = self.take_if("?").is_some();
            let is_name = |kind| matches!(kind, TokenKind::Identifier | TokenKind::Escaped);
            if !is_name(self.peek().kind) && !self.unexpected(expected, is_name) {
                break;
            }
            expected = expected::FIELD;
            let token = self.take();
            if token.kind == TokenKind::Escaped {
                self.error(token.at, "unsupported syntax: '`'");
            }
            let at = self.peek().at;
            self.expect(":");
            if self.recovers {
                break;
            }
            let value = self.expression(expected::EXPRESSION);
            let name = SmolStr::new(token.text);
            fields.push(FieldEntry {
                at,
                name,
                value,
                optional,
            });
            if self.take_if(",").is_none() {
                break;
            }
        }
        self.expect("}");
        let name = SmolStr::from(name);
        self.node(brace.at, Kind::Struct { name, fields })
    }
}
