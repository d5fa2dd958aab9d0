//! The two bands of an allocation range (KEP-3070, KEP-3668): the lower one is left to users who ask for a certain
//! address or port, the upper one is for those who take any. It is arithmetic only.

use std::ops::Range;

/// Offsets of a range, cut into the band for static and the band for dynamic use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// How many offsets there are in all.
    pub size: u128,
    /// The first offset of the dynamic band.
    pub dynamic_from: u128,
}

/// How the lower band grows with the range.
#[derive(Clone, Copy, Debug)]
struct Reserve {
    least: u128,
    most: u128,
    step: u128,
}

const ADDRESSES: Reserve = Reserve {
    least: 16,
    most: 256,
    step: 16,
};
const PORTS: Reserve = Reserve {
    least: 16,
    most: 128,
    step: 32,
};

impl Bands {
    /// Of a Service address range with `size` usable addresses.
    pub fn of_addresses(size: u128) -> Self {
        Self::cut(size, ADDRESSES)
    }

    /// Of a node port range with `size` ports.
    pub fn of_ports(size: u128) -> Self {
        Self::cut(size, PORTS)
    }

    /// The whole range as two stretches to search, dynamic band first, each from a random start on and around.
    /// `random` is any number.
    pub fn search_order(self, random: u128) -> impl Iterator<Item = u128> {
        rotated(self.dynamic_from..self.size, random).chain(rotated(0..self.dynamic_from, random))
    }

    fn cut(size: u128, reserve: Reserve) -> Self {
        let lower = (size / reserve.step).clamp(reserve.least, reserve.most);
        // A range that is not larger than the least reserve has no lower band.
        Self {
            size,
            dynamic_from: if size <= reserve.least { 0 } else { lower },
        }
    }
}

fn rotated(band: Range<u128>, random: u128) -> impl Iterator<Item = u128> {
    let length = band.end - band.start;
    let shift = if length == 0 { 0 } else { random % length };
    (0..length).map(move |at| band.start + (at + shift) % length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_band_follows_the_reference_sizes() {
        assert_eq!(Bands::of_addresses(65_534).dynamic_from, 256);
        assert_eq!(Bands::of_addresses(254).dynamic_from, 16);
        assert_eq!(Bands::of_addresses(14).dynamic_from, 0);
        assert_eq!(Bands::of_ports(2_768).dynamic_from, 86);
    }

    #[test]
    fn search_visits_each_offset_once_and_the_upper_band_first() {
        let bands = Bands::of_ports(100);
        let order: Vec<_> = bands.search_order(77).collect();
        assert!(order[..84].iter().all(|offset| *offset >= bands.dynamic_from));
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
