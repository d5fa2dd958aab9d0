//! A size or a cost: at least and at most. Sums and products that are too large stay the largest number.

use std::ops::{Add, Mul};

/// At least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// At least.
    pub min: u64,
    /// At most.
    pub max: u64,
}

impl Range {
    /// Nothing.
    pub const ZERO: Self = Self::fixed(0);
    /// Anything.
    pub const UNKNOWN: Self = Self {
        min: 0,
        max: u64::MAX,
    };

    /// So much.
    pub const fn fixed(number: u64) -> Self {
        Self {
            min: number,
            max: number,
        }
    }

    /// As little as either, as much as either.
    pub fn union(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// So many times, rounded up.
    pub fn scaled(self, factor: f64) -> Self {
        // A cost that does not fit becomes the largest by the conversion.
        let times = |number: u64| (number as f64 * factor).ceil() as u64;
        Self {
            min: times(self.min),
            max: times(self.max),
        }
    }
}

impl Add for Range {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_add(other.min),
            max: self.max.saturating_add(other.max),
        }
    }
}

impl Mul for Range {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_mul(other.min),
            max: self.max.saturating_mul(other.max),
        }
    }
}
