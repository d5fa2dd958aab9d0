//! The checker: what each name and each call means, and of what type each part of an expression is.
//! Errors have the reference's words. What types can be in each other's place is in [`unify`].

mod aggregates;
mod calls;
mod literals;
mod unify;

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::ast::{Comprehension, Expr, Id, Kind, Literal};
use crate::environment::Environment;
use crate::function::Function;
use crate::limits::QUALIFIED_NAME_BYTES_MAX;
use crate::source::Issues;
use crate::types::{Object, Type};

pub use literals::check as check_literals;

/// What a name or a call was found to be.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A variable of the environment, by its whole name.
    Variable(SmolStr),
    /// A variable that a macro has made.
    Local,
    /// A type as a value.
    Type(Type),
    /// A function. What looked like the receiver is part of its name if it says so.
    Function {
        /// It.
        function: &'static Function,
        /// Whether the receiver is part of its name.
        qualified: bool,
    },
    /// An object that is made.
    Object(std::sync::Arc<Object>),
}

/// What a checker found.
#[derive(Debug)]
pub struct Checked {
    /// The meaning of each name and call.
    pub meanings: HashMap<Id, Meaning>,
    /// The type of the whole.
    pub result: Type,
    types: HashMap<Id, Type>,
    unifier: unify::Unifier,
}

impl Checked {
    /// The type of a node. It is made when it is asked for: most are not, and together they can be large.
    pub fn type_of(&self, expr: &Expr) -> Type {
        let of = self.types.get(&expr.id).unwrap_or(&Type::Dyn);
        self.unifier.settled(of)
    }
}

/// Checks an expression.
pub fn check(environment: &Environment, tree: &Expr, issues: &mut Issues) -> Checked {
    let mut checker = Checker {
        environment,
        issues,
        unifier: unify::Unifier::default(),
        scope: Vec::new(),
        types: HashMap::new(),
        meanings: HashMap::new(),
    };
    let result = checker.expr(tree);
    if checker.unifier.made_too_many() {
        let message = "the types of the expression have too many parts";
        checker.issues.report(tree.at, message);
    }
    Checked {
        result: checker.unifier.settled(&result),
        meanings: checker.meanings,
        types: checker.types,
        unifier: checker.unifier,
    }
}

struct Checker<'c> {
    environment: &'c Environment,
    issues: &'c mut Issues,
    unifier: unify::Unifier,
    /// Variables of macros, the innermost last.
    scope: Vec<(SmolStr, Type)>,
    types: HashMap<Id, Type>,
    meanings: HashMap<Id, Meaning>,
}

