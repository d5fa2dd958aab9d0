//! The types of lists, maps and messages that are written down.

use super::{Checker, Meaning};
use crate::ast::{Entry, Expr, FieldEntry};
use crate::types::Type;

impl Checker<'_> {
    pub fn list(&mut self, items: &[(Expr, bool)]) -> Type {
        let mut joined = None;
        for (item, optional) in items {
            let of = self.expr(item);
            let of = if *optional {
                self.unwrapped(item.at, of)
            } else {
                of
            };
            joined = Some(self.join(joined, of));
        }
        let item = joined.unwrap_or_else(|| self.unifier.fresh());
        Type::list(item)
    }

    pub fn map(&mut self, entries: &[Entry]) -> Type {
        let (mut keys, mut values) = (None, None);
        for entry in entries {
            let key = self.expr(&entry.key);
            keys = Some(self.join(keys, key));
            let of = self.expr(&entry.value);
            let of = if entry.optional {
                self.unwrapped(entry.value.at, of)
            } else {
                of
            };
            values = Some(self.join(values, of));
        }
        let key = keys.unwrap_or_else(|| self.unifier.fresh());
        let value = values.unwrap_or_else(|| self.unifier.fresh());
        Type::map(key, value)
    }

    /// What an optional is of; what is none must not be left out when it has no value.
    fn unwrapped(&mut self, at: u32, of: Type) -> Type {
        match self.unifier.known(&of) {
            Type::Optional(inner) => (*inner).clone(),
            Type::Dyn | Type::Error => Type::Dyn,
            other => {
                self.mismatch(at, &Type::optional(other.clone()), &other);
                other
            }
        }
    }

    /// What two parts of one list have in common; they may differ.
    fn join(&mut self, before: Option<Type>, next: Type) -> Type {
        let Some(before) = before else { return next };
        match self.unifier.fits(&before, &next) {
            true if matches!(self.unifier.known(&next), Type::Dyn) => Type::Dyn,
            true => before,
            false => Type::Dyn,
        }
    }

    pub fn message(&mut self, expr: &Expr, name: &str, fields: &[FieldEntry]) -> Type {
        let plain = name.strip_prefix('.').unwrap_or(name);
        let Some(object) = self.environment.object(plain) else {
            let found = match self.environment.variable(plain) {
                Some(_) => {
                    self.issues.report(expr.at, format!("'{name}' is not a type"));
                    Type::Error
                }
                None => self.undeclared(expr.at, name),
            };
            fields.iter().for_each(|field| drop(self.expr(&field.value)));
            return found;
        };
        for entry in fields {
            let of = self.expr(&entry.value);
            let of = if entry.optional {
                self.unwrapped(entry.value.at, of)
            } else {
                of
            };
            let Some(wanted) = self.environment.field_type(&object, &entry.name) else {
                self.issues
                    .report(entry.at, format!("undefined field '{}'", entry.name));
                continue;
            };
            if !self.unifier.fits(&wanted, &of) {
                let message = format!(
                    "expected type of field '{}' is '{}' but provided type is '{}'",
                    entry.name,
                    wanted.in_messages(),
                    self.unifier.known(&of).in_messages()
                );
                self.issues.report(entry.at, message);
            }
        }
        self.meanings.insert(expr.id, Meaning::Object(object.clone()));
        Type::Object(object)
    }
}
