//! The syntax of shard selectors: the part of CEL that they are made of. What the calls mean is not known here.

use super::super::ParseError;

/// How deep parentheses may nest.
const DEPTH_MAX: usize = 32;

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// Names joined by dots.
    Path(String),
    /// A string literal.
    Text(String),
    /// A number.
    Number,
    /// A call.
    Call,
}

impl Expression {
    /// The number of its sort in CEL's syntax tree, which the reference prints.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Call => 1,
            Self::Path(path) if path.contains('.') => 7,
            Self::Path(_) => 3,
            Self::Text(_) | Self::Number => 5,
        }
    }
}

/// The arguments of each call of `shardRange`.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Expression>>, ParseError> {
    let mut parser = Parser {
        left: text,
        calls: Vec::new(),
    };
    parser.alternatives(0)?;
    match parser.left.trim_start() {
        "" => Ok(parser.calls),
        left => Err(unexpected(left)),
    }
}

struct Parser<'t> {
    left: &'t str,
    calls: Vec<Vec<Expression>>,
}

impl<'t> Parser<'t> {
    /// Calls joined by `||`.
    fn alternatives(&mut self, depth: usize) -> Result<(), ParseError> {
        loop {
            self.alternative(depth)?;
            if self.takes("||") {
                continue;
            }
            let operators = ["&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%"];
            let other = operators.into_iter().find(|operator| self.takes(operator));
            return match other {
                Some(operator) => Err(unsupported(&format!("_{operator}_"))),
                None => Ok(()),
            };
        }
    }

    fn alternative(&mut self, depth: usize) -> Result<(), ParseError> {
        if self.takes("(") {
            if depth == DEPTH_MAX {
                return Err(ParseError(
                    "CEL parse error: expression nests too deep".to_owned(),
                ));
            }
            self.alternatives(depth + 1)?;
            return self.expect(")");
        }
        if self.takes("!") {
            return Err(unsupported("!_"));
        }
        let name = self.path();
        if name.is_empty() {
            return match self.literal()? {
                Some(literal) => Err(unexpected_kind(&literal)),
                None => Err(unexpected(self.left.trim_start())),
            };
        }
        if !self.takes("(") {
            return match self.compared() {
                Some(operator) => Err(unsupported(&format!("_{operator}_"))),
                None => Err(unexpected_kind(&Expression::Path(name))),
            };
        }
        let arguments = self.arguments()?;
        match name.as_str() {
            "shardRange" => self.calls.push(arguments),
            other => return Err(unsupported(other)),
        }
        Ok(())
    }

    /// Up to the closing parenthesis.
    fn arguments(&mut self) -> Result<Vec<Expression>, ParseError> {
        let mut arguments = Vec::new();
        if self.takes(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.argument()?);
            if !self.takes(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    fn argument(&mut self) -> Result<Expression, ParseError> {
        if let Some(literal) = self.literal()? {
            return Ok(literal);
        }
        let path = self.path();
        if path.is_empty() {
            return Err(unexpected(self.left.trim_start()));
        }
        if !self.takes("(") {
            return Ok(Expression::Path(path));
        }
        // What is in it does not matter: no call is allowed here.
        let end = self.left.find(')').ok_or_else(|| unexpected(""))?;
        self.left = &self.left[end + 1..];
        Ok(Expression::Call)
    }

    /// A string or a number, if one is next.
    fn literal(&mut self) -> Result<Option<Expression>, ParseError> {
        let left = self.left.trim_start();
        let Some(first) = left.chars().next() else {
            return Ok(None);
        };
        if first.is_ascii_digit() {
            let end = left.find(|c: char| !c.is_ascii_alphanumeric());
            self.left = &left[end.unwrap_or(left.len())..];
            return Ok(Some(Expression::Number));
        }
        if !matches!(first, '\'' | '"') {
            return Ok(None);
        }
        let rest = &left[1..];
        let end = rest.find(first).ok_or_else(|| unexpected(left))?;
        let text = &rest[..end];
        // No bound has an escape or a line break in it.
        if text.contains(['\\', '\n', '\r']) {
            return Err(unexpected(left));
        }
        self.left = &rest[end + 1..];
        Ok(Some(Expression::Text(text.to_owned())))
    }

    /// Names joined by dots; empty if none is next.
    fn path(&mut self) -> String {
        let mut path = String::new();
        loop {
            let left = self.left.trim_start();
            let end = left.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let (name, rest) = left.split_at(end.unwrap_or(left.len()));
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return path;
            }
            path.push_str(name);
            self.left = rest;
            if !self.takes(".") {
                return path;
            }
            path.push('.');
        }
    }

    fn compared(&mut self) -> Option<&'static str> {
        ["==", "!=", "<=", ">=", "<", ">"]
            .into_iter()
            .find(|operator| self.takes(operator))
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.left.trim_start().strip_prefix(token);
        if let Some(rest) = rest {
            self.left = rest;
        }
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), ParseError> {
        match self.takes(token) {
            true => Ok(()),
            false => Err(unexpected(self.left.trim_start())),
        }
    }
}

fn unexpected(left: &str) -> ParseError {
    ParseError(match left.chars().next() {
        Some(next) => format!("CEL parse error: Syntax error: unexpected {next:?}"),
        None => "CEL parse error: Syntax error: unexpected end of the expression".to_owned(),
    })
}

fn unsupported(function: &str) -> ParseError {
    ParseError(format!(
        "unsupported function {function:?}; only shardRange() and || are allowed"
    ))
}

fn unexpected_kind(expression: &Expression) -> ParseError {
    ParseError(format!(
        "unexpected expression kind {}; expected shardRange() call or || operator",
        expression.kind()
    ))
}
