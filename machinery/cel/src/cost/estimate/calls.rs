//! What calls may cost, and how large what comes of them may be.

use super::{Estimator, Range, Step};
use crate::ast::Expr;
use crate::cost::{CALL, CHECK, FORMAT_PATTERN_CHARS, PATTERN, TRAVERSAL, ceil};
use crate::types::Type;

/// An address, in bytes.
const ADDRESS: Range = Range { min: 4, max: 16 };

impl Estimator<'_> {
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        function: &str,
        target: Option<&Expr>,
        args: &[Expr],
    ) -> Range {
        let costs: Vec<Range> = args.iter().map(|arg| self.cost(arg)).collect();
        // A receiver that is part of the function's name is no value.
        let target = target.filter(|_| !self.is_qualified(expr));
        let of_target = target.map_or(Range::ZERO, |target| self.cost(target));
        let of_args = costs.iter().fold(Range::ZERO, |sum, cost| sum + *cost);
        match (function, args) {
            ("_&&_" | "_||_", [_, _]) => Range {
                min: costs[0].min,
                max: (costs[0] + costs[1]).max,
            },
            ("_?_:_", [_, truthy, falsy]) => {
                let size = self.size(truthy).union(self.size(falsy));
                self.known.insert(expr.id, size);
                if let (Some(left), Some(right)) = (self.parts_of(truthy), self.parts_of(falsy)) {
                    self.parts.insert(expr.id, left.union(right));
                }
                costs[0] + costs[1].union(costs[2])
            }
            ("dyn", [arg]) => {
                self.copy_size(expr, arg);
                if let Some(parts) = self.parts_of(arg) {
                    self.parts.insert(expr.id, parts);
                }
                of_args + Range::fixed(CALL)
            }
            _ => {
                let (cost, size) = self.applied(expr, function, target, args);
                if let Some(size) = size {
                    self.known.insert(expr.id, size);
                }
                of_target + of_args + cost
            }
        }
    }

    fn is_qualified(&self, expr: &Expr) -> bool {
        let meaning = self.checked.meanings.get(&expr.id);
        matches!(
            meaning,
            Some(crate::check::Meaning::Function { qualified: true, .. })
        )
    }

    /// The cost of a call without its arguments, and the size of its result where that can be told.
    fn applied(
        &mut self,
        expr: &Expr,
        function: &str,
        target: Option<&Expr>,
        args: &[Expr],
    ) -> (Range, Option<Range>) {
        let call = Range::fixed(CALL);
        match (function, target, args) {
            ("check", ..) => (Range::fixed(CHECK), None),
            ("isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf", Some(target), _) => {
                (self.gone_through(target), None)
            }
            ("url", _, [text]) => (self.size(text).scaled(TRAVERSAL), None),
            ("lowerAscii" | "upperAscii" | "substring" | "trim", Some(target), _) => {
                let size = self.size(target);
                (size.scaled(TRAVERSAL), Some(size))
            }
            ("replace", Some(target), [part, with, ..]) => {
                let size = self.size(target);
                let result = replaced(size, self.size(part), self.size(with));
                (size.scaled(2.0 * TRAVERSAL), Some(result))
            }
            ("split", Some(target), _) => {
                let size = self.size(target);
                let count = Range {
                    min: 0,
                    max: size.max,
                };
                (size.scaled(2.0 * TRAVERSAL), Some(count))
            }
            ("join", Some(target), _) => {
                let size = self.joined_size(target, args.first());
                (size.scaled(TRAVERSAL), Some(size))
            }
            ("find" | "findAll", Some(target), [pattern, ..]) => {
                let size = self.size(target);
                let result = Range {
                    min: 0,
                    max: size.max,
                };
                (self.matched(target, pattern), Some(result))
            }
            ("matches", Some(target), [pattern]) => (self.matched(target, pattern), None),
            ("validate", Some(_), [text]) => {
                let pattern = Range::fixed(ceil(FORMAT_PATTERN_CHARS * PATTERN));
                (
                    (self.size(text) + Range::fixed(1)).scaled(TRAVERSAL) * pattern,
                    None,
                )
            }
            ("containsIP", Some(_), [arg]) => {
                ((ADDRESS + ADDRESS).scaled(TRAVERSAL) + self.parsed(arg), None)
            }
            ("containsCIDR", Some(_), [arg]) => {
                let compared = (ADDRESS + ADDRESS).scaled(TRAVERSAL) + ADDRESS.scaled(TRAVERSAL) + call;
                (compared + self.parsed(arg), None)
            }
            ("contains", Some(target), [part]) => (
                self.size(target).scaled(TRAVERSAL) * self.size(part).scaled(TRAVERSAL),
                None,
            ),
            ("startsWith" | "endsWith", Some(_), [part]) => (self.size(part).scaled(TRAVERSAL), None),
            ("format", Some(target), _) => (self.size(target).scaled(TRAVERSAL), None),
            ("contains" | "intersects", _, [left, right]) if self.is_qualified(expr) => {
                (self.size(left) * self.size(right) + call, None)
            }
            ("equivalent", _, [left, right]) => {
                (self.size(left) * self.size(right) * Range::fixed(2) + call, None)
            }
            _ => self.of_operator(expr, function, args),
        }
    }

    fn of_operator(&mut self, expr: &Expr, function: &str, args: &[Expr]) -> (Range, Option<Range>) {
        let call = Range::fixed(CALL);
        match (function, args) {
            ("bytes", [arg]) if self.may_be(arg, &Type::String) => {
                let size = self.size(arg);
                let result = Range {
                    min: size.min,
                    max: size.max.saturating_mul(4),
                };
                (size.scaled(TRAVERSAL), Some(result))
            }
            ("string", [arg]) if self.may_be(arg, &Type::Bytes) => {
                let size = self.size(arg);
                let result = Range {
                    min: size.min / 4,
                    max: size.max,
                };
                (size.scaled(TRAVERSAL), Some(result))
            }
            ("@in", [_, list]) if !matches!(self.type_of(list), Type::Map(_)) => (self.size(list), None),
            ("_==_" | "_!=_", [left, right]) => (self.compared(left, right), None),
            ("_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) if self.is_text(left) => {
                (self.compared(left, right), None)
            }
            ("_+_", [left, right]) => self.added(expr, left, right),
            ("_[_]", [of, _]) => {
                let step = if matches!(self.type_of(of), Type::List(_)) {
                    Step::Item
                } else {
                    Step::Value
                };
                let path = self.below(of, step);
                self.paths.insert(expr.id, path);
                (call, self.parts_of(of).map(|parts| parts.value))
            }
            _ => (call, None),
        }
    }

    fn may_be(&self, expr: &Expr, of: &Type) -> bool {
        let known = self.type_of(expr);
        known == *of || matches!(known, Type::Dyn)
    }

    fn is_text(&self, expr: &Expr) -> bool {
        self.may_be(expr, &Type::String) || self.may_be(expr, &Type::Bytes)
    }

    /// Each item of a list, and all of its texts; or all of a text.
    fn gone_through(&self, target: &Expr) -> Range {
        let Type::List(item) = self.type_of(target) else {
            return self.size(target).scaled(TRAVERSAL);
        };
        let mut each = Range::fixed(1);
        if matches!(*item, Type::String | Type::Bytes) {
            each = each + self.item_size(target).scaled(TRAVERSAL);
        }
        self.size(target) * each
    }

    fn item_size(&self, list: &Expr) -> Range {
        let path = self.below(list, Step::Item);
        self.size_at(&path).unwrap_or(Range::UNKNOWN)
    }

    fn joined_size(&self, list: &Expr, between: Option<&Expr>) -> Range {
        let count = self.size(list);
        let texts = count * self.item_size(list);
        let Some(between) = between else { return texts };
        let gaps = Range {
            min: count.min.saturating_sub(1),
            max: count.max.saturating_sub(1),
        };
        texts + self.size(between) * gaps
    }

    fn matched(&self, text: &Expr, pattern: &Expr) -> Range {
        (self.size(text) + Range::fixed(1)).scaled(TRAVERSAL) * self.size(pattern).scaled(PATTERN)
    }

    /// What an address that is still text costs to be read.
    fn parsed(&self, arg: &Expr) -> Range {
        match self.may_be(arg, &Type::String) {
            true => self.size(arg).scaled(TRAVERSAL),
            false => Range::ZERO,
        }
    }

    fn compared(&self, left: &Expr, right: &Expr) -> Range {
        let max = self.size(left).max.min(self.size(right).max);
        let min = u64::from(max > 0);
        Range { min, max }.scaled(TRAVERSAL)
    }

    fn added(&mut self, expr: &Expr, left: &Expr, right: &Expr) -> (Range, Option<Range>) {
        let is_list = matches!(self.type_of(left), Type::List(_));
        if !is_list && !self.is_text(left) {
            return (Range::fixed(CALL), None);
        }
        let size = self.size(left) + self.size(right);
        if let (Some(left), Some(right)) = (self.parts_of(left), self.parts_of(right)) {
            self.parts.insert(expr.id, left.union(right));
        }
        let cost = if is_list {
            Range::fixed(CALL)
        } else {
            size.scaled(TRAVERSAL)
        };
        (cost, Some(size))
    }
}

/// The size of a text in which a part is replaced wherever it is.
fn replaced(size: Range, part: Range, with: Range) -> Range {
    let times = |size: u64, part: u64| (size as f64 / part as f64).ceil() as u64;
    let (most, kept_most) = match part.min {
        // Nothing stands between all characters, and around them.
        0 => (size.max.saturating_add(1), size.max),
        shortest if with.max <= shortest => (0, size.max),
        shortest => (times(size.max, shortest), 0),
    };
    let (least, kept_least) = match part.max {
        0 => (size.min.saturating_add(1), size.min),
        longest if longest <= with.min => (0, size.min),
        longest => (times(size.min, longest), 0),
    };
    let count = Range {
        min: least,
        max: most,
    };
    let kept = Range {
        min: kept_least,
        max: kept_most,
    };
    count * with + kept
}
