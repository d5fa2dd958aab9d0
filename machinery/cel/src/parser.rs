//! From text to tree: a recursive-descent parser for the grammar of the reference, which says what is wrong in the words that
//! the reference's generated parser has. Macros are expanded on the way.

mod expected;
mod grammar;
mod macros;

use crate::ast::{Expr, Id, Kind, Literal};
use crate::lexer::{Token, TokenKind, tokens};
use crate::limits::{DEPTH_MAX, EXPRESSION_CHARS_MAX, NODES_MAX, TREE_DEPTH_MAX};
use crate::source::Issues;

/// What the language of an environment has beyond the common one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    /// `cel.bind(name, value, expression)`
    pub bind: bool,
}

/// Parses an expression.
pub fn parse(text: &str, syntax: Syntax) -> Result<Expr, Issues> {
    let mut issues = Issues::new(text);
    let chars = text.chars().count();
    if chars > EXPRESSION_CHARS_MAX {
        let message =
            format!("expression code point size exceeds limit: size: {chars}, limit {EXPRESSION_CHARS_MAX}");
        issues.report(0, message);
        return Err(issues);
    }
    let tokens = tokens(text, &mut issues);
    let mut parser = Parser {
        tokens,
        at: 0,
        issues,
        syntax,
        last_id: 0,
        nodes: 0,
        depth: 0,
        recovers: false,
        gave_up: false,
    };
    let tree = parser.start();
    match parser.issues.is_empty() {
        true => Ok(tree),
        false => Err(parser.issues),
    }
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    issues: Issues,
    syntax: Syntax,
    last_id: Id,
    /// Nodes that were made, copies among them.
    nodes: u32,
    depth: u32,
    /// Nothing more is told until a token fits again.
    recovers: bool,
    /// A limit was passed: what is left is not looked at.
    gave_up: bool,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Token<'t> {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn peek_after(&self, count: usize) -> TokenKind {
        let last = self.tokens.len() - 1;
        self.tokens[(self.at + count).min(last)].kind
    }

    fn is(&self, sign: &str) -> bool {
        self.peek().kind.is(sign)
    }

    fn skip(&mut self) -> Token<'t> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Takes the next token, which fits.
    fn take(&mut self) -> Token<'t> {
        self.recovers = false;
        self.skip()
    }

    fn take_if(&mut self, sign: &str) -> Option<Token<'t>> {
        self.is(sign).then(|| self.take())
    }

    /// Tells what is wrong with the grammar, once until something fits again.
    fn syntax_error(&mut self, at: u32, message: String) {
        if !self.recovers && !self.gave_up {
            self.issues.report(at, format!("Syntax error: {message}"));
        }
        self.recovers = true;
    }

    fn error(&mut self, at: u32, message: impl Into<String>) {
        if !self.gave_up {
            self.issues.report(at, message);
        }
    }

    fn give_up(&mut self, at: u32, message: String) {
        self.error(at, message);
        self.gave_up = true;
        self.at = self.tokens.len() - 1;
    }

    /// Goes one level down, unless that is too deep, which is told.
    fn enter(&mut self, at: u32) -> bool {
        if self.depth >= DEPTH_MAX {
            self.too_deep(at);
            return false;
        }
        self.depth += 1;
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn too_deep(&mut self, at: u32) {
        self.give_up(at, format!("expression recursion limit exceeded: {DEPTH_MAX}"));
    }

    fn next_id(&mut self) -> Id {
        self.last_id += 1;
        self.last_id
    }

    fn node(&mut self, at: u32, kind: Kind) -> Expr {
        let id = self.next_id();
        let node = Expr::new(id, at, kind);
        if node.extent.depth > TREE_DEPTH_MAX {
            self.too_deep(at);
            return self.nothing(at);
        }
        match self.has_room(at, 1) {
            true => node,
            false => self.nothing(at),
        }
    }

    /// Counts nodes that are made, unless those are too many, which is told. Memory is held by all nodes of a text, not only by
    /// those of its largest part.
    fn has_room(&mut self, at: u32, nodes: u32) -> bool {
        self.nodes = self.nodes.saturating_add(nodes);
        let has_room = self.nodes <= NODES_MAX;
        if !has_room {
            self.give_up(
                at,
                format!("expression is too large: more than {NODES_MAX} nodes"),
            );
        }
        has_room
    }

    /// What stands for a part that is wrong, which was told.
    fn nothing(&mut self, at: u32) -> Expr {
        let id = self.next_id();
        Expr::new(id, at, Kind::Literal(Literal::Null))
    }

    fn call(&mut self, at: u32, function: &str, args: Vec<Expr>) -> Expr {
        let function = function.into();
        self.node(
            at,
            Kind::Call {
                function,
                target: None,
                args,
            },
        )
    }
}