impl Checker<'_> {
    fn expr(&mut self, expr: &Expr) -> Type {
        if self.unifier.made_too_many() {
            return Type::Error;
        }
        let of = match &expr.kind {
            Kind::Literal(literal) => literal_type(literal),
            Kind::Ident(name) => self.ident(expr, name),
            Kind::Select { operand, field, test } => self.select(expr, operand, field, *test),
            Kind::Call {
                function,
                target,
                args,
            } => self.call(expr, function, target.as_deref(), args),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Struct { name, fields } => self.message(expr, name, fields),
            Kind::Comprehension(fold) => self.comprehension(fold),
        };
        let of = match self.unifier.is_large(&of) {
            true => {
                self.issues
                    .report(expr.at, "the type of the expression has too many parts");
                Type::Error
            }
            false => of,
        };
        self.types.insert(expr.id, of.clone());
        of
    }

    fn undeclared(&mut self, at: u32, name: &str) -> Type {
        self.issues
            .report(at, format!("undeclared reference to '{name}' (in container '')"));
        Type::Error
    }

    fn mismatch(&mut self, at: u32, expected: &Type, found: &Type) {
        let (expected, found) = (self.unifier.known(expected), self.unifier.known(found));
        let message = format!(
            "expected type '{}' but found '{}'",
            expected.in_messages(),
            found.in_messages()
        );
        self.issues.report(at, message);
    }

    fn ident(&mut self, expr: &Expr, name: &str) -> Type {
        let local = self.scope.iter().rev().find(|(known, _)| known == name);
        if let Some((_, of)) = local {
            self.meanings.insert(expr.id, Meaning::Local);
            return of.clone();
        }
        self.global(expr, name)
            .unwrap_or_else(|| self.undeclared(expr.at, name))
    }

    /// A variable or a type of the environment.
    fn global(&mut self, expr: &Expr, name: &str) -> Option<Type> {
        let plain = name.strip_prefix('.').unwrap_or(name);
        let (meaning, of) = match self.environment.variable(plain) {
            Some((name, of)) => (Meaning::Variable(name.clone()), of.clone()),
            None => {
                let of = self.environment.type_named(plain)?;
                (Meaning::Type(of.clone()), Type::Type(of.into()))
            }
        };
        self.meanings.insert(expr.id, meaning);
        Some(of)
    }

    fn is_local(&self, name: &str) -> bool {
        self.scope.iter().any(|(known, _)| known == name)
    }

    fn select(&mut self, expr: &Expr, operand: &Expr, field: &SmolStr, test: bool) -> Type {
        if let Some(name) = expr.qualified_name(QUALIFIED_NAME_BYTES_MAX).filter(|_| !test) {
            let root = name.split('.').next().unwrap_or_default();
            if !self.is_local(root)
                && let Some(of) = self.global(expr, &name)
            {
                return of;
            }
        }
        let target = self.expr(operand);
        let found = self.field(expr.at, &target, field);
        if test { Type::Bool } else { found }
    }

    /// The type of a field of what is of a type.
    fn field(&mut self, at: u32, target: &Type, field: &str) -> Type {
        match self.unifier.known(target) {
            Type::Error | Type::Dyn => Type::Dyn,
            Type::Param(_) => {
                self.unifier.fits(&Type::Dyn, target);
                Type::Dyn
            }
            Type::Map(both) => both.1.clone(),
            Type::Optional(of) => match self.field(at, &of, field) {
                of @ (Type::Optional(_) | Type::Error) => of,
                of => Type::optional(of),
            },
            Type::Object(object) => self.environment.field_type(&object, field).unwrap_or_else(|| {
                self.issues.report(at, format!("undefined field '{field}'"));
                Type::Error
            }),
            other => {
                let message = format!("type '{}' does not support field selection", other.in_messages());
                self.issues.report(at, message);
                Type::Error
            }
        }
    }

    fn comprehension(&mut self, fold: &Comprehension) -> Type {
        let range = self.expr(&fold.range);
        let accumulated = self.expr(&fold.init);
        let (key, value) = self.range_parts(fold.range.at, &range);
        let before = self.scope.len();
        self.scope.push((fold.accumulator.clone(), accumulated.clone()));
        match &fold.second {
            Some(second) => {
                self.scope.push((fold.item.clone(), key));
                self.scope.push((second.clone(), value));
            }
            None if matches!(self.unifier.known(&range), Type::Map(_)) => {
                self.scope.push((fold.item.clone(), key))
            }
            None => self.scope.push((fold.item.clone(), value)),
        }
        let condition = self.expr(&fold.condition);
        self.require(fold.condition.at, &Type::Bool, &condition);
        let step = self.expr(&fold.step);
        self.require(fold.step.at, &accumulated, &step);
        self.scope.truncate(before + 1);
        let result = self.expr(&fold.result);
        self.scope.truncate(before);
        self.unifier.known(&result)
    }

    fn require(&mut self, at: u32, expected: &Type, found: &Type) {
        if !self.unifier.fits(expected, found) {
            self.mismatch(at, expected, found);
        }
    }

    /// The types of keys, or places, and values of what is gone through.
    fn range_parts(&mut self, at: u32, range: &Type) -> (Type, Type) {
        match self.unifier.known(range) {
            Type::List(item) => (Type::Int, (*item).clone()),
            Type::Map(both) => (both.0.clone(), both.1.clone()),
            Type::Dyn | Type::Error => (Type::Dyn, Type::Dyn),
            Type::Param(_) => {
                self.unifier.fits(&Type::Dyn, range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{}' cannot be range of a comprehension (must be list, map, or dynamic)",
                    other.in_messages()
                );
                self.issues.report(at, message);
                (Type::Error, Type::Error)
            }
        }
    }
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}
