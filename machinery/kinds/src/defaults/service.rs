//! Defaults of services. Addresses, families and node ports are allocated elsewhere.

use schema::{Map, SmolStr, Value};

use super::Fill::{Bool, Int, Text};
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.core.v1.",
    rules: &[("Service", service)],
    nil: &[],
    empty: &[],
}];

fn service(service: &mut Map, _: Now<'_>) {
    let spec = service.map_at("spec");
    affinity(spec);
    fill::empty(spec, "type", Text("ClusterIP"));
    for port in fill::objects(spec, "ports") {
        target_port(port);
    }
    traffic_policies(spec);
    if fill::text(spec, "type") == "LoadBalancer" {
        fill::nil(spec, "allocateLoadBalancerNodePorts", Bool(true));
        ip_modes(service);
    }
}

fn affinity(spec: &mut Map) {
    fill::empty(spec, "sessionAffinity", Text("None"));
    match fill::text(spec, "sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let client_ip = spec.map_at("sessionAffinityConfig").map_at("clientIP");
            fill::nil(client_ip, "timeoutSeconds", Int(10800));
        }
        _ => {}
    }
}

fn target_port(port: &mut Map) {
    fill::empty(port, "protocol", Text("TCP"));
    if fill::is_empty(port, "targetPort")
        && let Some(number) = port.get("port").cloned()
    {
        port.insert("targetPort", number);
    }
}

fn traffic_policies(spec: &mut Map) {
    let kind = fill::text(spec, "type");
    let external = match kind {
        "NodePort" | "LoadBalancer" => true,
        "ClusterIP" => !fill::is_empty(spec, "externalIPs"),
        _ => false,
    };
    let internal = matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer");
    if external {
        fill::empty(spec, "externalTrafficPolicy", Text("Cluster"));
    }
    if internal {
        fill::nil(spec, "internalTrafficPolicy", Text("Cluster"));
    }
}

fn ip_modes(service: &mut Map) {
    let balancer = service
        .get_mut("status")
        .and_then(|status| status.get_mut("loadBalancer"));
    let Some(Value::Map(balancer)) = balancer else {
        return;
    };
    for ingress in fill::objects(balancer, "ingress") {
        if !fill::is_empty(ingress, "ip") && fill::is_nil(ingress, "ipMode") {
            ingress.insert(SmolStr::new_static("ipMode"), "VIP");
        }
    }
}
