//! What an expression may cost at least and at most, before there is a value: by the sizes that its variables can have.
//! The rules are the reference's, number by number: which schemas may have which rules depends on them.

mod calls;
mod range;
mod sizes;

use std::collections::HashMap;

use smol_str::SmolStr;

use super::{LIST, MAP, NAME, OBJECT};
use crate::ast::{ACCUMULATOR, Comprehension, Expr, Id, Kind, Literal};
use crate::check::Checked;
use crate::types::Type;

pub use range::Range;

/// A step from a variable to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A variable at the beginning; a field after that, by the name that expressions use.
    Name(SmolStr),
    /// An item of a list.
    Item,
    /// A key of a map.
    Key,
    /// A value of a map.
    Value,
}

/// Tells how large variables are.
pub trait Sizes {
    /// The size of what stands there, as `size()` would tell it; nothing if it is not known.
    fn size(&self, path: &[Step]) -> Option<Range>;
}

/// Sizes of parts of a list or a map that an expression makes.
#[derive(Clone, Copy, Debug)]
struct Parts {
    is_list: bool,
    key: Range,
    value: Range,
}

impl Parts {
    fn union(self, other: Self) -> Self {
        Self {
            is_list: self.is_list,
            key: self.key.union(other.key),
            value: self.value.union(other.value),
        }
    }
}

/// A variable that a macro has made.
#[derive(Clone, Debug)]
struct Local {
    path: Vec<Step>,
    size: Option<Range>,
    parts: Option<Parts>,
}

/// Estimates an expression's cost.
pub fn estimate(tree: &Expr, checked: &Checked, sizes: &dyn Sizes) -> Range {
    let mut estimator = Estimator {
        checked,
        sizes,
        paths: HashMap::new(),
        known: HashMap::new(),
        parts: HashMap::new(),
        locals: Vec::new(),
    };
    estimator.cost(tree)
}

struct Estimator<'e> {
    checked: &'e Checked,
    sizes: &'e dyn Sizes,
    /// Where nodes stand in variables.
    paths: HashMap<Id, Vec<Step>>,
    /// Sizes that were found out.
    known: HashMap<Id, Range>,
    parts: HashMap<Id, Parts>,
    /// The innermost last.
    locals: Vec<(SmolStr, Local)>,
}

