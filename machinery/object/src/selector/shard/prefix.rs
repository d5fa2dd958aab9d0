//! Parts of the range of hashes that have the same leading bits: what an index can find objects by. Which of them an index keeps is
//! not known here.

use super::{Field, Hashes};

/// The hashes of a field that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    field: Field,
    /// How many: 1 to [`Prefix::BITS_MAX`].
    bits: u8,
    /// They themselves, the last one lowest.
    value: u8,
}

/// Two hexadecimal digits for each byte.
const DIGITS: &str = {
    const BYTES: [u8; 512] = digits();
    match std::str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => "",
    }
};

const fn digits() -> [u8; 512] {
    let (hex, mut bytes, mut at) = (b"0123456789abcdef", [0; 512], 0);
    while at < 256 {
        bytes[2 * at] = hex[at >> 4];
        bytes[2 * at + 1] = hex[at & 15];
        at += 1;
    }
    bytes
}

impl Prefix {
    /// The most bits that a prefix has: a 256th of all hashes.
    pub const BITS_MAX: u8 = 8;
    /// How many prefixes each object has.
    pub const PER_OBJECT: usize = Field::ALL.len() * Self::BITS_MAX as usize;

    /// The longest prefix of two hashes; none if they begin differently.
    pub(super) fn of_both(field: Field, first: u64, last: u64) -> Option<Self> {
        let same = (first ^ last).leading_zeros();
        let bits = u8::try_from(same).unwrap_or(u8::MAX).min(Self::BITS_MAX);
        (bits > 0).then(|| Self::of_hash(field, first, bits))
    }

    fn of_hash(field: Field, hash: u64, bits: u8) -> Self {
        Self {
            field,
            bits,
            value: (hash >> (u64::BITS - u32::from(bits))) as u8,
        }
    }

    /// All prefixes of an object, always in the same order of fields and lengths.
    pub fn of_object(hashes: &Hashes) -> impl Iterator<Item = Self> + use<> {
        let hashes = *hashes;
        Field::ALL.into_iter().flat_map(move |field| {
            let of = move |bits| Self::of_hash(field, hashes.of_field(field), bits);
            (1..=Self::BITS_MAX).map(of)
        })
    }

    /// A number for the field and the length, below [`Prefix::PER_OBJECT`].
    pub fn kind(&self) -> u16 {
        let field = match self.field {
            Field::Uid => 0,
            Field::Namespace => 1,
        };
        field * u16::from(Self::BITS_MAX) + u16::from(self.bits) - 1
    }

    /// The bits, as text that differs for all prefixes of one [`Prefix::kind`].
    pub fn text(&self) -> &'static str {
        let at = 2 * usize::from(self.value);
        &DIGITS[at..at + 2]
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Selector, hash};
    use super::*;

    fn parsed(ranges: &[(u64, u128)]) -> Selector {
        let range = |(first, end): &(u64, u128)| {
            format!("shardRange(object.metadata.uid, '0x{first:016x}', '0x{end:016x}')")
        };
        let text: Vec<String> = ranges.iter().map(range).collect();
        Selector::parse(&text.join(" || ")).expect("a selector")
    }

    #[test]
    fn a_selector_has_the_longest_prefix_of_its_ranges() {
        let text =
            |ranges: &[(u64, u128)]| parsed(ranges).prefix().map(|prefix| (prefix.bits, prefix.text()));
        assert_eq!(text(&[(0, 1 << 64)]), None);
        assert_eq!(text(&[(0, 1 << 63)]), Some((1, "00")));
        assert_eq!(text(&[(1 << 63, 1 << 64)]), Some((1, "01")));
        assert_eq!(text(&[(3 << 62, 1 << 64)]), Some((2, "03")));
        assert_eq!(text(&[(0xab << 56, 0xac << 56)]), Some((8, "ab")));
        assert_eq!(text(&[(0xab << 56, (0xab << 56) + 1)]), Some((8, "ab")));
        assert_eq!(text(&[(0, 1), ((1 << 62) - 1, 1 << 62)]), Some((2, "00")));
        assert_eq!(text(&[((1 << 63) - 1, (1 << 63) + 1)]), None);
    }

    /// What a selector means is in the bucket that its prefix names.
    #[test]
    fn what_is_meant_has_the_prefix() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            hash(&state.to_string())
        };
        let mut found = 0;
        for _ in 0..2_000 {
            let (first, size) = (next(), next() >> (next() % 12));
            let end = (u128::from(first) + u128::from(size) + 1).min(1 << 64);
            let selector = parsed(&[(first, end)]);
            let hashes = Hashes {
                uid: next(),
                namespace: next(),
            };
            let Some(prefix) = selector.prefix().filter(|_| selector.matches(&hashes)) else {
                continue;
            };
            assert!(
                Prefix::of_object(&hashes).any(|one| one == prefix),
                "{selector} {hashes:?}"
            );
            found += 1;
        }
        assert!(found > 20, "{found}");
    }

    #[test]
    fn kinds_of_prefixes_are_numbered() {
        let kinds: Vec<u16> = Prefix::of_object(&Hashes::of("a", "b"))
            .map(|prefix| prefix.kind())
            .collect();
        assert_eq!(kinds, (0..Prefix::PER_OBJECT as u16).collect::<Vec<_>>());
    }
}
