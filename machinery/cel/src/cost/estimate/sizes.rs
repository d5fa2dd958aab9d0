//! How large the values of nodes are: as was found out, as literals say, as variables are told to be, or one for what has no
//! parts.

use super::{Estimator, Local, Parts, Range, Step};
use crate::ast::{ACCUMULATOR, Expr, Kind, Literal};
use crate::types::Type;

impl Estimator<'_> {
    pub(super) fn local(&self, name: &str) -> Option<&Local> {
        let found = self.locals.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, local)| local)
    }

    fn own_local(&self, expr: &Expr) -> Option<&Local> {
        expr.as_name().and_then(|name| self.local(name))
    }

    pub(super) fn type_of(&self, expr: &Expr) -> Type {
        self.checked.type_of(expr)
    }

    /// Where a node stands in a variable; empty if in none.
    pub(super) fn path(&self, expr: &Expr) -> &[Step] {
        if let Some(local) = self.own_local(expr) {
            return &local.path;
        }
        self.paths.get(&expr.id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn below(&self, expr: &Expr, step: Step) -> Vec<Step> {
        let path = self.path(expr);
        // Below what is in no variable nothing is either.
        if path.is_empty() {
            return Vec::new();
        }
        path.iter().cloned().chain([step]).collect()
    }

    /// The size of what stands at a path.
    pub(super) fn size_at(&self, path: &[Step]) -> Option<Range> {
        let is_folded = |step: &Step| matches!(step, Step::Name(name) if name == ACCUMULATOR);
        match path.first() {
            Some(first) if !is_folded(first) => self.sizes.size(path),
            _ => None,
        }
    }

    pub(super) fn known_size(&self, expr: &Expr) -> Option<Range> {
        self.known
            .get(&expr.id)
            .copied()
            .or_else(|| literal_size(expr))
            .or_else(|| self.size_at(self.path(expr)))
            .or_else(|| is_scalar(&self.type_of(expr)).then_some(Range::fixed(1)))
            .or_else(|| self.own_local(expr).and_then(|local| local.size))
    }

    pub(super) fn size(&self, expr: &Expr) -> Range {
        self.known_size(expr).unwrap_or(Range::UNKNOWN)
    }

    pub(super) fn copy_size(&mut self, to: &Expr, from: &Expr) {
        if let Some(size) = self.known_size(from) {
            self.known.insert(to.id, size);
        }
    }

    pub(super) fn parts_of(&self, expr: &Expr) -> Option<Parts> {
        let own = self.parts.get(&expr.id).copied();
        own.or_else(|| self.own_local(expr).and_then(|local| local.parts))
    }
}

fn literal_size(expr: &Expr) -> Option<Range> {
    let size = match &expr.kind {
        Kind::Literal(Literal::String(text)) => text.chars().count(),
        Kind::Literal(Literal::Bytes(bytes)) => bytes.len(),
        Kind::Literal(_) => 1,
        Kind::List(items) => items.len(),
        Kind::Map(entries) => entries.len(),
        _ => return None,
    };
    Some(Range::fixed(size as u64))
}

fn is_scalar(of: &Type) -> bool {
    match of {
        Type::Bool | Type::Int | Type::Uint | Type::Double | Type::Timestamp | Type::Duration => true,
        Type::Optional(of) => is_scalar(of),
        _ => false,
    }
}
