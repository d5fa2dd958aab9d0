//! The grammar, from whole expressions down to names and literals.

mod aggregates;

use smol_str::SmolStr;

use super::Parser;
use super::expected::{self, begins_expression};
use crate::ast::{Expr, Kind, Literal};
use crate::lexer::{self, Token, TokenKind};

/// Operators between two operands, from the loosest; those of one level are applied from left to right.
const LEVELS: [&[&str]; 5] = [
    &["||"],
    &["&&"],
    &["<", "<=", ">=", ">", "==", "!=", "in"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Parser<'_> {
    pub fn start(&mut self) -> Expr {
        let tree = self.expression(expected::EXPRESSION);
        self.expect_end();
        tree
    }

    /// A condition, or what can be one. `expected` is what may stand here.
    pub fn expression(&mut self, expected: &str) -> Expr {
        let at = self.peek().at;
        if !self.enter(at) {
            return self.nothing(at);
        }
        let mut whole = self.operators(0, expected);
        if let Some(sign) = self.take_if("?") {
            whole = self.choice(whole, sign.at);
        }
        self.leave();
        whole
    }

    fn choice(&mut self, condition: Expr, at: u32) -> Expr {
        let truthy = self.operators(0, expected::EXPRESSION);
        self.expect(":");
        let falsy = match self.recovers {
            true => self.nothing(at),
            false => self.expression(expected::EXPRESSION),
        };
        self.call(at, "_?_:_", vec![condition, truthy, falsy])
    }

    /// Operands joined by operators of this level and tighter ones. One function for all levels: expressions nest deep enough
    /// without one call for each of them.
    fn operators(&mut self, level: usize, expected: &str) -> Expr {
        let mut left = self.unary(expected);
        while let Some((sign, own)) = self.operator().filter(|(_, own)| *own >= level) {
            left = match sign {
                "||" | "&&" => self.joined(left, sign, own),
                sign => {
                    let at = self.take().at;
                    let right = self.operators(own + 1, expected::EXPRESSION);
                    self.applied(sign, at, left, right)
                }
            };
        }
        left
    }

    /// The operator that comes next, and its level.
    fn operator(&self) -> Option<(&'static str, usize)> {
        let TokenKind::Sign(sign) = self.peek().kind else {
            return None;
        };
        let level = LEVELS.iter().position(|signs| signs.contains(&sign))?;
        Some((sign, level))
    }

    fn applied(&mut self, sign: &str, at: u32, left: Expr, right: Expr) -> Expr {
        match sign {
            "in" => self.call(at, "@in", vec![left, right]),
            sign => self.call(at, &format!("_{sign}_"), vec![left, right]),
        }
    }

    /// Operands joined by `||` or `&&`, as a tree that is no deeper than it must be.
    fn joined(&mut self, first: Expr, sign: &'static str, level: usize) -> Expr {
        let mut operands = vec![Some(first)];
        let mut signs = Vec::new();
        while let Some(token) = self.take_if(sign) {
            signs.push(token.at);
            operands.push(Some(self.operators(level + 1, expected::EXPRESSION)));
        }
        let function = if sign == "||" { "_||_" } else { "_&&_" };
        self.balanced(function, &mut operands, &signs)
    }

    fn balanced(&mut self, function: &str, operands: &mut [Option<Expr>], signs: &[u32]) -> Expr {
        if let [only] = operands {
            return only.take().expect("each operand is taken once");
        }
        let middle = signs.len().div_ceil(2);
        let middle = middle.clamp(1, signs.len());
        let (left, right) = operands.split_at_mut(middle);
        let left = self.balanced(function, left, &signs[..middle - 1]);
        let right = self.balanced(function, right, &signs[middle..]);
        self.call(signs[middle - 1], function, vec![left, right])
    }

    fn unary(&mut self, expected: &str) -> Expr {
        let token = self.peek();
        if self.is("!") {
            return self.negated(&token, "!", "!_", expected::EXPRESSION);
        }
        let is_number = matches!(self.peek_after(1), TokenKind::Int | TokenKind::Float);
        if self.is("-") && !is_number {
            return self.negated(&token, "-", "-_", expected::OPERAND);
        }
        self.member(expected)
    }

    /// Two of the same sign are none.
    fn negated(&mut self, first: &Token<'_>, sign: &str, function: &str, expected: &str) -> Expr {
        let mut count = 0;
        while self.is(sign) {
            self.take();
            count += 1;
        }
        let operand = self.member(expected);
        if count % 2 == 0 {
            return operand;
        }
        self.call(first.at, function, vec![operand])
    }

    /// A primary expression and what is selected of it.
    fn member(&mut self, expected: &str) -> Expr {
        let mut operand = self.primary(expected);
        loop {
            if let Some(dot) = self.take_if(".") {
                operand = self.selection(operand, &dot);
            } else if let Some(bracket) = self.take_if("[") {
                let function = if self.take_if("?").is_some() {
                    "_[?_]"
                } else {
                    "_[_]"
                };
                let index = self.expression(expected::EXPRESSION);
                self.expect("]");
                operand = self.call(bracket.at, function, vec![operand, index]);
            } else {
                return operand;
            }
        }
    }

    fn selection(&mut self, operand: Expr, dot: &Token<'_>) -> Expr {
        let optional = self.take_if("?").is_some();
        let token = self.peek();
        let name = match token.kind {
            TokenKind::Identifier => token.text,
            TokenKind::Escaped => {
                self.error(token.at, "unsupported syntax: '`'");
                token.text
            }
            _ => return self.no_member(dot),
        };
        self.take();
        if optional {
            let field = self.node(dot.at, Kind::Literal(Literal::String(SmolStr::new(name))));
            return self.call(dot.at, "_?._", vec![operand, field]);
        }
        if let Some(parenthesis) = self.take_if("(") {
            let args = self.arguments();
            return self.call_or_macro(parenthesis.at, name, Some(operand), args);
        }
        let kind = Kind::Select {
            operand: Box::new(operand),
            field: SmolStr::new(name),
            test: false,
        };
        self.node(dot.at, kind)
    }

    fn arguments(&mut self) -> Vec<Expr> {
        let mut args = Vec::new();
        if self.take_if(")").is_some() {
            return args;
        }
        args.push(self.expression(expected::ARGUMENTS));
        while self.take_if(",").is_some() {
            args.push(self.expression(expected::EXPRESSION));
        }
        self.expect(")");
        args
    }

    fn primary(&mut self, expected: &str) -> Expr {
        let token = self.peek();
        match token.kind {
            TokenKind::Sign("(") => {
                self.take();
                let inner = self.expression(expected::EXPRESSION);
                self.expect(")");
                inner
            }
            TokenKind::Sign("[") => self.list(),
            TokenKind::Sign("{") => self.map(),
            TokenKind::Identifier => self.named(),
            TokenKind::Sign(".") if self.peek_after(1) == TokenKind::Identifier => self.named(),
            TokenKind::Sign("-") if matches!(self.peek_after(1), TokenKind::Int | TokenKind::Float) => {
                self.take();
                self.literal(token.at, true)
            }
            TokenKind::Sign("true" | "false" | "null") => self.literal(token.at, false),
            TokenKind::Int | TokenKind::Uint | TokenKind::Float | TokenKind::String | TokenKind::Bytes => {
                self.literal(token.at, false)
            }
            _ => match self.unexpected(expected, begins_expression) {
                true => self.expression(expected::EXPRESSION),
                false => self.nothing(token.at),
            },
        }
    }

    fn literal(&mut self, at: u32, negative: bool) -> Expr {
        let token = self.take();
        let value = match token.text {
            "true" => Ok(Literal::Bool(true)),
            "false" => Ok(Literal::Bool(false)),
            "null" => Ok(Literal::Null),
            _ => lexer::value(&token, negative),
        };
        match value {
            Ok(literal) => self.node(at, Kind::Literal(literal)),
            Err(message) => {
                self.error(at, message);
                self.nothing(at)
            }
        }
    }

    /// A name, a call of a function, or a message.
    fn named(&mut self) -> Expr {
        let dot = self.take_if(".");
        let token = self.take();
        let name = match dot {
            Some(_) => format!(".{}", token.text),
            None => token.text.to_owned(),
        };
        if let Some(message) = self.message_name(&name) {
            return self.message(message);
        }
        if lexer::RESERVED.contains(&token.text) {
            self.error(token.at, format!("reserved identifier: {}", token.text));
        }
        if let Some(parenthesis) = self.take_if("(") {
            let args = self.arguments();
            return self.call_or_macro(parenthesis.at, &name, None, args);
        }
        let at = dot.map_or(token.at, |dot| dot.at);
        self.node(at, Kind::Ident(SmolStr::from(name)))
    }
}
