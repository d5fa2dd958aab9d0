//! Whether a value of one type can stand where another is wanted, and what open types become by that.

use crate::limits::TYPE_PARTS_MAX;
use crate::types::Type;

/// What open types were found to be, by their numbers.
#[derive(Debug, Default)]
pub struct Unifier {
    found: Vec<Option<Type>>,
    /// What was bound, and what it was before: attempts that fail are taken back.
    bound: Vec<(u32, Option<Type>)>,
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

    /// The type with what is known of its open parts.
    pub fn known(&self, of: &Type) -> Type {
        match of {
            Type::Param(at) => match &self.found[*at as usize] {
                Some(bound) => self.known(bound),
                None => of.clone(),
            },
            Type::List(_) | Type::Map(_) | Type::Optional(_) | Type::Type(_) => {
                of.map_parts(&mut |part| self.known(part))
            }
            other => other.clone(),
        }
    }

    /// The same, where what stayed open can be anything.
    pub fn settled(&self, of: &Type) -> Type {
        match of {
            Type::Param(at) => match &self.found[*at as usize] {
                Some(bound) => self.settled(bound),
                None => Type::Dyn,
            },
            other => other.map_parts(&mut |part| self.settled(part)),
        }
    }
}

fn may_be_null(of: &Type) -> bool {
    matches!(
        of,
        Type::Null | Type::Object(_) | Type::Opaque(_) | Type::Optional(_) | Type::Timestamp | Type::Duration
    )
}
