//! Ingresses before networking.k8s.io/v1, network policies of extensions, endpoint slices before discovery.k8s.io/v1.

use schema::{Map, SmolStr, Value};

use super::Legacy;

const V1: &str = "networking.k8s.io/v1";
const INGRESS: &str = "io.k8s.api.networking.v1beta1.Ingress";

pub(super) const LEGACY: &[Legacy] = &[
    Legacy::same("networking.k8s.io/v1beta1", "Ingress", V1)
        .decoded_as(INGRESS)
        .filled(ingress),
    Legacy::same("extensions/v1beta1", "Ingress", V1)
        .decoded_as(INGRESS)
        .filled(ingress),
    Legacy::same("networking.k8s.io/v1beta1", "IngressClass", V1).without_defaults(),
    Legacy::same("extensions/v1beta1", "NetworkPolicy", V1),
    Legacy::same("discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1")
        .named(topology)
        .filled(zone),
];

fn ingress(object: &mut Map) {
    let Some(Value::Map(spec)) = object.get_mut("spec") else {
        return;
    };
    if let Some(mut default) = spec.remove("backend") {
        backend(&mut default);
        spec.insert("defaultBackend", default);
    }
    for rule in items(spec.get_mut("rules")) {
        let paths = rule.get_mut("http").and_then(|http| http.get_mut("paths"));
        for path in items(paths) {
            if path.get("pathType").is_none_or(Value::is_null) {
                path.insert("pathType", "ImplementationSpecific");
            }
            if let Some(old) = path.get_mut("backend") {
                backend(old);
            }
        }
    }
}

/// Name and port once stood beside each other.
fn backend(backend: &mut Value) {
    let Value::Map(backend) = backend else { return };
    let name = backend.remove("serviceName").filter(|name| !name.is_zero());
    let port = backend.remove("servicePort").filter(|port| !port.is_zero());
    if name.is_none() && port.is_none() {
        return;
    }
    let service = backend.map_at("service");
    if let Some(name) = name {
        service.insert("name", name);
    }
    let port_map = service.map_at("port");
    match port {
        Some(number @ Value::Int(_)) => port_map.insert("number", number),
        Some(name) => port_map.insert("name", name),
        None => None,
    };
}

fn topology(object: &mut Map) {
    for endpoint in items(object.get_mut("endpoints")) {
        if let Some(topology) = endpoint.remove("topology") {
            endpoint.insert("deprecatedTopology", topology);
        }
    }
}

/// The zone has a field of its own since.
fn zone(object: &mut Map) {
    for endpoint in items(object.get_mut("endpoints")) {
        let Some(Value::Map(topology)) = endpoint.get_mut("deprecatedTopology") else {
            continue;
        };
        let zone = topology.remove("topology.kubernetes.io/zone");
        if topology.is_empty() {
            endpoint.remove("deprecatedTopology");
        }
        if let Some(zone) = zone {
            endpoint.insert(SmolStr::new_static("zone"), zone);
        }
    }
}

fn items(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map> {
    list.and_then(Value::as_list_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_map_mut)
}
