//! IP addresses and ranges, as fields hold them, and the kinds that are nothing but addresses: IPAddress, ServiceCIDR.
//! Which addresses are free is for the allocators.

use std::net::IpAddr;

use ipnet::IpNet;
use object::field::{Path, Printed};
use object::meta_validation::IMMUTABLE;
use schema::{Value, json};

use super::place::Place;
use crate::strategy::Errors;

pub(super) const NOT_AN_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
pub(super) const NOT_A_CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// An address, in the forms that older fields take: zeros may lead.
pub fn parse(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse().ok();
    }
    let octets: Vec<u8> = text.split('.').map_while(octet).collect();
    let octets: [u8; 4] = octets.try_into().ok()?;
    (text.split('.').count() == 4).then(|| IpAddr::from(octets))
}

fn octet(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let significant = text.trim_start_matches('0');
    match (digits, significant) {
        (true, "") => Some(0),
        (true, digits) => digits.parse().ok(),
        _ => None,
    }
}

/// A range, in the forms that older fields take: bits beyond the prefix may be set.
pub fn parse_range(text: &str) -> Option<IpNet> {
    let (ip, bits) = text.split_once('/')?;
    if bits.len() > 1 && bits.starts_with('0') || bits.starts_with('+') {
        return None;
    }
    IpNet::new(parse(ip)?, bits.parse().ok()?).ok()
}

/// Requires an address, as older fields do.
pub fn ip(place: &Place<'_>, errors: &mut Errors) {
    if parse(place.text()).is_none() {
        errors.push(place.invalid_text(NOT_AN_IP));
    }
}

/// Requires a range, as older fields do.
pub fn range(place: &Place<'_>, text: &str, errors: &mut Errors) {
    if parse_range(text).is_none() {
        errors.push(place.invalid_as(text, NOT_A_CIDR));
    }
}

/// Requires an address that is written as addresses are today.
pub fn strict_ip(place: &Place<'_>, errors: &mut Errors) -> Option<IpAddr> {
    let Some(ip) = parse(place.text()) else {
        errors.push(place.invalid_text(NOT_AN_IP));
        return None;
    };
    if place.text().parse::<IpAddr>().is_err() {
        errors.push(place.invalid_text("must not have leading 0s"));
    }
    if is_mapped(&ip) {
        errors.push(place.invalid_text("must not be an IPv4-mapped IPv6 address"));
    }
    Some(ip)
}

