//! Endpoints and EndpointSlices: addresses, ports, hints.
//! Which pods are behind them is the controllers' to say.

use std::collections::HashSet;

use object::field::Error;
use object::meta_validation::labels;
use object::names::{dns_label, dns_subdomain, fully_qualified_domain_name, label_value, qualified_name};
use schema::Value;

use super::addresses::{NOT_AN_IP, parse, reachable, strict_ip};
use super::place::Place;
use super::services::ports::PROTOCOLS;
use crate::limits::{
    SLICE_ADDRESSES_MAX, SLICE_ENDPOINTS_MAX, SLICE_HINTS_MAX, SLICE_PORTS_MAX, SLICE_TOPOLOGY_LABELS_MAX,
};
use crate::strategy::Errors;

/// The zone has a field of its own, and may not be among the labels.
const ZONE: &str = "topology.kubernetes.io/zone";

/// Endpoints by themselves.
pub fn endpoints(object: &Value, errors: &mut Errors) {
    for subset in Place::root(object, "subsets").items() {
        let (ready, other) = (subset.field("addresses"), subset.field("notReadyAddresses"));
        if ready.list().is_empty() && other.list().is_empty() {
            errors.push(subset.required("must specify `addresses` or `notReadyAddresses`"));
        }
        ready
            .items()
            .chain(other.items())
            .for_each(|address| self::address(&address, errors));
        let ports = subset.field("ports");
        let several = ports.list().len() > 1;
        ports.items().for_each(|port| self::port(&port, several, errors));
    }
}

/// Endpoints after others.
pub fn endpoints_update(object: &Value, _old: &Value, errors: &mut Errors) {
    endpoints(object, errors);
}

fn address(address: &Place<'_>, errors: &mut Errors) {
    let (ip, host, node) = (
        address.field("ip"),
        address.field("hostname"),
        address.field("nodeName"),
    );
    match parse(ip.text()) {
        None => errors.push(ip.invalid_text(NOT_AN_IP)),
        Some(parsed) => {
            if !host.is_empty() {
                host.format(dns_label, errors);
            }
            if node.is_set() {
                node.format(dns_subdomain, errors);
            }
            reachable(&ip, parsed, errors);
        }
    }
}

fn port(port: &Place<'_>, name_required: bool, errors: &mut Errors) {
    let name = port.field("name");
    if name_required && name.is_empty() {
        errors.push(name.required(""));
    } else if !name.is_empty() {
        name.format(dns_label, errors);
    }
    port.field("port").port(errors);
    port.field("protocol").require_one_of(&PROTOCOLS, errors);
    if port.field("appProtocol").is_set() {
        port.field("appProtocol").format(qualified_name, errors);
    }
}

/// An EndpointSlice by itself.
pub fn slice(object: &Value, errors: &mut Errors) {
    let kind = Place::root(object, "addressType");
    kind.require_one_of(&["FQDN", "IPv4", "IPv6"], errors);
    if !["FQDN", "IPv4", "IPv6"].contains(&kind.text()) {
        return;
    }
    slice_endpoints(object, kind.text(), errors);
    slice_ports(object, errors);
}

/// An EndpointSlice after another.
pub fn slice_update(object: &Value, old: &Value, errors: &mut Errors) {
    slice(object, errors);
    Place::root(object, "addressType").immutable(&Place::root(old, "addressType"), errors);
}

/// Tells of too many items; then they are not looked at.
fn too_many(list: &Place<'_>, max: usize, errors: &mut Errors) -> bool {
    let count = list.list().len();
    if count > max {
        errors.push(Error::too_many(list.path(), count, max));
    }
    count > max
}

