//! Which labels an object may have, in 64 bits that stand beside it in the snapshot's map: a list by a rare label passes over the
//! others without touching them. What the marks let through is still to be selected.

use object::fnv::Fnv1a;
use object::selector::label::{Operator, Requirement};
use render::Selection;

use crate::item::Item;

/// A bit for each key and for each pair of key and value; several may share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u64);

impl Marks {
    /// Of an object. What cannot be decoded has all, so that nobody passes over it.
    pub fn of(item: &Item) -> Self {
        let Ok(content) = item.content() else {
            return Self(u64::MAX);
        };
        let labels = content.facts.labels();
        Self(labels.fold(0, |marks, (key, value)| {
            marks | bit(key, None) | bit(key, Some(value))
        }))
    }

    /// What every object has that is selected.
    pub fn wanted(selection: &Selection) -> Self {
        let requirements = selection.labels().requirements().iter();
        Self(requirements.fold(0, |marks, requirement| marks | required(requirement)))
    }

    /// Whether all that is wanted is there.
    pub fn have(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

fn required(requirement: &Requirement) -> u64 {
    let key = requirement.key();
    match (requirement.operator(), requirement.values()) {
        (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => {
            bit(key, None) | bit(key, Some(value))
        }
        (Operator::In | Operator::Exists | Operator::GreaterThan | Operator::LessThan, _) => bit(key, None),
        _ => 0,
    }
}

fn bit(key: &str, value: Option<&str>) -> u64 {
    let hash = Fnv1a::default().with(key.as_bytes());
    let hash = value.map_or(hash, |value| hash.with(b"=").with(value.as_bytes()));
    // The highest bits are the best mixed.
    1 << (hash.value() >> 58)
}
