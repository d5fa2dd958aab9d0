//! Kinds of the networking and discovery groups.

use schema::Value;

use super::row::{Row, first_of, joined, or};
use super::selector::selector;
use super::services::load_balancer;
use super::{AGE, Column, NAME, field, string, text};

/// How many hosts, ports or endpoints a cell shows.
const SHOWN_MAX: usize = 3;
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "EndpointSlice" => ENDPOINT_SLICES,
        "Ingress" => INGRESSES,
        "IngressClass" => INGRESS_CLASSES,
        "IPAddress" => IP_ADDRESSES,
        "NetworkPolicy" => NETWORK_POLICIES,
        "ServiceCIDR" => SERVICE_CIDRS,
        _ => return None,
    })
}

const ENDPOINT_SLICES: &[Column] = &[
    NAME,
    string(
        "AddressType",
        field!("discovery.v1.EndpointSlice", "addressType"),
        |row| row.text(&["addressType"]),
    ),
    string("Ports", field!("discovery.v1.EndpointSlice", "ports"), |row| {
        or(
            first_of(row.list(&["ports"]).iter().map(port), SHOWN_MAX, ","),
            "<unset>",
        )
    }),
    string(
        "Endpoints",
        field!("discovery.v1.EndpointSlice", "endpoints"),
        |row| {
            let addresses = row
                .list(&["endpoints"])
                .iter()
                .flat_map(|endpoint| endpoint.list_at(&["addresses"]));
            let addresses = addresses
                .filter_map(|address| address.as_str())
                .map(str::to_owned);
            or(first_of(addresses, SHOWN_MAX, ","), "<unset>")
        },
    ),
    AGE,
];

const INGRESSES: &[Column] = &[
    NAME,
    string(
        "Class",
        text("The name of the IngressClass resource that should be used for additional configuration"),
        |row| row.text_or(&["spec", "ingressClassName"], "<none>"),
    ),
    string(
        "Hosts",
        text("Hosts that incoming requests are matched against before the ingress rule"),
        |row| Value::from(hosts(row.list(&["spec", "rules"]))),
    ),
    string(
        "Address",
        text("Address is a list containing ingress points for the load-balancer"),
        |row| Value::from(joined(load_balancer(row), ",")),
    ),
    string("Ports", text("Ports of TLS configurations that open"), |row| {
        Value::from(if row.list(&["spec", "tls"]).is_empty() {
            "80"
        } else {
            "80, 443"
        })
    }),
    AGE,
];

const INGRESS_CLASSES: &[Column] = &[
    super::Column {
        cell: |row| named_default(row, &[DEFAULT_CLASS]),
        ..NAME
    },
    string(
        "Controller",
        text("Controller that is responsible for handling this class"),
        |row| row.text(&["spec", "controller"]),
    ),
    string(
        "Parameters",
        text("A reference to a resource with additional parameters"),
        parameters,
    ),
    AGE,
];

const IP_ADDRESSES: &[Column] = &[
    NAME,
    string(
        "ParentRef",
        field!("networking.v1.IPAddressSpec", "parentRef"),
        parent,
    ),
    // The reference prints an age that it does not define a column for.
    AGE.unlisted(),
];

const NETWORK_POLICIES: &[Column] = &[
    NAME,
    string(
        "Pod-Selector",
        field!("networking.v1.NetworkPolicySpec", "podSelector"),
        |row| selector(row.object.at(&["spec", "podSelector"])),
    ),
    AGE,
];

const SERVICE_CIDRS: &[Column] = &[
    NAME,
    string("CIDRs", field!("networking.v1.ServiceCIDRSpec", "cidrs"), |row| {
        Value::from(joined(row.texts(&["spec", "cidrs"]), ","))
    }),
    AGE,
];

/// The name, marked when an annotation makes the class the default one.
pub(super) fn named_default(row: &Row<'_>, annotations: &[&str]) -> Value {
    let marked = |annotation: &&str| row.str(&["metadata", "annotations", annotation]) == "true";
    match annotations.iter().any(marked) {
        true => Value::from(format!("{} (default)", row.str(&["metadata", "name"]))),
        false => row.text(&["metadata", "name"]),
    }
}

