//! Services: how their address, family and port fields follow from each other and from the old object.
//! It edits trees; which addresses and ports are free is for [`crate::allocate`].

pub mod families;
pub mod update;

use schema::{Map, SmolStr, Value};

/// `clusterIP` of a Service without an address.
pub const HEADLESS: &str = "None";

/// What a Service is exposed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An address in the cluster.
    ClusterIp,
    /// And a port on every node.
    NodePort,
    /// And an address outside.
    LoadBalancer,
    /// Only a DNS alias.
    ExternalName,
}

/// `spec.type`; what is unknown is validation's affair and counts as ClusterIP.
pub fn kind(service: &Value) -> Kind {
    match service.str_at(&["spec", "type"]) {
        Some("NodePort") => Kind::NodePort,
        Some("LoadBalancer") => Kind::LoadBalancer,
        Some("ExternalName") => Kind::ExternalName,
        _ => Kind::ClusterIp,
    }
}

/// Whether it has addresses in the cluster, or would have if it were not headless.
pub fn needs_cluster_ip(service: &Value) -> bool {
    kind(service) != Kind::ExternalName
}

/// Whether its ports need node ports.
pub fn needs_node_ports(service: &Value) -> bool {
    match kind(service) {
        Kind::NodePort => true,
        Kind::LoadBalancer => service
            .bool_at(&["spec", "allocateLoadBalancerNodePorts"])
            .unwrap_or(true),
        Kind::ClusterIp | Kind::ExternalName => false,
    }
}

/// Whether it needs a node port for health checks.
pub fn needs_health_check_port(service: &Value) -> bool {
    kind(service) == Kind::LoadBalancer && service.str_at(&["spec", "externalTrafficPolicy"]) == Some("Local")
}

/// Whether it has no address on purpose.
pub fn is_headless(service: &Value) -> bool {
    cluster_ips(service).first().copied() == Some(HEADLESS)
}

/// `spec.clusterIPs`.
pub fn cluster_ips(service: &Value) -> Vec<&str> {
    service
        .list_at(&["spec", "clusterIPs"])
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// `spec.clusterIP`, empty when absent.
pub fn cluster_ip(service: &Value) -> &str {
    service.str_at(&["spec", "clusterIP"]).unwrap_or_default()
}

/// Node ports in use, by protocol; a port may serve two protocols.
pub fn node_ports(service: &Value) -> Vec<(SmolStr, i64)> {
    service
        .list_at(&["spec", "ports"])
        .iter()
        .filter_map(|port| {
            let number = port.int_at(&["nodePort"]).filter(|number| *number != 0)?;
            Some((port.str_at(&["protocol"]).unwrap_or("TCP").into(), number))
        })
        .collect()
}

/// Brings a new Service into the form in which it is stored: the singular and the plural address agree.
pub fn prepare_create(service: &mut Value) {
    let single = cluster_ip(service).to_owned();
    if !single.is_empty() && cluster_ips(service).is_empty() {
        set_cluster_ips(service, vec![single.into()]);
    }
    if let Some(map) = service.as_map_mut() {
        let mut status = Map::new();
        status.insert("loadBalancer", Map::new());
        map.insert("status", status);
    }
}

/// Sets both address fields.
pub fn set_cluster_ips(service: &mut Value, ips: Vec<SmolStr>) {
    let Some(spec) = spec_mut(service) else { return };
    match ips.first() {
        Some(first) => {
            spec.insert("clusterIP", first.clone());
            spec.insert(
                "clusterIPs",
                ips.into_iter().map(Value::String).collect::<Vec<_>>(),
            );
        }
        None => {
            spec.remove("clusterIP");
            spec.remove("clusterIPs");
        }
    }
}

/// `spec`, to change.
pub fn spec_mut(service: &mut Value) -> Option<&mut Map> {
    service.get_mut("spec")?.as_map_mut()
}
