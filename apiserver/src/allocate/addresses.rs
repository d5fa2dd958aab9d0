//! The usable addresses of a Service range: all but the network's own and, for IPv4, its broadcast address.
//! It does not know which are taken: an `IPAddress` object stands for each.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bands::Bands;

/// IPv6 ranges are used up to this many addresses, as the reference does.
const IPV6_ADDRESSES_MAX: u128 = 1 << 63;

/// A range of a ServiceCIDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    net: IpNet,
}

impl AddressRange {
    /// Of a CIDR.
    pub fn new(net: IpNet) -> Self {
        Self { net: net.trunc() }
    }

    /// The first usable address: that of the `kubernetes` Service.
    pub fn first(&self) -> IpAddr {
        self.nth(0)
    }

    /// Whether the address may be given to a Service.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.offset(address).is_some_and(|offset| offset < self.size())
    }

    /// Whether it is an IPv4 range.
    pub fn is_ipv4(&self) -> bool {
        matches!(self.net, IpNet::V4(_))
    }

    /// The CIDR.
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// How many addresses can be used.
    pub fn size(&self) -> u128 {
        let bits = self.net.max_prefix_len() - self.net.prefix_len();
        let all = 1u128.checked_shl(u32::from(bits)).unwrap_or(u128::MAX);
        match self.net {
            IpNet::V4(_) => all.saturating_sub(2),
            IpNet::V6(_) => all.min(IPV6_ADDRESSES_MAX).saturating_sub(1),
        }
    }

    /// Addresses to try for a Service that takes any, best first, each once. `random` is any number.
    pub fn candidates(&self, random: u128) -> impl Iterator<Item = IpAddr> + '_ {
        Bands::of_addresses(self.size())
            .search_order(random)
            .map(|offset| self.nth(offset))
    }

    fn nth(&self, offset: u128) -> IpAddr {
        match self.net {
            IpNet::V4(net) => Ipv4Addr::from(u32::from(net.network()).wrapping_add(offset as u32 + 1)).into(),
            IpNet::V6(net) => Ipv6Addr::from(u128::from(net.network()).wrapping_add(offset + 1)).into(),
        }
    }

    fn offset(&self, address: IpAddr) -> Option<u128> {
        match (self.net, address) {
            (IpNet::V4(net), IpAddr::V4(address)) if net.contains(&address) => {
                u128::from(u32::from(address) - u32::from(net.network())).checked_sub(1)
            }
            (IpNet::V6(net), IpAddr::V6(address)) if net.contains(&address) => {
                (u128::from(address) - u128::from(net.network())).checked_sub(1)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        AddressRange::new(text.parse().expect("a CIDR"))
    }

    #[test]
    fn network_and_broadcast_addresses_are_not_given() {
        let range = range("10.0.0.0/29");
        let all: Vec<_> = range.candidates(3).collect();
        assert_eq!(all.len(), 6);
        assert!(
            !range.contains("10.0.0.0".parse().expect("an address"))
                && !range.contains("10.0.0.7".parse().expect("an address"))
        );
        assert!(all.iter().all(|address| range.contains(*address)));
        assert_eq!(range.first(), "10.0.0.1".parse::<IpAddr>().expect("an address"));
    }

    #[test]
    fn dynamic_candidates_leave_the_lower_band_for_last() {
        let range = range("10.96.0.0/16");
        let first = range.candidates(0).next().expect("not full");
        assert_eq!(first, "10.96.1.1".parse::<IpAddr>().expect("an address"));
    }

    #[test]
    fn ipv6_ranges_are_bounded() {
        assert_eq!(range("fd00::/8").size(), (1 << 63) - 1);
        assert!(range("fd00::/108").contains("fd00::5".parse().expect("an address")));
    }
}
