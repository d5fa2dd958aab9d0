//! What can be seen to be wrong with values that are written down: lists and maps of several types, texts that are no time,
//! no duration and no regular expression.

use object::patterns;
use schema::time;

use super::Checked;
use crate::ast::{Expr, Kind};
use crate::source::Issues;
use crate::types::Type;

/// The function whose arguments may be of several types.
const FORMAT: &str = "format";

/// Checks a tree whose types are known.
pub fn check(tree: &Expr, checked: &Checked, issues: &mut Issues) {
    visit(tree, checked, false, issues);
}

fn visit(expr: &Expr, checked: &Checked, may_be_mixed: bool, issues: &mut Issues) {
    let of = |expr: &Expr| checked.type_of(expr);
    let mut may_be_mixed = may_be_mixed;
    match &expr.kind {
        Kind::Call {
            function,
            target,
            args,
        } => {
            may_be_mixed |= function == FORMAT;
            argument(function, target.as_deref(), args, issues);
        }
        Kind::List(items) if !may_be_mixed => {
            let parts = items
                .iter()
                .map(|(item, optional)| (item.at, part_type(of(item), *optional)));
            one_type(parts, issues);
        }
        Kind::Map(entries) if !may_be_mixed => {
            one_type(entries.iter().map(|entry| (entry.key.at, of(&entry.key))), issues);
            let values = entries
                .iter()
                .map(|entry| (entry.value.at, part_type(of(&entry.value), entry.optional)));
            one_type(values, issues);
        }
        _ => {}
    }
    expr.children(&mut |child| visit(child, checked, may_be_mixed, issues));
}

fn part_type(of: Type, optional: bool) -> Type {
    match of {
        Type::Optional(of) if optional => (*of).clone(),
        other => other,
    }
}

fn one_type(parts: impl Iterator<Item = (u32, Type)>, issues: &mut Issues) {
    let mut first: Option<Type> = None;
    for (at, of) in parts {
        match &first {
            None => first = Some(of),
            Some(first) if *first == of => {}
            Some(first) => {
                let message = format!(
                    "expected type '{}' but found '{}'",
                    first.in_messages(),
                    of.in_messages()
                );
                issues.report(at, message);
                return;
            }
        }
    }
}

fn argument(function: &str, target: Option<&Expr>, args: &[Expr], issues: &mut Issues) {
    let [arg] = args else {
        if let ("matches", None, [_, pattern]) = (function, target, args) {
            regex(pattern, issues);
        }
        return;
    };
    match (function, target) {
        ("matches", Some(_)) => regex(arg, issues),
        ("duration", None) if is_wrong(arg, |text| time::duration::parse(text).is_err()) => {
            issues.report(arg.at, "invalid duration argument");
        }
        ("timestamp", None) if is_wrong(arg, |text| time::Time::parse(text).is_err()) => {
            issues.report(arg.at, "invalid timestamp argument");
        }
        _ => {}
    }
}

fn regex(pattern: &Expr, issues: &mut Issues) {
    if is_wrong(pattern, |text| patterns::problem(text).is_some()) {
        issues.report(pattern.at, "invalid matches argument");
    }
}

fn is_wrong(arg: &Expr, is_wrong: impl Fn(&str) -> bool) -> bool {
    arg.as_text().is_some_and(|text| is_wrong(text))
}