impl Estimator<'_> {
    fn cost(&mut self, expr: &Expr) -> Range {
        match &expr.kind {
            Kind::Literal(_) => Range::ZERO,
            Kind::Ident(name) => {
                let path = match self.local(name) {
                    Some(local) => local.path.clone(),
                    None => vec![Step::Name(name.clone())],
                };
                self.paths.insert(expr.id, path);
                Range::fixed(NAME)
            }
            Kind::Select { operand, field, test } => self.select(expr, operand, field, *test),
            Kind::Call {
                function,
                target,
                args,
            } => self.call(expr, function, target.as_deref(), args),
            Kind::List(items) => self.list(expr, items),
            Kind::Map(entries) => {
                let mut sum = Range::fixed(MAP);
                let (mut keys, mut values) = (None, None);
                for entry in entries {
                    sum = sum + self.cost(&entry.key) + self.cost(&entry.value);
                    keys = joined(keys, self.size(&entry.key));
                    values = joined(values, self.size(&entry.value));
                }
                self.made(expr, false, keys, values);
                sum
            }
            Kind::Struct { fields, .. } => fields
                .iter()
                .fold(Range::fixed(OBJECT), |sum, field| sum + self.cost(&field.value)),
            Kind::Comprehension(fold) if is_binding(fold) => self.binding(expr, fold),
            Kind::Comprehension(fold) => self.fold(expr, fold),
        }
    }

    fn made(&mut self, expr: &Expr, is_list: bool, key: Option<Range>, value: Option<Range>) {
        let key = if is_list {
            Range::fixed(1)
        } else {
            key.unwrap_or(Range::ZERO)
        };
        let value = value.unwrap_or(Range::ZERO);
        self.parts.insert(expr.id, Parts { is_list, key, value });
    }

    fn list(&mut self, expr: &Expr, items: &[(Expr, bool)]) -> Range {
        let mut sum = Range::fixed(LIST);
        let mut sizes = None;
        for (item, _) in items {
            sum = sum + self.cost(item);
            sizes = joined(sizes, self.size(item));
        }
        self.made(expr, true, None, sizes);
        sum
    }

    fn select(&mut self, expr: &Expr, operand: &Expr, field: &SmolStr, test: bool) -> Range {
        let sum = self.cost(operand);
        if test {
            return sum;
        }
        let path = self.below(operand, Step::Name(field.clone()));
        self.paths.insert(expr.id, path);
        match self.type_of(operand) {
            Type::Map(_) | Type::Object(_) => sum + Range::fixed(NAME),
            _ => sum,
        }
    }

    /// Folds cost what a step does, for each item.
    fn fold(&mut self, expr: &Expr, fold: &Comprehension) -> Range {
        let sum = self.cost(&fold.range) + self.cost(&fold.init);
        let before = self.locals.len();
        let init = self.bound(&fold.init);
        self.locals.push((fold.accumulator.clone(), init));
        let (key, value) = self.range_parts(&fold.range);
        match &fold.second {
            Some(second) => {
                self.locals.push((fold.item.clone(), key));
                self.locals.push((second.clone(), value));
            }
            None => {
                let item = if self.is_list(&fold.range) { value } else { key };
                self.locals.push((fold.item.clone(), item));
            }
        }
        let each = self.cost(&fold.condition) + self.cost(&fold.step);
        self.locals.truncate(before + 1);
        let result = self.cost(&fold.result);
        self.locals.truncate(before);
        let count = self.size(&fold.range);
        match &fold.init.kind {
            Kind::Literal(_) => self.copy_size(expr, &fold.init),
            Kind::List(_) | Kind::Map(_) => {
                self.known.insert(expr.id, count);
                if let Some(parts) = self.parts_of(&fold.step) {
                    self.parts.insert(expr.id, parts);
                }
            }
            _ => {}
        }
        sum + result + count * each
    }

    fn binding(&mut self, expr: &Expr, fold: &Comprehension) -> Range {
        let sum = self.cost(&fold.range) + self.cost(&fold.init);
        let bound = self.bound(&fold.init);
        self.locals.push((fold.accumulator.clone(), bound));
        let result = self.cost(&fold.result);
        self.copy_size(expr, &fold.result);
        if let Some(parts) = self.parts_of(&fold.result) {
            self.parts.insert(expr.id, parts);
        }
        self.locals.pop();
        sum + result
    }

    fn bound(&mut self, value: &Expr) -> Local {
        Local {
            path: self.path(value).to_vec(),
            size: self.known_size(value),
            parts: self.parts_of(value),
        }
    }

    /// What keys, or places, and values of what is gone through are.
    fn range_parts(&mut self, range: &Expr) -> (Local, Local) {
        let parts = self.parts_of(range);
        let is_list = self.is_list(range);
        let local = |estimator: &Self, step: Step, size: Option<Range>| Local {
            path: estimator.below(range, step),
            size,
            parts: None,
        };
        let key = match is_list {
            // Places are numbers.
            true => Local {
                path: Vec::new(),
                size: parts.map(|parts| parts.key),
                parts: None,
            },
            false => local(self, Step::Key, parts.map(|parts| parts.key)),
        };
        let step = if is_list { Step::Item } else { Step::Value };
        (key, local(self, step, parts.map(|parts| parts.value)))
    }

    fn is_list(&self, expr: &Expr) -> bool {
        match self.parts_of(expr) {
            Some(parts) => parts.is_list,
            None => matches!(self.type_of(expr), Type::List(_)),
        }
    }
}

fn joined(before: Option<Range>, next: Range) -> Option<Range> {
    Some(before.map_or(next, |before| before.union(next)))
}

/// Whether a fold is over nothing, and only gives a value a name.
fn is_binding(fold: &Comprehension) -> bool {
    matches!(&fold.range.kind, Kind::List(items) if items.is_empty())
        && matches!(fold.condition.kind, Kind::Literal(Literal::Bool(false)))
        && fold.accumulator != ACCUMULATOR
}
