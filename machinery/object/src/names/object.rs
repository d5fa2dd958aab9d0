//! The format of objects' names: one of a few, chosen by kind.

use std::borrow::Cow;

use super::{Problems, dns_1035_label, dns_label, dns_subdomain, path_segment, path_segment_prefix};

/// How the objects of a kind are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFormat {
    /// Most kinds.
    DnsSubdomain,
    /// Namespaces, services, ...
    DnsLabel,
    /// A label that begins with a letter.
    Dns1035Label,
    /// Whatever can stand in a URL: RBAC, ...
    PathSegment,
}

impl NameFormat {
    /// What is wrong with a name.
    pub fn name(self, name: &str) -> Problems {
        match self {
            Self::PathSegment => path_segment(name),
            _ => self.dns(name),
        }
    }

    /// What is wrong with the beginning of a name to generate. A dash at its end is allowed.
    pub fn prefix(self, prefix: &str) -> Problems {
        match self {
            Self::PathSegment => path_segment_prefix(prefix),
            _ => self.dns(&mask_trailing_dash(prefix)),
        }
    }

    /// Either of the two, as [`crate::meta_validation::Rules`] want it.
    pub fn check(self, name: &str, prefix: bool) -> Problems {
        if prefix {
            self.prefix(name)
        } else {
            self.name(name)
        }
    }

    fn dns(self, name: &str) -> Problems {
        match self {
            Self::DnsSubdomain => dns_subdomain(name),
            Self::DnsLabel => dns_label(name),
            Self::Dns1035Label => dns_1035_label(name),
            Self::PathSegment => Problems::new(),
        }
    }
}

/// The reference drops a final dash and what stands before it, and puts a letter there.
fn mask_trailing_dash(prefix: &str) -> Cow<'_, str> {
    match prefix
        .strip_suffix('-')
        .and_then(|rest| rest.get(..rest.len().checked_sub(1)?))
    {
        Some(rest) => Cow::Owned(format!("{rest}a")),
        None => Cow::Borrowed(prefix),
    }
}