fn is_mapped(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

/// Requires a range that is written as ranges are today.
pub fn strict_range(place: &Place<'_>, errors: &mut Errors) {
    let text = place.text();
    let Some(net) = parse_range(text) else {
        errors.push(place.invalid_text(NOT_A_CIDR));
        return;
    };
    if text.parse::<IpNet>().is_err() {
        errors.push(place.invalid_text("must not have leading 0s in IP"));
    }
    if is_mapped(&net.addr()) {
        errors.push(place.invalid_text("must not have an IPv4-mapped IPv6 address"));
    }
    if net.addr() != net.network() {
        errors.push(place.invalid_text("must not have bits set beyond the prefix length"));
    }
}

/// Requires an address that a machine elsewhere can have.
pub fn reachable(place: &Place<'_>, ip: IpAddr, errors: &mut Errors) {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let link_multicast = match ip {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
    };
    if ip.is_unspecified() {
        let detail = format!("may not be unspecified ({})", place.text());
        errors.push(place.invalid_text(detail));
    }
    if ip.is_loopback() {
        errors.push(place.invalid_text("may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
    if link_local {
        errors.push(place.invalid_text("may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
    }
    if link_multicast {
        errors.push(
            place.invalid_text("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        );
    }
}

/// An IPAddress says what it belongs to.
pub fn ip_address(object: &Value, errors: &mut Errors) {
    let parent = Place::root(object, "spec").field("parentRef");
    if !parent.is_set() {
        errors.push(parent.required(""));
        return;
    }
    if !parent.field("group").is_empty() {
        parent.field("group").format(object::names::dns_subdomain, errors);
    }
    for field in ["resource", "name"] {
        if parent.field(field).require(errors) {
            parent.field(field).format(object::names::path_segment, errors);
        }
    }
    if !parent.field("namespace").is_empty() {
        parent
            .field("namespace")
            .format(object::names::path_segment, errors);
    }
}

/// What an IPAddress belongs to does not change.
pub fn ip_address_update(object: &Value, old: &Value, errors: &mut Errors) {
    let of = |object| Place::root(object, "spec").field("parentRef");
    of(object).immutable(&of(old), errors);
}

/// A ServiceCIDR has a range, or one of each family.
pub fn service_cidr(object: &Value, errors: &mut Errors) {
    let cidrs = Place::root(object, "spec").field("cidrs");
    let count = cidrs.list().len();
    if count == 0 {
        errors.push(cidrs.required("at least one CIDR required"));
        return;
    }
    if count > 2 {
        let shown = format!("{{\"CIDRs\":{}}}", json::to_string(cidrs.value()));
        errors.push(cidrs.invalid_as(Printed::raw(shown), "may only hold up to 2 values"));
        return;
    }
    let families: Vec<_> = cidrs
        .texts()
        .into_iter()
        .filter_map(parse_range)
        .map(|net| net.addr().is_ipv4())
        .collect();
    if families.len() == 2 && families[0] == families[1] {
        let detail =
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.push(cidrs.invalid(detail));
    }
    cidrs.items().for_each(|cidr| strict_range(&cidr, errors));
}

/// A ServiceCIDR may gain a second range and nothing else.
pub fn service_cidr_update(object: &Value, old: &Value, errors: &mut Errors) {
    let of = |object| Place::root(object, "spec").field("cidrs");
    let (new, old) = (of(object), of(old));
    if new.value() == old.value() {
        return;
    }
    if old.list().len() == 1 && new.list().len() == 2 {
        if new.list().first() != old.list().first() {
            errors.push(Place::new(new.list().first(), new.path().index(0)).invalid(IMMUTABLE));
        }
        service_cidr(object, errors);
        return;
    }
    errors.push(new.invalid(IMMUTABLE));
}

/// The addresses of a load balancer, in the status of services and ingresses.
pub fn load_balancer(status: &Place<'_>, mode_checked: bool, errors: &mut Errors) {
    for ingress in status.field("ingress").items() {
        let address = ingress.field("ip");
        if !address.is_empty() {
            ip(&address, errors);
        }
        if mode_checked {
            mode(&ingress, errors);
        }
        let host = ingress.field("hostname");
        if !host.is_empty() {
            host.format(object::names::dns_subdomain, errors);
            if parse(host.text()).is_some() {
                errors.push(host.invalid_text("must be a DNS name, not an IP address"));
            }
        }
    }
}

fn mode(ingress: &Place<'_>, errors: &mut Errors) {
    let (address, mode) = (ingress.field("ip"), ingress.field("ipMode"));
    match (address.is_empty(), mode.is_set()) {
        (false, false) => errors.push(mode.required("must be specified when `ip` is set")),
        (true, true) => errors.push(mode.forbidden("may not be specified when `ip` is not set")),
        (false, true) => mode.one_of(&["Proxy", "VIP"], errors),
        (true, false) => {}
    }
}

/// The path of an object as a whole, which prints as `[]`.
pub(super) fn whole() -> Path {
    Path::none().key("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: impl Fn(&mut Errors)) -> Vec<String> {
        let mut errors = Errors::new();
        check(&mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn old_fields_take_leading_zeros_and_new_ones_do_not() {
        assert_eq!(parse("010.1.1.1"), "10.1.1.1".parse().ok());
        assert_eq!(parse("1.2.3"), None);
        assert_eq!(parse("1.2.3.x"), None);
        let object = tree!({"ip": "010.1.1.1"});
        let place = Place::root(&object, "ip");
        assert!(texts(|errors| ip(&place, errors)).is_empty());
        let strict = texts(|errors| assert!(strict_ip(&place, errors).is_some()));
        assert_eq!(
            strict,
            [r#"ip: Invalid value: "010.1.1.1": must not have leading 0s"#]
        );
    }

    #[test]
    fn a_service_cidr_has_one_range_of_each_family() {
        let of =
            |cidrs: Value| texts(|errors| service_cidr(&tree!({"spec": {"cidrs": (cidrs.clone())}}), errors));
        assert!(of(tree!(["10.0.0.0/24", "fd00::/64"])).is_empty());
        assert_eq!(
            of(tree!([])),
            ["spec.cidrs: Required value: at least one CIDR required"]
        );
        assert_eq!(of(tree!(["10.0.0.0/24", "10.1.0.0/24"])).len(), 1);
        assert_eq!(of(tree!(["10.0.0.1/24"])).len(), 1);
    }

    #[test]
    fn load_balancer_addresses_are_addresses() {
        let object = tree!({"loadBalancer": {"ingress": [{"ip": "nope"}, {"hostname": "1.2.3.4"}, {"hostname": "a.b"}]}});
        let errors = texts(|errors| load_balancer(&Place::root(&object, "loadBalancer"), false, errors));
        assert_eq!(errors.len(), 2);
    }
}
