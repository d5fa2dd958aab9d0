//! Composes a document's events into a tree: scalars resolved, aliases copied under a budget, merge keys applied.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

use super::resolve;
use crate::{Error, Map, SmolStr, Value, limits};

/// The first document, and a line of text for each duplicate key.
pub(super) fn document(text: &str) -> Result<(Value, Vec<String>), Error> {
    let mut options = Options::default();
    options.block_scalar_eof_without_line_feed = true;
    let parser = Parser::new_from_str_with_options(text, options);
    let mut composer = Composer {
        parser,
        anchors: HashMap::new(),
        duplicates: Vec::new(),
        copied: 0,
        depth: 0,
    };
    loop {
        match composer.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok((Value::Null, Vec::new())),
            (event, _) => {
                let value = composer.node(event)?;
                return Ok((value, composer.duplicates));
            }
        }
    }
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// What each anchor stands for, and how many nodes that is.
    anchors: HashMap<usize, (Value, usize)>,
    duplicates: Vec<String>,
    copied: usize,
    depth: usize,
}

impl<'a> Composer<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Error> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Error::syntax(format!(
                "yaml: line {}: {}",
                error.marker().line(),
                error.info()
            ))),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>) -> Result<Value, Error> {
        self.depth += 1;
        if self.depth > limits::DEPTH_MAX {
            return Err(Error::syntax("yaml: exceeded max depth"));
        }
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.anchored(anchor, scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(_, anchor, _) => {
                let list = self.sequence()?;
                self.anchored(anchor, list)
            }
            Event::MappingStart(_, anchor, _) => {
                let map = self.mapping()?;
                self.anchored(anchor, map)
            }
            Event::Alias(anchor) => self.alias(anchor)?,
            _ => return Err(Error::syntax("yaml: did not find expected node content")),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn sequence(&mut self) -> Result<Value, Error> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(list)),
                (event, _) => list.push(self.node(event)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, Error> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (event, _) => {
                    let merges =
                        matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
                    (merges, self.node(event)?)
                }
            };
            let (event, span) = self.next()?;
            let value = self.node(event)?;
            match key {
                (true, _) => merged.push(value),
                (false, key) => {
                    let key = key_text(&key)?;
                    if map.contains_key(&key) && self.duplicates.len() < limits::STRICT_ERRORS_MAX {
                        self.duplicates.push(format!(
                            "line {}: key {key:?} already set in map",
                            span.start.line()
                        ));
                    }
                    map.insert(key, value);
                }
            }
        }
        for value in merged {
            merge(&mut map, value)?;
        }
        Ok(Value::Map(map))
    }

    fn anchored(&mut self, anchor: usize, value: Value) -> Value {
        if anchor != 0 {
            let nodes = count(&value);
            self.anchors.insert(anchor, (value.clone(), nodes));
        }
        value
    }

    fn alias(&mut self, anchor: usize) -> Result<Value, Error> {
        let (value, nodes) = self
            .anchors
            .get(&anchor)
            .ok_or_else(|| Error::syntax("yaml: anchor value contains itself"))?;
        self.copied = self.copied.saturating_add(*nodes);
        if self.copied > limits::YAML_ALIAS_NODES_MAX {
            return Err(Error::syntax("yaml: document contains excessive aliasing"));
        }
        Ok(value.clone())
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::List(list) => list.iter().map(count).sum::<usize>() + 1,
        Value::Map(map) => map.values().map(count).sum::<usize>() + map.len() + 1,
        _ => 1,
    }
}

fn merge(map: &mut Map, value: Value) -> Result<(), Error> {
    match value {
        Value::Map(from) => {
            for (key, value) in from {
                if !map.contains_key(&key) {
                    map.insert(key, value);
                }
            }
            Ok(())
        }
        Value::List(list) => list.into_iter().try_for_each(|value| match value {
            Value::Map(_) => merge(map, value),
            _ => Err(merge_error()),
        }),
        _ => Err(merge_error()),
    }
}

fn merge_error() -> Error {
    Error::syntax("yaml: map merge requires map or sequence of maps as the value")
}

/// JSON has text keys only.
fn key_text(key: &Value) -> Result<SmolStr, Error> {
    match key {
        Value::String(text) => Ok(text.clone()),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => Ok(SmolStr::from(crate::json::to_string(key))),
        Value::Null => Ok(SmolStr::new_static("null")),
        _ => Err(Error::syntax("yaml: invalid map key")),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, Error> {
    let text_value = || Value::String(SmolStr::new(text));
    match tag.and_then(Tag::core_suffix) {
        Some("str" | "binary" | "timestamp") => Ok(text_value()),
        Some("float") => match resolve::plain(text) {
            Value::Int(number) => Ok(Value::Float(number as f64)),
            value => Ok(value),
        },
        Some(_) => Ok(resolve::plain(text)),
        None if style == ScalarStyle::Plain => special(text).map_or_else(|| Ok(resolve::plain(text)), Err),
        None => Ok(text_value()),
    }
}

/// Numbers that JSON cannot say.
fn special(text: &str) -> Option<Error> {
    let name = match text.trim_start_matches(['-', '+']) {
        ".inf" | ".Inf" | ".INF" => Cow::Borrowed(if text.starts_with('-') { "-Inf" } else { "+Inf" }),
        ".nan" | ".NaN" | ".NAN" => Cow::Borrowed("NaN"),
        _ => return None,
    };
    Some(Error::syntax(format!("json: unsupported value: {name}")))
}
