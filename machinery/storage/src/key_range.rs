//! The span of keys that a request names, with etcd's meaning of its end.
//! It compares keys; it does not know what they name.

use bytes::Bytes;
use std::ops::Bound;

/// Keys in `[start, end)`. An empty `end` is the one key `start`, an `end` of one zero byte is all keys from `start` on
/// (etcd API, `RangeRequest.range_end`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// First key.
    pub start: Bytes,
    /// First key after it, or one of the two special forms.
    pub end: Bytes,
}

/// Where a walk over keys begins and ends.
pub type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

impl KeyRange {
    /// The range of a request's two fields.
    pub fn new(start: Bytes, end: Bytes) -> Self {
        Self { start, end }
    }

    /// Whether it is a single key.
    pub fn is_single(&self) -> bool {
        self.end.is_empty()
    }

    /// Whether the key is in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        match self.end.as_ref() {
            b"" => key == self.start,
            b"\0" => key >= self.start.as_ref(),
            end => key >= self.start.as_ref() && key < end,
        }
    }

    /// Bounds for a map, beginning after `after` where given; `None` when nothing is left.
    pub fn bounds<'a>(&'a self, after: Option<&'a [u8]>) -> Option<Bounds<'a>> {
        let low = match after {
            Some(key) => Bound::Excluded(key),
            None => Bound::Included(self.start.as_ref()),
        };
        let first = after.unwrap_or(&self.start);
        let high = match self.end.as_ref() {
            b"" if after.is_some() => return None,
            b"" => Bound::Included(self.start.as_ref()),
            b"\0" => Bound::Unbounded,
            end if end <= first => return None,
            end => Bound::Excluded(end),
        };
        Some((low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: &'static [u8], end: &'static [u8]) -> KeyRange {
        KeyRange::new(Bytes::from_static(start), Bytes::from_static(end))
    }

    #[test]
    fn an_empty_end_is_one_key() {
        assert!(range(b"a", b"").contains(b"a"));
        assert!(!range(b"a", b"").contains(b"a0"));
    }

    #[test]
    fn a_zero_end_is_all_keys_from_the_start() {
        assert!(range(b"a", b"\0").contains(b"\xff"));
        assert!(!range(b"b", b"\0").contains(b"a"));
    }

    #[test]
    fn a_reversed_range_is_empty() {
        assert!(range(b"b", b"a").bounds(None).is_none());
        assert!(!range(b"b", b"a").contains(b"b"));
    }
}
