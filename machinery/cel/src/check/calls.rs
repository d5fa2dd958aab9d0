//! Which function a call means, and for which of its declarations the arguments fit.

use smol_str::SmolStr;

use super::{Checker, Meaning};
use crate::ast::{Expr, Kind};
use crate::function::{Function, Overload};
use crate::limits::QUALIFIED_NAME_BYTES_MAX;
use crate::types::Type;

impl Checker<'_> {
    pub fn call(&mut self, expr: &Expr, name: &SmolStr, target: Option<&Expr>, args: &[Expr]) -> Type {
        if name == "_?._" {
            return self.optional_select(expr, args);
        }
        let types: Vec<Type> = args.iter().map(|arg| self.expr(arg)).collect();
        let Some(target) = target else {
            let plain = name.strip_prefix('.').unwrap_or(name);
            return match self.environment.function(plain) {
                Some(function) => self.resolve(expr, function, false, types, true),
                None => self.undeclared(expr.at, name),
            };
        };
        if let Some(qualifier) = target.qualified_name(QUALIFIED_NAME_BYTES_MAX) {
            let root = qualifier.split('.').next().unwrap_or_default();
            let whole = format!("{}.{name}", qualifier.trim_start_matches('.'));
            if let Some(function) = self.environment.function(&whole).filter(|_| !self.is_local(root)) {
                return self.resolve(expr, function, false, types, true);
            }
        }
        let receiver = self.expr(target);
        match self.environment.function(name) {
            Some(function) => {
                let mut all = vec![receiver];
                all.extend(types);
                self.resolve(expr, function, true, all, false)
            }
            None => self.undeclared(expr.at, name),
        }
    }

    /// `operand.?field`: the field's type, optional.
    fn optional_select(&mut self, expr: &Expr, args: &[Expr]) -> Type {
        let [operand, field] = args else {
            return Type::Error;
        };
        let of = self.expr(operand);
        self.expr(field);
        let Kind::Literal(crate::ast::Literal::String(name)) = &field.kind else {
            self.issues
                .report(field.at, "unsupported optional field selection");
            return Type::Error;
        };
        match self.field(expr.at, &of, name) {
            of @ (Type::Optional(_) | Type::Error) => of,
            of => Type::optional(of),
        }
    }

    fn resolve(
        &mut self,
        expr: &Expr,
        function: &'static Function,
        is_member: bool,
        args: Vec<Type>,
        qualified: bool,
    ) -> Type {
        self.meanings
            .insert(expr.id, Meaning::Function { function, qualified });
        let mut result: Option<Type> = None;
        for overload in &function.overloads {
            if overload.is_member != is_member {
                continue;
            }
            let Some(of) = self.applied(overload, &args) else {
                continue;
            };
            result = Some(match result {
                None => of,
                Some(before) if before == of => before,
                Some(_) => Type::Dyn,
            });
        }
        result.unwrap_or_else(|| self.no_overload(expr.at, function.name, is_member, &args))
    }

    /// The result of a declaration, if the arguments fit.
    fn applied(&mut self, overload: &Overload, args: &[Type]) -> Option<Type> {
        if overload.args.len() != args.len() {
            return None;
        }
        let before = self.unifier.mark();
        let params: Vec<Type> = (0..overload.params).map(|_| self.unifier.fresh()).collect();
        let fits = overload
            .args
            .iter()
            .zip(args)
            .all(|(wanted, arg)| self.unifier.fits(&with_params(wanted, &params), arg));
        if !fits {
            self.unifier.back_to(before);
            return None;
        }
        Some(self.unifier.known(&with_params(&overload.result, &params)))
    }

    fn no_overload(&mut self, at: u32, name: &str, is_member: bool, args: &[Type]) -> Type {
        let shown = |of: &Type| self.unifier.known(of).in_messages().to_string();
        let mut shown: Vec<String> = args.iter().map(shown).collect();
        let receiver = if is_member {
            format!("{}.", shown.remove(0))
        } else {
            String::new()
        };
        let signature = format!("{receiver}({})", shown.join(", "));
        let message = format!("found no matching overload for '{name}' applied to '{signature}'");
        self.issues.report(at, message);
        Type::Error
    }
}

fn with_params(of: &Type, params: &[Type]) -> Type {
    replaced(of, params).unwrap_or_else(|| of.clone())
}

fn replaced(of: &Type, params: &[Type]) -> Option<Type> {
    match of {
        Type::Param(at) => Some(params[*at as usize].clone()),
        other => other.map_parts(&mut |part| replaced(part, params)),
    }
}
