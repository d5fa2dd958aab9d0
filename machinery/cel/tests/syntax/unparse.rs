//! From a tree back to text. Macros were expanded and stay so: what they became has no text of its own, and is shown by its
//! parts. Parentheses stand wherever they might be needed.

use std::fmt::Write;

use cel::ast::{Expr, Kind, Literal};

/// The text of a tree; nothing for one with what macros have made.
pub fn unparse(tree: &Expr) -> Option<String> {
    let mut out = String::new();
    write(tree, &mut out)?;
    Some(out)
}

/// Whether two trees say the same, wherever they stand in their texts.
pub fn same(one: &Expr, other: &Expr) -> bool {
    let [ones, others] = [one, other].map(|tree| {
        let mut children = Vec::new();
        tree.children(&mut |child| children.push(child));
        children
    });
    node(one) == node(other)
        && ones.len() == others.len()
        && ones.into_iter().zip(others).all(|(one, other)| same(one, other))
}

/// A node without what is below it.
fn node(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Literal(literal) => format!("{literal:?}"),
        Kind::Ident(name) => format!("name {name}"),
        Kind::Select { field, test, .. } => format!("select {field} {test}"),
        Kind::Call { function, target, .. } => format!("call {function} {}", target.is_some()),
        Kind::List(items) => format!("list {:?}", items.iter().map(|item| item.1).collect::<Vec<_>>()),
        Kind::Map(entries) => {
            let optional: Vec<_> = entries.iter().map(|entry| entry.optional).collect();
            format!("map {optional:?}")
        }
        Kind::Struct { name, fields } => {
            let fields: Vec<_> = fields.iter().map(|field| (&field.name, field.optional)).collect();
            format!("{name} {fields:?}")
        }
        Kind::Comprehension(fold) => format!("fold {} {:?} {}", fold.item, fold.second, fold.accumulator),
    }
}

fn write(expr: &Expr, out: &mut String) -> Option<()> {
    match &expr.kind {
        Kind::Literal(literal) => write_literal(literal, out),
        Kind::Ident(name) if name.starts_with('@') => return None,
        Kind::Ident(name) => out.push_str(name),
        Kind::Select { operand, field, test } => {
            out.push_str(if *test { "has(" } else { "" });
            target_of(operand, out)?;
            write!(out, ".{field}{}", if *test { ")" } else { "" }).ok()?;
        }
        Kind::Call {
            function,
            target,
            args,
        } => write_call(function, target.as_deref(), args, out)?,
        Kind::List(items) => {
            out.push('[');
            for (at, (item, optional)) in items.iter().enumerate() {
                out.push_str(separator(at, *optional));
                write(item, out)?;
            }
            out.push(']');
        }
        Kind::Map(entries) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                out.push_str(separator(at, entry.optional));
                write(&entry.key, out)?;
                out.push_str(": ");
                write(&entry.value, out)?;
            }
            out.push('}');
        }
        Kind::Struct { name, fields } => {
            write!(out, "{name}{{").ok()?;
            for (at, field) in fields.iter().enumerate() {
                write!(out, "{}{}: ", separator(at, field.optional), field.name).ok()?;
                write(&field.value, out)?;
            }
            out.push('}');
        }
        Kind::Comprehension(_) => return None,
    }
    Some(())
}

fn separator(at: usize, optional: bool) -> &'static str {
    match (at, optional) {
        (0, false) => "",
        (0, true) => "?",
        (_, false) => ", ",
        (_, true) => ", ?",
    }
}

/// What an operator is applied to.
fn operand_of(expr: &Expr, out: &mut String) -> Option<()> {
    let is_operator = matches!(&expr.kind, Kind::Call { function, .. } if is_operator(function));
    if is_operator {
        in_parentheses(expr, out)
    } else {
        write(expr, out)
    }
}

/// What something is selected of: a number is not, as its point would be taken for its own.
fn target_of(expr: &Expr, out: &mut String) -> Option<()> {
    let is_number = matches!(
        expr.kind,
        Kind::Literal(Literal::Int(_) | Literal::Uint(_) | Literal::Double(_))
    );
    if is_number {
        in_parentheses(expr, out)
    } else {
        operand_of(expr, out)
    }
}

fn in_parentheses(expr: &Expr, out: &mut String) -> Option<()> {
    out.push('(');
    write(expr, out)?;
    out.push(')');
    Some(())
}

/// Whether it is written between or before operands. Selections are not.
fn is_operator(function: &str) -> bool {
    match function {
        "_[_]" | "_[?_]" | "_?._" => false,
        "@in" | "!_" | "-_" => true,
        other => other.starts_with('_') && other.ends_with('_'),
    }
}

fn write_call(function: &str, target: Option<&Expr>, args: &[Expr], out: &mut String) -> Option<()> {
    match (function, args) {
        ("_?_:_", [condition, truthy, falsy]) => {
            operand_of(condition, out)?;
            out.push_str(" ? ");
            operand_of(truthy, out)?;
            out.push_str(" : ");
            operand_of(falsy, out)
        }
        ("!_" | "-_", [operand]) => {
            out.push_str(&function[..1]);
            target_of(operand, out)
        }
        ("_[_]" | "_[?_]", [operand, index]) => {
            target_of(operand, out)?;
            out.push_str(if function == "_[_]" { "[" } else { "[?" });
            write(index, out)?;
            out.push(']');
            Some(())
        }
        ("_?._", [operand, field]) => {
            target_of(operand, out)?;
            write!(out, ".?{}", field.as_text()?).ok()
        }
        (_, [left, right]) if is_operator(function) => {
            operand_of(left, out)?;
            let sign = if function == "@in" {
                "in"
            } else {
                function.trim_matches('_')
            };
            write!(out, " {sign} ").ok()?;
            operand_of(right, out)
        }
        _ => {
            if let Some(target) = target {
                target_of(target, out)?;
                out.push('.');
            }
            write!(out, "{function}(").ok()?;
            for (at, arg) in args.iter().enumerate() {
                out.push_str(separator(at, false));
                write(arg, out)?;
            }
            out.push(')');
            Some(())
        }
    }
}

fn write_literal(literal: &Literal, out: &mut String) {
    let done = match literal {
        Literal::Null => write!(out, "null"),
        Literal::Bool(truth) => write!(out, "{truth}"),
        Literal::Int(number) => write!(out, "{number}"),
        Literal::Uint(number) => write!(out, "{number}u"),
        Literal::Double(number) => write!(out, "{number:e}"),
        Literal::String(text) => write!(out, "{text:?}"),
        Literal::Bytes(bytes) => {
            let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            write!(out, "b\"{escaped}\"")
        }
    };
    done.expect("writing to a string does not fail");
}
