//! IP addresses and blocks of them. IPv4 addresses within IPv6 and zones are refused.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::ToSmolStr;

use super::no_overload;
use crate::function::Declared;
use crate::value::{Error, Kept, Outcome, Value};

pub const ALL: &[Declared] = &[
    ("ip", &["(string) ip", "cidr.() ip"], |args| match args {
        [Value::String(text)] => address(text).map(kept),
        [Value::Kept(Kept::Cidr(block))] => Ok(kept(block.addr())),
        _ => no_overload("ip", args),
    }),
    ("isIP", &["(string) bool"], |args| match args {
        [Value::String(text)] => Ok(Value::Bool(address(text).is_ok())),
        _ => no_overload("isIP", args),
    }),
    ("ip.isCanonical", &["(string) bool"], |args| match args {
        [Value::String(text)] => address(text).map(|address| Value::Bool(address.to_smolstr() == *text)),
        _ => no_overload("ip.isCanonical", args),
    }),
    ("family", &["ip.() int"], |args| match args {
        [Value::Kept(Kept::Ip(address))] => Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 })),
        _ => no_overload("family", args),
    }),
    ("isUnspecified", &["ip.() bool"], |args| {
        test("isUnspecified", args, IpAddr::is_unspecified)
    }),
    ("isLoopback", &["ip.() bool"], |args| {
        test("isLoopback", args, IpAddr::is_loopback)
    }),
    ("isLinkLocalMulticast", &["ip.() bool"], |args| {
        test("isLinkLocalMulticast", args, is_link_local_multicast)
    }),
    ("isLinkLocalUnicast", &["ip.() bool"], |args| {
        test("isLinkLocalUnicast", args, is_link_local)
    }),
    ("isGlobalUnicast", &["ip.() bool"], |args| {
        test("isGlobalUnicast", args, is_global)
    }),
    ("cidr", &["(string) cidr"], |args| match args {
        [Value::String(text)] => block(text).map(|block| Value::Kept(Kept::Cidr(block))),
        _ => no_overload("cidr", args),
    }),
    ("isCIDR", &["(string) bool"], |args| match args {
        [Value::String(text)] => Ok(Value::Bool(block(text).is_ok())),
        _ => no_overload("isCIDR", args),
    }),
    (
        "containsIP",
        &["cidr.(ip) bool", "cidr.(string) bool"],
        |args| match args {
            [Value::Kept(Kept::Cidr(block)), Value::Kept(Kept::Ip(inner))] => {
                Ok(Value::Bool(block.contains(inner)))
            }
            [Value::Kept(Kept::Cidr(block)), Value::String(text)] => {
                Ok(Value::Bool(block.contains(&address(text)?)))
            }
            _ => no_overload("containsIP", args),
        },
    ),
    (
        "containsCIDR",
        &["cidr.(cidr) bool", "cidr.(string) bool"],
        |args| match args {
            [Value::Kept(Kept::Cidr(outer)), Value::Kept(Kept::Cidr(inner))] => {
                Ok(Value::Bool(contains(outer, inner)))
            }
            [Value::Kept(Kept::Cidr(outer)), Value::String(text)] => {
                Ok(Value::Bool(contains(outer, &block(text)?)))
            }
            _ => no_overload("containsCIDR", args),
        },
    ),
    ("masked", &["cidr.() cidr"], |args| match args {
        [Value::Kept(Kept::Cidr(block))] => Ok(Value::Kept(Kept::Cidr(block.trunc()))),
        _ => no_overload("masked", args),
    }),
    ("prefixLength", &["cidr.() int"], |args| match args {
        [Value::Kept(Kept::Cidr(block))] => Ok(Value::Int(block.prefix_len().into())),
        _ => no_overload("prefixLength", args),
    }),
];

fn kept<'a>(address: IpAddr) -> Value<'a> {
    Value::Kept(Kept::Ip(address))
}

fn address(text: &str) -> Result<IpAddr, Error> {
    if text.contains('%') {
        return Err(Error::failed(format!(
            "IP address {text:?} with zone value is not allowed"
        )));
    }
    let parsed = text.parse::<IpAddr>();
    let address = parsed.map_err(|_| {
        Error::failed(format!(
            "IP Address {text:?} parse error during conversion from string: unable to parse IP"
        ))
    })?;
    match address {
        IpAddr::V6(inner) if inner.to_ipv4_mapped().is_some() => Err(Error::failed(format!(
            "IPv4-mapped IPv6 address {text:?} is not allowed"
        ))),
        address => Ok(address),
    }
}

fn block(text: &str) -> Result<IpNet, Error> {
    let wrong = || {
        Error::failed(format!(
            "network address parse error during conversion from string: {text:?}"
        ))
    };
    let (inner, length) = text.split_once('/').ok_or_else(wrong)?;
    if (length.starts_with('0') && length.len() > 1) || length.starts_with('+') {
        return Err(wrong());
    }
    let length = length.parse().map_err(|_| wrong())?;
    IpNet::new(address(inner)?, length).map_err(|_| wrong())
}

fn contains(outer: &IpNet, inner: &IpNet) -> bool {
    outer.addr().is_ipv4() == inner.addr().is_ipv4()
        && outer.prefix_len() <= inner.prefix_len()
        && outer.contains(&inner.addr())
}

fn test<'a>(name: &str, args: &[Value<'a>], holds: fn(&IpAddr) -> bool) -> Outcome<'a> {
    match args {
        [Value::Kept(Kept::Ip(address))] => Ok(Value::Bool(holds(address))),
        _ => no_overload(name, args),
    }
}

fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_link_local_multicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    }
}

fn is_global(address: &IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !is_broadcast
        && !address.is_unspecified()
        && !address.is_loopback()
        && !address.is_multicast()
        && !is_link_local(address)
}