/// The number of a port, else its name, else all of them.
fn port(port: &Value) -> String {
    match port.int_at(&["port"]) {
        Some(number) => number.to_string(),
        None => port.str_at(&["name"]).unwrap_or("*").to_owned(),
    }
}

/// The first hosts. Rules beyond the third shown host are counted, with or without a host, as the reference does.
fn hosts(rules: &[Value]) -> String {
    let mut shown: Vec<&str> = Vec::with_capacity(SHOWN_MAX);
    let mut more = false;
    for rule in rules {
        more |= shown.len() == SHOWN_MAX;
        let host = rule.str_at(&["host"]).unwrap_or_default();
        if !more && !host.is_empty() {
            shown.push(host);
        }
    }
    match (shown.is_empty(), more) {
        (true, _) => "*".to_owned(),
        (_, false) => shown.join(","),
        (_, true) => format!("{} + {} more...", shown.join(","), rules.len() - SHOWN_MAX),
    }
}

fn parameters(row: &Row<'_>) -> Value {
    let Some(parameters) = row.object.at(&["spec", "parameters"]) else {
        return Value::from("<none>");
    };
    let of = |field| parameters.str_at(&[field]).unwrap_or_default();
    let group = parameters
        .str_at(&["apiGroup"])
        .map(|group| format!(".{group}"))
        .unwrap_or_default();
    Value::from(format!("{}{group}/{}", of("kind"), of("name")))
}

/// `resource.group/namespace/name` of what the address belongs to.
fn parent(row: &Row<'_>) -> Value {
    let Some(parent) = row.object.at(&["spec", "parentRef"]) else {
        return Value::from("<none>");
    };
    let of = |field| parent.str_at(&[field]).filter(|text| !text.is_empty());
    let group = of("group").map(|group| format!(".{group}")).unwrap_or_default();
    let resource = format!("{}{group}", of("resource").unwrap_or_default()).to_lowercase();
    let namespace = of("namespace")
        .map(|namespace| format!("{namespace}/"))
        .unwrap_or_default();
    Value::from(format!(
        "{resource}/{namespace}{}",
        of("name").unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn hosts_are_shown_up_to_three() {
        let rules = |hosts: &[&str]| {
            hosts
                .iter()
                .map(|&host| tree!({"host": host}))
                .collect::<Vec<_>>()
        };
        assert_eq!(hosts(&[]), "*");
        assert_eq!(hosts(&rules(&["a", "", "b"])), "a,b");
        assert_eq!(hosts(&rules(&["a", "b", "c", "d", "e"])), "a,b,c + 2 more...");
    }

    #[test]
    fn addresses_print_an_age_without_a_column() {
        let layout = layout_of("networking.k8s.io", "IPAddress");
        let parent = tree!({"group": "", "resource": "services", "namespace": "ns", "name": "s"});
        let cells = layout.cells(&tree!({"spec": {"parentRef": (parent)}}), Timestamp::UNIX_EPOCH);
        assert_eq!((layout.columns().count(), cells.len()), (2, 3));
        assert_eq!(cells[1], Value::from("services/ns/s"));
    }

    #[test]
    fn slices_show_ports_by_number_or_name() {
        let slice = tree!({
            "addressType": "IPv4",
            "ports": [{"port": 80i64}, {"name": "https"}, {}, {"port": 1i64}],
            "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.2"]}, {"addresses": ["10.0.0.3", "10.0.0.4"]}],
        });
        let cells = layout_of("discovery.k8s.io", "EndpointSlice").cells(&slice, Timestamp::UNIX_EPOCH);
        assert_eq!(cells[2], Value::from("80,https,* + 1 more..."));
        assert_eq!(cells[3], Value::from("10.0.0.1,10.0.0.2,10.0.0.3 + 1 more..."));
    }

    #[test]
    fn a_default_class_is_marked() {
        let class = tree!({
            "metadata": {"name": "c", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
            "spec": {"controller": "a/b", "parameters": {"apiGroup": "x.y", "kind": "K", "name": "n"}},
        });
        let cells = layout_of("networking.k8s.io", "IngressClass").cells(&class, Timestamp::UNIX_EPOCH);
        assert_eq!(cells[..3], ["c (default)", "a/b", "K.x.y/n"].map(Value::from));
    }
}
