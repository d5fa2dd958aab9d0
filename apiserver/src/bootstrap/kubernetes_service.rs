//! The `kubernetes` Service, its Endpoints and its EndpointSlice, as they should be for the servers that are alive.
//! It makes and compares objects; it reads and writes nothing.

use schema::{Map, Value, tree};
use std::net::IpAddr;

/// Where the Service is.
pub const SERVICES: &str = "/api/v1/namespaces/default/services";
/// Where its Endpoints are.
pub const ENDPOINTS: &str = "/api/v1/namespaces/default/endpoints";
/// Where its EndpointSlice is.
pub const ENDPOINT_SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
/// The name of all three.
pub const NAME: &str = "kubernetes";
/// The port that pods use.
const SERVICE_PORT: i64 = 443;

/// The Service at the first address of the Service range.
pub fn service(cluster_ip: IpAddr, secure_port: u16) -> Value {
    let family = if cluster_ip.is_ipv4() { "IPv4" } else { "IPv6" };
    tree!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": NAME,
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "ports": [{
                "name": "https",
                "protocol": "TCP",
                "port": SERVICE_PORT,
                "targetPort": (i64::from(secure_port)),
            }],
            "clusterIP": (cluster_ip.to_string()),
            "clusterIPs": [(cluster_ip.to_string())],
            "ipFamilies": [family],
            "ipFamilyPolicy": "SingleStack",
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
    })
}

/// The Endpoints of these servers.
pub fn endpoints(servers: &[IpAddr], secure_port: u16) -> Value {
    let mut object = tree!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": NAME,
            "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
    });
    if let (false, Some(map)) = (servers.is_empty(), object.as_map_mut()) {
        let addresses: Vec<Value> = servers.iter().map(|ip| tree!({"ip": (ip.to_string())})).collect();
        let ports = tree!([{"name": "https", "port": (i64::from(secure_port)), "protocol": "TCP"}]);
        map.insert("subsets", tree!([{"addresses": addresses, "ports": ports}]));
    }
    object
}

/// The EndpointSlice of these servers, all of one address family.
pub fn endpoint_slice(servers: &[IpAddr], secure_port: u16) -> Value {
    let family = if servers.first().is_none_or(IpAddr::is_ipv4) {
        "IPv4"
    } else {
        "IPv6"
    };
    let endpoints: Vec<Value> = servers
        .iter()
        .map(|ip| tree!({"addresses": [(ip.to_string())], "conditions": {"ready": true}}))
        .collect();
    tree!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": NAME,
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": NAME},
        },
        "addressType": family,
        "endpoints": endpoints,
        "ports": [{"name": "https", "port": (i64::from(secure_port)), "protocol": "TCP"}],
    })
}

/// `current` with the content of `wanted`; `None` if it has that already.
/// Only what `wanted` names is compared and set, labels one by one, so that other writers keep their own.
pub fn merged(current: &Value, wanted: &Value) -> Option<Value> {
    let mut next = current.clone();
    let to = next.as_map_mut()?;
    for (key, value) in wanted.as_map()?.iter().filter(|(key, _)| *key != "metadata") {
        to.insert(key.clone(), value.clone());
    }
    if wanted.get("subsets").is_none() {
        to.remove("subsets");
    }
    let labels: &mut Map = to.map_at("metadata").map_at("labels");
    for (key, value) in wanted
        .map_at(&["metadata", "labels"])
        .into_iter()
        .flat_map(Map::iter)
    {
        labels.insert(key.clone(), value.clone());
    }
    (next != *current).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_endpoints_are_not_written() {
        let servers = [
            "192.0.2.1".parse().expect("an address"),
            "192.0.2.2".parse().expect("an address"),
        ];
        let current = endpoints(&servers, 6443);
        assert!(merged(&current, &endpoints(&servers, 6443)).is_none());
        let next = merged(&current, &endpoints(&servers[..1], 6443)).expect("one server is gone");
        assert_eq!(next.list_at(&["subsets"])[0].list_at(&["addresses"]).len(), 1);
        let none = merged(&current, &endpoints(&[], 6443)).expect("all are gone");
        assert!(none.get("subsets").is_none());
    }
}
