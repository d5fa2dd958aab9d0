//! Shard selectors (KEP-5866): `shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')`, several joined by
//! `||`. They select by the hash of a field, so that clients share a collection among them. Whether they are asked for at all
//! is a feature gate, of which nothing is known here.

mod prefix;
mod syntax;

use std::fmt;

use super::ParseError;
use crate::fnv::Fnv1a;
use crate::limits::SELECTOR_BYTES_MAX;
pub use prefix::Prefix;
use syntax::Expression;

/// Which objects are meant, by ranges of a hash. An object is meant when it is in one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    field: Field,
    /// As written, for those who ask which shard this is.
    ranges: Box<[Range]>,
    /// The same without overlaps, lowest first.
    merged: Box<[Range]>,
}

/// What is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `object.metadata.uid`
    Uid,
    /// `object.metadata.namespace`
    Namespace,
}

/// Hashes from a first to a last one, both included: the end that is written may be 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    first: u64,
    last: u64,
}

/// The hashes of the fields of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    uid: u64,
    namespace: u64,
}

/// 64-bit FNV-1a: the same on all servers and in clients.
pub fn hash(text: &str) -> u64 {
    Fnv1a::default().with(text.as_bytes()).value()
}

impl Hashes {
    /// Of an object; what it does not have is empty.
    pub fn of(uid: &str, namespace: &str) -> Self {
        Self {
            uid: hash(uid),
            namespace: hash(namespace),
        }
    }

    fn of_field(&self, field: Field) -> u64 {
        match field {
            Field::Uid => self.uid,
            Field::Namespace => self.namespace,
        }
    }
}

impl Selector {
    /// Parses the query form.
    ///
    /// # Errors
    /// Anything but calls of `shardRange` joined by `||`, other fields than those of [`Field`], or more than one of them, bounds
    /// that are not `0x` and 16 lower-case digits (or 2^64), empty ranges, and text over [`SELECTOR_BYTES_MAX`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > SELECTOR_BYTES_MAX {
            return Err(ParseError(format!(
                "selector is longer than {SELECTOR_BYTES_MAX} bytes"
            )));
        }
        if text.trim().is_empty() {
            return refuse("empty shard selector is not allowed; omit the parameter for unfiltered lists");
        }
        let shards = syntax::parse(text)?
            .iter()
            .map(shard)
            .collect::<Result<Vec<_>, _>>()?;
        let field = shards.first().map_or(Field::Uid, |(field, _)| *field);
        if let Some((other, _)) = shards.iter().find(|(other, _)| *other != field) {
            return refuse(format!(
                "all shard ranges must use the same field, got {:?} and {:?}",
                field.path(),
                other.path()
            ));
        }
        let ranges: Box<[Range]> = shards.into_iter().map(|(_, range)| range).collect();
        Ok(Self {
            field,
            merged: merge(ranges.to_vec()).into_boxed_slice(),
            ranges,
        })
    }

    /// Whether an object with these hashes is meant.
    #[inline]
    pub fn matches(&self, hashes: &Hashes) -> bool {
        let hash = hashes.of_field(self.field);
        let after = self.merged.partition_point(|range| range.first <= hash);
        after > 0 && hash <= self.merged[after - 1].last
    }

    /// What is hashed.
    pub fn field(&self) -> Field {
        self.field
    }

    /// The smallest part of all hashes that has those that are meant; none if that is all of them.
    pub fn prefix(&self) -> Option<Prefix> {
        let (first, last) = (self.merged.first()?.first, self.merged.last()?.last);
        Prefix::of_both(self.field, first, last)
    }
}

impl Field {
    const ALL: [Self; 2] = [Self::Uid, Self::Namespace];

    /// As a selector names it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Uid => "object.metadata.uid",
            Self::Namespace => "object.metadata.namespace",
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in self.ranges.iter().enumerate() {
            if at > 0 {
                f.write_str(" || ")?;
            }
            let (path, first) = (self.field.path(), range.first);
            let end = u128::from(range.last) + 1;
            write!(f, "shardRange({path}, '0x{first:016x}', '0x{end:016x}')")?;
        }
        Ok(())
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError(why.into()))
}

/// What a call of `shardRange` selects.
fn shard(arguments: &Vec<Expression>) -> Result<(Field, Range), ParseError> {
    let [path, start, end] = arguments.as_slice() else {
        return refuse(format!(
            "shardRange() requires exactly 3 arguments, got {}",
            arguments.len()
        ));
    };
    let field = field(path)?;
    let (start, end) = (bound(start, "hexStart")?, bound(end, "hexEnd")?);
    if start >= end {
        return refuse(format!(
            "shard range start 0x{start:016x} must be less than end 0x{end:016x}"
        ));
    }
    // The start is below an end of at most 2^64.
    let range = Range {
        first: u64::try_from(start).unwrap_or(u64::MAX),
        last: u64::try_from(end - 1).unwrap_or(u64::MAX),
    };
    Ok((field, range))
}

fn field(argument: &Expression) -> Result<Field, ParseError> {
    let Expression::Path(path) = argument else {
        return refuse(format!(
            "shardRange() first argument: expected field path (e.g. object.metadata.uid), got expression kind {}",
            argument.kind()
        ));
    };
    let found = Field::ALL.into_iter().find(|field| field.path() == path);
    found.ok_or_else(|| {
        ParseError(format!(
            "unsupported field path {path:?}; supported: object.metadata.uid, object.metadata.namespace"
        ))
    })
}

/// A bound, up to 2^64.
fn bound(argument: &Expression, name: &str) -> Result<u128, ParseError> {
    const DIGITS: usize = 16;
    let text = match argument {
        Expression::Text(text) => text,
        Expression::Number => return refuse(format!("{name} must be a string literal, got int64")),
        other => {
            return refuse(format!(
                "{name} must be a string literal (e.g. '0xff'), got expression kind {}",
                other.kind()
            ));
        }
    };
    let Some(hex) = text.strip_prefix("0x") else {
        return refuse(format!("{name} must have '0x' prefix, got {text:?}"));
    };
    if hex.is_empty() {
        return refuse(format!("{name}: hex value is required after '0x'"));
    }
    if hex.len() > DIGITS + 1 {
        return refuse(format!(
            "{name}: hex value too long ({} chars, max {}): {hex:?}",
            hex.len(),
            DIGITS + 1
        ));
    }
    let wrong = hex.chars().find(|digit| !matches!(digit, '0'..='9' | 'a'..='f'));
    if let Some(wrong) = wrong {
        return refuse(format!(
            "{name}: invalid hex character {:?} in {text:?}",
            wrong.to_string()
        ));
    }
    let value = u128::from_str_radix(hex, 16).map_err(|error| ParseError(error.to_string()))?;
    match hex.len() {
        DIGITS => Ok(value),
        // 17 digits.
        length if length > DIGITS && value == 1 << 64 => Ok(value),
        length if length > DIGITS => refuse(format!(
            "{name}: 17-digit hex value must be '0x10000000000000000' (2^64), got {text:?}"
        )),
        _ => refuse(format!(
            "{name} must be a 0x-prefixed 16-digit hex value, got {text:?} (did you mean {:?}?)",
            format!("0x{hex:0>16}")
        )),
    }
}

/// The same hashes in ranges that are apart and in order.
fn merge(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = next.first <= kept.last.saturating_add(1);
        if touches {
            kept.last = kept.last.max(next.last);
        }
        touches
    });
    ranges
}

#[cfg(test)]
mod tests;
