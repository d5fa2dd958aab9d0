//! Runs the steps of a program. Errors are values to `&&`, `||` and to folds, which can do without one side; passing the limit
//! of costs is not.

use std::sync::Arc;

use regex::Regex;

use super::Variables;
use super::plan::Node;
use crate::cost;
use crate::library::compiled;
use crate::limits::{PATTERNS_KEPT_MAX, VALUES_MAX};
use crate::value::{Error, Kept, Key, Map, Outcome, OwnedMap, Value};

/// One evaluation.
pub struct Machine<'m, 'a> {
    variables: &'m dyn Variables<'a>,
    /// Variables of macros; each stands where the plan has put it.
    pub(super) locals: Vec<Outcome<'a>>,
    cost: u64,
    cost_max: u64,
    /// Patterns that the expression has made; compiling one is much more than a step.
    patterns: Vec<Arc<Regex>>,
}

impl<'m, 'a> Machine<'m, 'a> {
    pub fn new(variables: &'m dyn Variables<'a>, cost_max: u64) -> Self {
        Self {
            variables,
            locals: Vec::new(),
            cost: 0,
            cost_max,
            patterns: Vec::new(),
        }
    }

    pub fn cost(&self) -> u64 {
        self.cost
    }

    pub(super) fn charge(&mut self, cost: u64) -> Result<(), Error> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.cost_max {
            Err(Error::CostLimit)
        } else {
            Ok(())
        }
    }

    pub fn run(&mut self, node: &Node) -> Outcome<'a> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Variable(name) => self.variable(name),
            Node::Local(at) => self.local(*at),
            Node::Select(operand, field) => self.select(operand, field),
            Node::Has(operand, field) => self.has(operand, field),
            Node::OptionalSelect(operand, field) => self.optional_select(operand, field),
            Node::And(sides) => self.joined(sides, false),
            Node::Or(sides) => self.joined(sides, true),
            Node::Choice(parts) => self.choice(parts),
            Node::NotFalse(of) => self.not_false(of),
            Node::Call(function, args) => self.call(function, args),
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Object(object, fields) => self.object(object, fields),
            Node::Fold(fold) => self.fold(fold),
            Node::Append(at, item) => self.append(*at, item),
            Node::Insert(at, parts) => self.insert(*at, parts),
        }
    }

    fn variable(&mut self, name: &str) -> Outcome<'a> {
        self.charge(cost::NAME)?;
        let found = self.variables.get(name);
        found.unwrap_or_else(|| Err(Error::failed(format!("no such attribute(s): {name}"))))
    }

    fn local(&mut self, at: usize) -> Outcome<'a> {
        self.charge(cost::NAME)?;
        self.locals[at].clone()
    }

    fn select(&mut self, operand: &Node, field: &str) -> Outcome<'a> {
        let value = self.run(operand)?;
        self.charge(cost::NAME)?;
        match value {
            Value::Map(map) => map
                .field(field)
                .ok_or_else(|| Error::failed(format!("no such key: {field}"))),
            Value::Optional(_) => optional_field(value, field),
            _ => Err(Error::no_overload()),
        }
    }

    fn has(&mut self, operand: &Node, field: &str) -> Outcome<'a> {
        match self.run(operand)? {
            Value::Map(map) => Ok(Value::Bool(map.field(field).is_some())),
            value @ Value::Optional(_) => Ok(Value::Bool(matches!(
                optional_field(value, field)?,
                Value::Optional(Some(_))
            ))),
            _ => Err(Error::no_overload()),
        }
    }

    fn optional_select(&mut self, operand: &Node, field: &str) -> Outcome<'a> {
        let value = self.run(operand)?;
        self.charge(cost::NAME)?;
        optional_field(value, field)
    }

    /// `&&`, which `false` decides, or `||`, which `true` does: on either side, whatever the other is.
    fn joined(&mut self, sides: &[Node; 2], decides: bool) -> Outcome<'a> {
        let left = self.run(&sides[0]);
        match &left {
            Ok(Value::Bool(truth)) if *truth == decides => return left,
            Err(error) if error.is_final() => return left,
            _ => {}
        }
        let right = self.run(&sides[1]);
        match (left, right) {
            (_, Ok(Value::Bool(truth))) if truth == decides => Ok(Value::Bool(decides)),
            (_, Err(error)) if error.is_final() => Err(error),
            (Ok(Value::Bool(_)), Ok(Value::Bool(_))) => Ok(Value::Bool(!decides)),
            (Err(error), _) | (Ok(Value::Bool(_)), Err(error)) => Err(error),
            _ => Err(Error::no_overload()),
        }
    }

    fn choice(&mut self, parts: &[Node; 3]) -> Outcome<'a> {
        match self.run(&parts[0])? {
            Value::Bool(true) => self.run(&parts[1]),
            Value::Bool(false) => self.run(&parts[2]),
            _ => Err(Error::no_overload()),
        }
    }

    fn not_false(&mut self, of: &Node) -> Outcome<'a> {
        let value = self.run(of);
        self.charge(cost::CALL)?;
        match value {
            Err(error) if error.is_final() => Err(error),
            value => Ok(Value::Bool(!matches!(value, Ok(Value::Bool(false))))),
        }
    }

    fn call(&mut self, function: &'static crate::function::Function, args: &[Node]) -> Outcome<'a> {
        let mut args: Vec<Value<'a>> = args.iter().map(|arg| self.run(arg)).collect::<Result<_, _>>()?;
        // What costs by its arguments alone is paid before it is done.
        let before = cost::before(function.name, &args);
        self.charge(before.unwrap_or_default())?;
        if let ("matches" | "find" | "findAll", Some(pattern @ Value::String(_))) =
            (function.name, args.get_mut(1))
        {
            self.compile(pattern)?;
        }
        let value = (function.run)(&args)?;
        if before.is_none() {
            self.charge(cost::after(&value))?;
        }
        weighed(value)
    }

    /// Compiles a pattern that was made, unless it was compiled before.
    fn compile(&mut self, pattern: &mut Value<'a>) -> Result<(), Error> {
        let Value::String(text) = pattern else {
            return Ok(());
        };
        let known = self.patterns.iter().find(|known| known.as_str() == text.as_str());
        let regex = match known {
            Some(known) => known.clone(),
            None if self.patterns.len() < PATTERNS_KEPT_MAX => {
                let regex = compiled(text)?;
                self.patterns.push(regex.clone());
                regex
            }
            None => {
                self.charge(cost::PATTERN_MADE)?;
                compiled(text)?
            }
        };
        *pattern = Value::Kept(Kept::Regex(regex));
        Ok(())
    }

    fn list(&mut self, items: &[(Node, bool)]) -> Outcome<'a> {
        let mut list = Vec::with_capacity(items.len());
        for (item, optional) in items {
            let value = self.run(item)?;
            list.extend(if *optional { given(value)? } else { Some(value) });
        }
        self.charge(cost::LIST)?;
        weighed(Value::list(list))
    }

    fn map(&mut self, entries: &[(Node, Node, bool)]) -> Outcome<'a> {
        let mut map = OwnedMap::new();
        for (key, value, optional) in entries {
            let key = self.run(key)?;
            let value = self.run(value)?;
            let value = if *optional { given(value)? } else { Some(value) };
            let Some(value) = value else { continue };
            if map.insert(Key::of(&key)?, value).is_some() {
                return Err(Error::failed("Failed with repeated key"));
            }
        }
        self.charge(cost::MAP)?;
        weighed(Value::Map(Map::Owned(Arc::new(map))))
    }

    fn object(
        &mut self,
        object: &Arc<crate::types::Object>,
        fields: &[(smol_str::SmolStr, Node, bool)],
    ) -> Outcome<'a> {
        let mut map = OwnedMap::new();
        for (name, value, optional) in fields {
            let value = self.run(value)?;
            let value = if *optional { given(value)? } else { Some(value) };
            if let Some(value) = value {
                map.insert(Key::String(name.clone()), value);
            }
        }
        self.charge(cost::OBJECT)?;
        weighed(Value::Map(Map::Object(object.clone(), Arc::new(map))))
    }
}

impl Error {
    /// Whether nothing can make up for it.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::CostLimit | Self::Undecided(_))
    }
}

/// A value that an expression has put together, unless that is more than can be gone through.
pub(super) fn weighed(value: Value<'_>) -> Outcome<'_> {
    if value.weight() > VALUES_MAX {
        Err(Error::CostLimit)
    } else {
        Ok(value)
    }
}

/// A field of what may not be there, or may not have it.
fn optional_field<'a>(value: Value<'a>, field: &str) -> Outcome<'a> {
    match value {
        Value::Map(map) => Ok(Value::Optional(map.field(field).map(Arc::new))),
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(value)) => optional_field((*value).clone(), field),
        _ => Err(Error::no_overload()),
    }
}

/// What an optional entry has for a value.
fn given(value: Value<'_>) -> Result<Option<Value<'_>>, Error> {
    match value {
        Value::Optional(value) => Ok(value.map(|value| (*value).clone())),
        _ => Err(Error::no_overload()),
    }
}
