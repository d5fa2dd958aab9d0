//! Tokens to requirements. The grammar is that of the API's query parameter `labelSelector`.

use std::collections::BTreeSet;

use schema::SmolStr;

use super::lexer::{Item, Token, tokens};
use super::{Operator, ParseError, Requirement};
use crate::field::{self, Path};
use crate::limits::SELECTOR_BYTES_MAX;
use crate::names;

const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, ParseError> {
    if text.len() > SELECTOR_BYTES_MAX {
        return Err(ParseError(format!(
            "selector is longer than {SELECTOR_BYTES_MAX} bytes"
        )));
    }
    Parser {
        items: tokens(text),
        at: 0,
    }
    .requirements()
}

struct Parser<'a> {
    items: Vec<Item<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn requirements(&mut self) -> Result<Vec<Requirement>, ParseError> {
        let mut requirements = Vec::new();
        loop {
            let item = self.peek();
            match item.token {
                Token::Identifier | Token::Not => {}
                Token::End => return Ok(requirements),
                _ => return refuse(item, ", expected: !, identifier, or 'end of string'"),
            }
            let requirement = self.requirement();
            requirements
                .push(requirement.map_err(|e| ParseError(format!("unable to parse requirement: {e}")))?);
            let item = self.take();
            match item.token {
                Token::End => return Ok(requirements),
                Token::Comma => self.expect_identifier_after_comma()?,
                _ => return refuse(item, ", expected: ',' or 'end of string'"),
            }
        }
    }

    fn expect_identifier_after_comma(&self) -> Result<(), ParseError> {
        match self.peek() {
            Item {
                token: Token::Identifier | Token::Not,
                ..
            } => Ok(()),
            item => refuse(item, ", expected: identifier after ','"),
        }
    }

    fn requirement(&mut self) -> Result<Requirement, ParseError> {
        let (key, unary) = self.key()?;
        if let Some(operator) = unary {
            return finish(key, operator, Vec::new());
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        finish(key, operator, values)
    }

    /// The key, and the operator if it needs no value.
    fn key(&mut self) -> Result<(&'a str, Option<Operator>), ParseError> {
        let mut item = self.take();
        let negated = item.token == Token::Not;
        if negated {
            item = self.take();
        }
        if item.token != Token::Identifier {
            return refuse(item, ", expected: identifier");
        }
        let problems = names::qualified_name(item.text);
        if !problems.is_empty() {
            let error = field::Error::invalid(&Path::none(), item.text, problems.join("; "));
            return Err(ParseError(error.to_string()));
        }
        let ends = matches!(self.peek().token, Token::End | Token::Comma);
        let unary = match (negated, ends) {
            (true, _) => Some(Operator::DoesNotExist),
            (false, true) => Some(Operator::Exists),
            (false, false) => None,
        };
        Ok((item.text, unary))
    }

    fn operator(&mut self) -> Result<Operator, ParseError> {
        let item = self.take_keyword();
        Ok(match item.token {
            Token::In => Operator::In,
            Token::NotIn => Operator::NotIn,
            Token::Equals => Operator::Equals,
            Token::DoubleEquals => Operator::DoubleEquals,
            Token::NotEquals => Operator::NotEquals,
            Token::Greater => Operator::GreaterThan,
            Token::Less => Operator::LessThan,
            _ => return refuse(item, &format!(", expected: {OPERATORS}")),
        })
    }

    /// `(a,b)`; an empty place between commas or parentheses is the empty value.
    fn values(&mut self) -> Result<Vec<SmolStr>, ParseError> {
        let open = self.take();
        if open.token != Token::Open {
            return refuse(open, " expected: '('");
        }
        let first = self.peek();
        match first.token {
            Token::Identifier | Token::Comma => {
                let values = self.value_list()?;
                // The list ends in front of a closing parenthesis.
                self.take();
                Ok(values)
            }
            Token::Close => {
                self.take();
                Ok(vec![SmolStr::default()])
            }
            _ => refuse(first, ", expected: ',', ')' or identifier"),
        }
    }

    fn value_list(&mut self) -> Result<Vec<SmolStr>, ParseError> {
        let mut values = BTreeSet::new();
        loop {
            let item = self.take();
            let next = self.peek();
            match (item.token, next.token) {
                (Token::Identifier, Token::Comma | Token::Close) => {
                    values.insert(SmolStr::new(item.text));
                }
                (Token::Identifier, _) => return refuse(next, ", expected: ',' or ')'"),
                (Token::Comma, _) => {
                    if values.is_empty() || matches!(next.token, Token::Comma | Token::Close) {
                        values.insert(SmolStr::default());
                    }
                }
                _ => return refuse(item, ", expected: ',', or identifier"),
            }
            if next.token == Token::Close {
                return Ok(values.into_iter().collect());
            }
        }
    }

    fn exact_value(&mut self) -> Result<SmolStr, ParseError> {
        if matches!(self.peek().token, Token::End | Token::Comma) {
            return Ok(SmolStr::default());
        }
        match self.take() {
            Item {
                token: Token::Identifier,
                text,
            } => Ok(SmolStr::new(text)),
            item => refuse(item, ", expected: identifier"),
        }
    }

    fn peek(&self) -> Item<'a> {
        as_word(self.item(self.at))
    }

    fn take(&mut self) -> Item<'a> {
        as_word(self.take_keyword())
    }

    fn take_keyword(&mut self) -> Item<'a> {
        let item = self.item(self.at);
        self.at += 1;
        item
    }

    fn item(&self, at: usize) -> Item<'a> {
        self.items.get(at).copied().unwrap_or(Item {
            token: Token::End,
            text: "",
        })
    }
}

/// Where no operator can stand, `in` and `notin` are ordinary words.
fn as_word(item: Item<'_>) -> Item<'_> {
    match item.token {
        Token::In | Token::NotIn => Item {
            token: Token::Identifier,
            ..item
        },
        _ => item,
    }
}

fn finish(key: &str, operator: Operator, values: Vec<SmolStr>) -> Result<Requirement, ParseError> {
    Requirement::new(SmolStr::new(key), operator, values, &Path::none())
        .map_err(|errors| ParseError(field::aggregate(&errors).unwrap_or_default()))
}

fn refuse<T>(item: Item<'_>, expected: &str) -> Result<T, ParseError> {
    Err(ParseError(format!("found '{}'{expected}", item.text)))
}