fn slice_endpoints(object: &Value, kind: &str, errors: &mut Errors) {
    let endpoints = Place::root(object, "endpoints");
    if too_many(&endpoints, SLICE_ENDPOINTS_MAX, errors) {
        return;
    }
    for endpoint in endpoints.items() {
        let addresses = endpoint.field("addresses");
        if addresses.list().is_empty() {
            errors.push(addresses.required("must contain at least 1 address"));
        } else {
            too_many(&addresses, SLICE_ADDRESSES_MAX, errors);
        }
        addresses
            .items()
            .for_each(|address| slice_address(&address, kind, errors));
        if endpoint.field("nodeName").is_set() {
            endpoint.field("nodeName").format(dns_subdomain, errors);
        }
        let topology = endpoint.field("deprecatedTopology");
        let count = topology.entries().count();
        if count > SLICE_TOPOLOGY_LABELS_MAX {
            errors.push(Error::too_many(topology.path(), count, SLICE_TOPOLOGY_LABELS_MAX));
        }
        errors.extend(labels(topology.value().as_map(), topology.path()));
        let zone = topology.key(ZONE);
        if zone.is_set() {
            errors.push(Error::internal(
                zone.path(),
                "reserved key was not removed in conversion",
            ));
        }
        if endpoint.field("hostname").is_set() {
            endpoint.field("hostname").format(dns_label, errors);
        }
        hints(&endpoint.field("hints"), errors);
    }
}

fn slice_address(address: &Place<'_>, kind: &str, errors: &mut Errors) {
    if kind == "FQDN" {
        return address.format(fully_qualified_domain_name, errors);
    }
    let Some(ip) = strict_ip(address, errors) else {
        return;
    };
    if ip.is_ipv4() != (kind == "IPv4") {
        errors.push(address.invalid_text(format!("must be an {kind} address")));
    }
    reachable(address, ip, errors);
}

fn hints(hints: &Place<'_>, errors: &mut Errors) {
    for (field, format) in [
        ("forZones", label_value as fn(&str) -> _),
        ("forNodes", dns_subdomain),
    ] {
        let list = hints.field(field);
        if too_many(&list, SLICE_HINTS_MAX, errors) {
            continue;
        }
        let mut seen = HashSet::new();
        for name in list.items().map(|item| item.field("name")) {
            if !seen.insert(name.text()) {
                errors.push(Error::duplicate(name.path(), name.text()));
            }
            name.format(format, errors);
        }
    }
}

fn slice_ports(object: &Value, errors: &mut Errors) {
    let ports = Place::root(object, "ports");
    if too_many(&ports, SLICE_PORTS_MAX, errors) {
        return;
    }
    let mut names = HashSet::new();
    for port in ports.items() {
        let name = port.field("name");
        if !name.is_empty() {
            name.format(dns_label, errors);
        }
        if !names.insert(name.text()) {
            errors.push(Error::duplicate(name.path(), name.text()));
        }
        port.field("protocol").require_one_of(&PROTOCOLS, errors);
        if port.field("appProtocol").is_set() {
            port.field("appProtocol").format(qualified_name, errors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: fn(&Value, &mut Errors), object: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn subsets_have_addresses_and_named_ports() {
        let good = tree!({"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 80i64, "protocol": "TCP"}]}]});
        assert_eq!(texts(endpoints, &good), [""; 0]);
        assert_eq!(texts(endpoints, &tree!({"subsets": [{}]})).len(), 1);
        let unnamed = tree!({"subsets": [{"addresses": [{"ip": "127.0.0.1"}],
            "ports": [{"port": 80i64, "protocol": "TCP"}, {"port": 0i64, "protocol": "x"}]}]});
        assert_eq!(texts(endpoints, &unnamed).len(), 5);
    }

    #[test]
    fn slices_hold_addresses_of_their_type() {
        let of =
            |kind: &str, address: &str| tree!({"addressType": kind, "endpoints": [{"addresses": [address]}]});
        assert_eq!(texts(slice, &of("IPv4", "1.2.3.4")), [""; 0]);
        assert_eq!(texts(slice, &of("FQDN", "a.b")), [""; 0]);
        assert_eq!(texts(slice, &of("IPv6", "1.2.3.4")).len(), 1);
        assert_eq!(texts(slice, &tree!({})), ["addressType: Required value"]);
        let mut errors = Errors::new();
        slice_update(&of("IPv6", "fd00::1"), &of("IPv4", "1.2.3.4"), &mut errors);
        assert_eq!(
            errors[0].to_string(),
            r#"addressType: Invalid value: "IPv6": field is immutable"#
        );
    }

    #[test]
    fn ports_of_a_slice_are_named_once() {
        let twice = tree!({"addressType": "IPv4", "ports": [{"name": "a", "protocol": "TCP"}, {"name": "a", "protocol": "TCP"}]});
        assert_eq!(texts(slice, &twice), [r#"ports[1].name: Duplicate value: "a""#]);
    }
}
