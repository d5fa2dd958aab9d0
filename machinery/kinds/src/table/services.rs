//! Services and Endpoints.

use schema::Value;
use std::collections::BTreeSet;

use super::row::{Row, first_of, joined, or};
use super::selector::labels;
use super::{AGE, Column, NAME, field, string};

/// How many endpoints a cell shows.
const SHOWN_MAX: usize = 3;

pub(super) const SERVICES: &[Column] = &[
    NAME,
    string("Type", field!("core.v1.ServiceSpec", "type"), |row| {
        row.text(&["spec", "type"])
    }),
    string("Cluster-IP", field!("core.v1.ServiceSpec", "clusterIP"), |row| {
        Value::from(row.texts(&["spec", "clusterIPs"]).next().unwrap_or("<none>"))
    }),
    string(
        "External-IP",
        field!("core.v1.ServiceSpec", "externalIPs"),
        external_ip,
    ),
    string("Port(s)", field!("core.v1.ServiceSpec", "ports"), |row| {
        or(
            joined(row.list(&["spec", "ports"]).iter().map(port), ","),
            "<none>",
        )
    }),
    AGE,
    string("Selector", field!("core.v1.ServiceSpec", "selector"), |row| {
        labels(row.object.at(&["spec", "selector"]))
    })
    .wide(),
];

pub(super) const ENDPOINTS: &[Column] = &[
    NAME,
    string("Endpoints", field!("core.v1.Endpoints", "subsets"), |row| {
        let subsets = row.list(&["subsets"]);
        if subsets.is_empty() {
            return Value::from("<none>");
        }
        Value::from(first_of(subsets.iter().flat_map(endpoints), SHOWN_MAX, ","))
    }),
    AGE,
];

fn external_ip(row: &Row<'_>) -> Value {
    let own = || row.texts(&["spec", "externalIPs"]);
    match row.str(&["spec", "type"]) {
        "ClusterIP" | "NodePort" => or(joined(own(), ","), "<none>"),
        "LoadBalancer" => {
            let balancer = load_balancer(row);
            or(
                joined(balancer.iter().map(String::as_str).chain(own()), ","),
                "<pending>",
            )
        }
        "ExternalName" => row.text(&["spec", "externalName"]),
        _ => Value::from("<unknown>"),
    }
}

/// The addresses of a load balancer, sorted: the IP of each ingress point, else its host name.
pub(super) fn load_balancer(row: &Row<'_>) -> BTreeSet<String> {
    let points = row.list(&["status", "loadBalancer", "ingress"]).iter();
    let address = |point: &Value| {
        let ip = point.str_at(&["ip"]).filter(|ip| !ip.is_empty());
        ip.or_else(|| point.str_at(&["hostname"]).filter(|name| !name.is_empty()))
            .map(str::to_owned)
    };
    points.filter_map(address).collect()
}

fn port(port: &Value) -> String {
    let number = port.int_at(&["port"]).unwrap_or_default();
    let protocol = port.str_at(&["protocol"]).unwrap_or_default();
    match port.int_at(&["nodePort"]) {
        Some(node_port) if node_port > 0 => format!("{number}:{node_port}/{protocol}"),
        _ => format!("{number}/{protocol}"),
    }
}

/// Every address with every port; the bare addresses of a subset without ports.
fn endpoints(subset: &Value) -> Vec<String> {
    let addresses = || {
        subset
            .list_at(&["addresses"])
            .iter()
            .filter_map(|address| address.str_at(&["ip"]))
    };
    let ports = subset.list_at(&["ports"]);
    if ports.is_empty() {
        return addresses().map(str::to_owned).collect();
    }
    let numbers = ports
        .iter()
        .map(|port| port.int_at(&["port"]).unwrap_or_default());
    numbers
        .flat_map(|number| addresses().map(move |ip| host_port(ip, number)))
        .collect()
}

fn host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') {
        format!("[{ip}]:{port}")
    } else {
        format!("{ip}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    fn external(service: Value) -> Value {
        layout_of("", "Service").cells(&service, Timestamp::UNIX_EPOCH)[3].clone()
    }

    #[test]
    fn external_addresses_depend_on_the_type() {
        let ips = || tree!(["1.1.1.1"]);
        assert_eq!(
            external(tree!({"spec": {"type": "ClusterIP"}})),
            Value::from("<none>")
        );
        assert_eq!(
            external(tree!({"spec": {"type": "NodePort", "externalIPs": (ips())}})),
            Value::from("1.1.1.1")
        );
        assert_eq!(
            external(tree!({"spec": {"type": "ExternalName", "externalName": "a.b"}})),
            Value::from("a.b")
        );
        let balancer = tree!({
            "spec": {"type": "LoadBalancer", "externalIPs": (ips())},
            "status": {"loadBalancer": {"ingress": [{"hostname": "z"}, {"ip": "2.2.2.2"}, {"ip": "2.2.2.2"}]}},
        });
        assert_eq!(external(balancer), Value::from("2.2.2.2,z,1.1.1.1"));
        assert_eq!(
            external(tree!({"spec": {"type": "LoadBalancer"}})),
            Value::from("<pending>")
        );
    }

    #[test]
    fn many_endpoints_are_counted() {
        let subset = tree!({
            "addresses": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}],
            "ports": [{"port": 80i64}, {"port": 443i64}],
        });
        let object = tree!({"subsets": [(subset), {"addresses": [{"ip": "10.0.0.9"}]}]});
        let cells = layout_of("", "Endpoints").cells(&object, Timestamp::UNIX_EPOCH);
        assert_eq!(
            cells[1],
            Value::from("10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 2 more...")
        );
    }
}
