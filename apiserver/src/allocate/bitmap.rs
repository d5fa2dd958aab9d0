//! The bitmap of a `RangeAllocation`, in the form that kube-apiserver stores: a big integer, most significant byte first,
//! no leading zero bytes; bit i stands for the i-th member of the range. It does not know what the members are.

/// A set of offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    /// Least significant byte first.
    bytes: Vec<u8>,
}

impl Bitmap {
    /// From the stored form.
    pub fn from_stored(stored: &[u8]) -> Self {
        Self {
            bytes: stored.iter().rev().copied().collect(),
        }
    }

    /// The stored form.
    pub fn to_stored(&self) -> Vec<u8> {
        self.bytes
            .iter()
            .rev()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect()
    }

    /// Whether the offset is in the set.
    pub fn contains(&self, offset: usize) -> bool {
        self.bytes
            .get(offset / 8)
            .is_some_and(|byte| byte & (1 << (offset % 8)) != 0)
    }

    /// Adds an offset; false if it was there.
    pub fn insert(&mut self, offset: usize) -> bool {
        if self.contains(offset) {
            return false;
        }
        if self.bytes.len() <= offset / 8 {
            self.bytes.resize(offset / 8 + 1, 0);
        }
        self.bytes[offset / 8] |= 1 << (offset % 8);
        true
    }

    /// Takes an offset out; false if it was not there.
    pub fn remove(&mut self, offset: usize) -> bool {
        let present = self.contains(offset);
        if present {
            self.bytes[offset / 8] &= !(1 << (offset % 8));
        }
        present
    }

    /// How many offsets are in the set.
    pub fn len(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The offsets below `limit`, in order.
    pub fn iter(&self, limit: usize) -> impl Iterator<Item = usize> + '_ {
        (0..limit.min(self.bytes.len() * 8)).filter(|offset| self.contains(*offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_is_a_big_endian_integer_without_leading_zeros() {
        let mut set = Bitmap::default();
        assert!(set.to_stored().is_empty());
        assert!(set.insert(9) && set.insert(0) && !set.insert(9));
        assert_eq!(set.to_stored(), [0b10, 0b1]);
        assert_eq!(
            Bitmap::from_stored(&set.to_stored())
                .iter(100)
                .collect::<Vec<_>>(),
            [0, 9]
        );
        assert!(set.remove(9) && !set.remove(9));
        assert_eq!(set.to_stored(), [0b1]);
    }
}
