//! An update of a Service: what was allocated is kept where the client leaves it out, and dropped where the new type has
//! no use for it. It does not allocate.

use schema::{Map, Value};

use super::{
    Kind, cluster_ip, cluster_ips, kind, needs_cluster_ip, needs_health_check_port, needs_node_ports,
    set_cluster_ips, spec_mut,
};

/// Brings the address and port fields of an update in line with the old object.
pub fn reconcile(service: &mut Value, old: &Value) {
    keep_allocated(service, old);
    sync_cluster_ips(service, old);
    drop_unused(service, old);
}

/// What the client does not send stays as it was allocated.
fn keep_allocated(service: &mut Value, old: &Value) {
    if needs_cluster_ip(old) && needs_cluster_ip(service) {
        let unset = cluster_ip(service).is_empty() && same(service, old, "clusterIPs");
        let both_unset = cluster_ip(service).is_empty() && cluster_ips(service).is_empty();
        if unset || both_unset {
            copy(service, old, "clusterIP");
        }
        if cluster_ips(service).is_empty() && cluster_ip(service) == cluster_ip(old) {
            copy(service, old, "clusterIPs");
        }
    }
    if needs_node_ports(old) && needs_node_ports(service) {
        keep_node_ports(service, old);
    }
    if needs_health_check_port(old)
        && needs_health_check_port(service)
        && is_zero(service, "healthCheckNodePort")
    {
        copy(service, old, "healthCheckNodePort");
    }
}

/// Ports are recognised by name. A node port that the new object uses elsewhere is not handed out twice.
fn keep_node_ports(service: &mut Value, old: &Value) {
    let number = |port: &Value| port.int_at(&["nodePort"]).filter(|number| *number != 0);
    let mut used: Vec<i64> = service
        .list_at(&["spec", "ports"])
        .iter()
        .filter_map(number)
        .collect();
    let ports = service.at_mut(&["spec", "ports"]).and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter(|port| number(port).is_none()) {
        let name = |port: &Value| port.str_at(&["name"]).unwrap_or_default().to_owned();
        let before = old
            .list_at(&["spec", "ports"])
            .iter()
            .find(|before| name(before) == name(port))
            .and_then(number);
        if let (Some(kept), Some(port)) = (before.filter(|kept| !used.contains(kept)), port.as_map_mut()) {
            port.insert("nodePort", kept);
            used.push(kept);
        }
    }
}

/// A client that knows only `clusterIP` changes or clears it alone; the list follows.
fn sync_cluster_ips(service: &mut Value, old: &Value) {
    let (new, before) = (cluster_ip(service).to_owned(), cluster_ip(old));
    if new == before || !same(service, old, "clusterIPs") {
        if !new.is_empty() && cluster_ips(service).is_empty() {
            set_cluster_ips(service, vec![new.into()]);
        }
        return;
    }
    match new.is_empty() {
        true => set_cluster_ips(service, Vec::new()),
        false => set_cluster_ips(service, vec![new.into()]),
    }
}

/// Fields that belong to the old type go when the client has not touched them.
fn drop_unused(service: &mut Value, old: &Value) {
    if needs_cluster_ip(old) && !needs_cluster_ip(service) {
        for field in [
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "internalTrafficPolicy",
        ] {
            drop_if_same(service, old, field);
        }
    }
    if needs_node_ports(old) && !needs_node_ports(service) {
        drop_node_ports(service, old);
    }
    if needs_health_check_port(old) && !needs_health_check_port(service) {
        drop_if_same(service, old, "healthCheckNodePort");
    }
    if kind(old) == Kind::LoadBalancer && kind(service) != Kind::LoadBalancer {
        drop_if_same(service, old, "allocateLoadBalancerNodePorts");
        drop_if_same(service, old, "loadBalancerClass");
    }
    if is_external(old) && !is_external(service) {
        drop_if_same(service, old, "externalTrafficPolicy");
    }
}

/// Whether traffic from outside the cluster reaches it.
fn is_external(service: &Value) -> bool {
    match kind(service) {
        Kind::NodePort | Kind::LoadBalancer => true,
        Kind::ClusterIp => !service.list_at(&["spec", "externalIPs"]).is_empty(),
        Kind::ExternalName => false,
    }
}

fn drop_node_ports(service: &mut Value, old: &Value) {
    if super::node_ports(service) != super::node_ports(old) {
        return;
    }
    let ports = service.at_mut(&["spec", "ports"]).and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_map_mut) {
        port.remove("nodePort");
    }
}

fn drop_if_same(service: &mut Value, old: &Value, field: &str) {
    if same(service, old, field)
        && let Some(spec) = spec_mut(service)
    {
        spec.remove(field);
    }
}

fn same(service: &Value, old: &Value, field: &str) -> bool {
    service.at(&["spec", field]) == old.at(&["spec", field])
}

fn is_zero(service: &Value, field: &str) -> bool {
    service.at(&["spec", field]).is_none_or(Value::is_zero)
}

fn copy(service: &mut Value, old: &Value, field: &str) {
    let value = old.at(&["spec", field]).cloned();
    if let (Some(value), Some(spec)) = (value, spec_mut(service)) {
        let spec: &mut Map = spec;
        spec.insert(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn old() -> Value {
        tree!({"spec": {"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"],
            "ports": [{"name": "a", "port": 80i64, "nodePort": 30_100i64}]}})
    }

    #[test]
    fn an_update_without_allocated_fields_keeps_them() {
        let mut service = tree!({"spec": {"type": "NodePort", "ports": [
            {"name": "a", "port": 81i64}, {"name": "b", "port": 82i64}]}});
        reconcile(&mut service, &old());
        assert_eq!(cluster_ips(&service), ["10.96.0.9"]);
        assert_eq!(super::super::node_ports(&service), [("TCP".into(), 30_100)]);
    }

    #[test]
    fn node_ports_go_with_the_type() {
        let mut service = old();
        if let Some(spec) = spec_mut(&mut service) {
            spec.insert("type", "ClusterIP");
        }
        reconcile(&mut service, &old());
        assert!(super::super::node_ports(&service).is_empty());
        assert_eq!(cluster_ip(&service), "10.96.0.9");
    }

    #[test]
    fn an_external_name_has_no_address() {
        let mut service = old();
        if let Some(spec) = spec_mut(&mut service) {
            spec.insert("type", "ExternalName");
        }
        reconcile(&mut service, &old());
        assert!(cluster_ip(&service).is_empty() && cluster_ips(&service).is_empty());
    }

    #[test]
    fn a_change_of_the_single_address_reaches_the_list() {
        let mut service = old();
        if let Some(spec) = spec_mut(&mut service) {
            spec.insert("clusterIP", "10.96.1.1");
        }
        reconcile(&mut service, &old());
        assert_eq!(cluster_ips(&service), ["10.96.1.1"]);
    }
}
