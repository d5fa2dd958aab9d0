//! Whether a value of one type can stand where another is wanted, and what open types become by that.

use std::cell::Cell;

use crate::limits::{TYPE_PARTS_MADE_MAX, TYPE_PARTS_MAX};
use crate::types::Type;

/// What open types were found to be, by their numbers.
#[derive(Debug, Default)]
pub struct Unifier {
    found: Vec<Option<Type>>,
    /// What was bound, and what it was before: attempts that fail are taken back.
    bound: Vec<(u32, Option<Type>)>,
    /// Types that were made of others.
    made: Cell<u64>,
}

/// A moment in the life of a unifier.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    found: usize,
    bound: usize,
}

impl Unifier {
    /// A type that is open.
    pub fn fresh(&mut self) -> Type {
        self.found.push(None);
        Type::Param(self.found.len() as u32 - 1)
    }

    /// Whether `given` fits where `wanted` is; open types are bound by it. Those that it does not fit leave nothing behind.
    pub fn fits(&mut self, wanted: &Type, given: &Type) -> bool {
        let before = self.mark();
        let fits = self.compare(wanted, given);
        if !fits {
            self.back_to(before);
        }
        fits
    }

    /// This moment, to come back to.
    pub fn mark(&self) -> Mark {
        Mark {
            found: self.found.len(),
            bound: self.bound.len(),
        }
    }

    /// Forgets what was found since then.
    pub fn back_to(&mut self, mark: Mark) {
        for (at, before) in self.bound.drain(mark.bound..).rev() {
            self.found[at as usize] = before;
        }
        self.found.truncate(mark.found);
    }

    fn set(&mut self, at: u32, to: Type) {
        let before = self.found[at as usize].replace(to);
        self.bound.push((at, before));
    }

    fn compare(&mut self, wanted: &Type, given: &Type) -> bool {
        match (wanted, given) {
            (Type::Param(left), Type::Param(right)) if left == right => true,
            (Type::Param(at), other) | (other, Type::Param(at)) => self.bind(*at, other),
            (Type::Dyn | Type::Error, _) | (_, Type::Dyn | Type::Error) => true,
            (Type::Null, other) | (other, Type::Null) => may_be_null(other),
            (Type::List(left), Type::List(right)) | (Type::Optional(left), Type::Optional(right)) => {
                self.compare(left, right)
            }
            (Type::Type(_), Type::Type(_)) => true,
            (Type::Map(left), Type::Map(right)) => {
                self.compare(&left.0, &right.0) && self.compare(&left.1, &right.1)
            }
            (left, right) => left == right,
        }
    }

    fn bind(&mut self, at: u32, to: &Type) -> bool {
        match self.found[at as usize].clone() {
            Some(bound) => {
                let fits = self.compare(&bound, to);
                if fits && matches!(self.known(to), Type::Dyn) {
                    self.set(at, Type::Dyn);
                }
                fits
            }
            None if self.occurs(at, to) => matches!(self.known(to), Type::Param(_)),
            None => {
                self.set(at, to.clone());
                true
            }
        }
    }

    fn occurs(&self, at: u32, within: &Type) -> bool {
        match within {
            Type::Param(other) if *other == at => true,
            Type::Param(other) => self.found[*other as usize]
                .as_ref()
                .is_some_and(|of| self.occurs(at, of)),
            other => other.parts().into_iter().any(|part| self.occurs(at, part)),
        }
    }

    /// Whether a type has more parts than may be gone through. Parts can be shared: naming a value doubles its type at no cost.
    pub fn is_large(&self, of: &Type) -> bool {
        let mut left = TYPE_PARTS_MAX;
        !self.counts(of, &mut left)
    }

    fn counts(&self, of: &Type, left: &mut usize) -> bool {
        let Some(less) = left.checked_sub(1) else {
            return false;
        };
        *left = less;
        match of {
            Type::Param(at) => self.found[*at as usize]
                .as_ref()
                .is_none_or(|bound| self.counts(bound, left)),
            other => other.parts().into_iter().all(|part| self.counts(part, left)),
        }
    }

    /// The type with what is known of its open parts. It is shared where nothing is.
    pub fn known(&self, of: &Type) -> Type {
        self.resolved(of, None).unwrap_or_else(|| of.clone())
    }

    /// The same, where what stayed open can be anything.
    pub fn settled(&self, of: &Type) -> Type {
        self.resolved(of, Some(&Type::Dyn)).unwrap_or_else(|| of.clone())
    }

    /// A type whose bound parts are what they are bound to, and whose open ones are `open`; nothing if that changes nothing.
    fn resolved(&self, of: &Type, open: Option<&Type>) -> Option<Type> {
        if let Type::Param(at) = of {
            return match &self.found[*at as usize] {
                Some(bound) => self.resolved(bound, open).or_else(|| Some(bound.clone())),
                None => open.cloned(),
            };
        }
        let resolved = of.map_parts(&mut |part| self.resolved(part, open));
        self.made.set(self.made.get() + u64::from(resolved.is_some()));
        resolved
    }

    /// Whether more types were made of others than may be.
    pub fn made_too_many(&self) -> bool {
        self.made.get() > TYPE_PARTS_MADE_MAX
    }
}

fn may_be_null(of: &Type) -> bool {
    matches!(
        of,
        Type::Null | Type::Object(_) | Type::Opaque(_) | Type::Optional(_) | Type::Timestamp | Type::Duration
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(of: &Type) -> *const Type {
        match of {
            Type::List(item) => std::sync::Arc::as_ptr(item),
            other => other,
        }
    }

    #[test]
    fn types_without_open_parts_are_shared() {
        let mut unifier = Unifier::default();
        let closed = Type::list(Type::optional(Type::Int));
        assert_eq!(parts(&unifier.settled(&closed)), parts(&closed));
        assert_eq!(parts(&unifier.known(&closed)), parts(&closed));
        let open = Type::list(unifier.fresh());
        assert_eq!(parts(&unifier.known(&open)), parts(&open));
        assert_eq!(unifier.made.get(), 0);
        assert_eq!(unifier.settled(&open), Type::list(Type::Dyn));
        assert!(unifier.fits(&open, &closed));
        assert_eq!(unifier.known(&open), closed);
        assert_eq!(unifier.made.get(), 2);
    }
}
