//! Values that libraries keep in a form of their own.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use regex::Regex;
use schema::quantity::Quantity;

use crate::authorizer::{Decision, Permit};
use crate::library::{NamedFormat, Url};

/// What a library keeps.
#[derive(Clone, Debug)]
pub enum Kept {
    /// An amount.
    Quantity(Quantity),
    /// An address.
    Ip(IpAddr),
    /// A block of addresses, with the address that it was written with.
    Cidr(IpNet),
    /// A URL.
    Url(Arc<Url>),
    /// A semantic version.
    Semver(Arc<semver::Version>),
    /// A format of names.
    Format(&'static NamedFormat),
    /// A regular expression that was compiled before it is used.
    Regex(Arc<Regex>),
    /// A question about rights that is being put together.
    Permit(Arc<Permit>),
    /// The answer to one.
    Decision(Arc<Decision>),
}

impl Kept {
    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Url(_) => "kubernetes.URL",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Regex(_) => "string",
            Self::Permit(permit) => permit.type_name(),
            Self::Decision(_) => "kubernetes.authorization.Decision",
        }
    }

    /// What `size()` tells where it counts for costs: bytes of addresses, and of patterns their characters.
    pub fn size(&self) -> Option<usize> {
        let bytes = |address: IpAddr| if address.is_ipv4() { 4 } else { 16 };
        match self {
            Self::Ip(address) => Some(bytes(*address)),
            Self::Cidr(block) => Some(usize::from(block.prefix_len()).div_ceil(8)),
            Self::Regex(regex) => Some(regex.as_str().chars().count()),
            _ => None,
        }
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantity(left), Self::Quantity(right)) => left == right,
            (Self::Ip(left), Self::Ip(right)) => left == right,
            (Self::Cidr(left), Self::Cidr(right)) => left == right,
            (Self::Url(left), Self::Url(right)) => left == right,
            (Self::Semver(left), Self::Semver(right)) => left.cmp_precedence(right).is_eq(),
            (Self::Format(left), Self::Format(right)) => left.name == right.name,
            (Self::Decision(left), Self::Decision(right)) => left == right,
            _ => false,
        }
    }
}
