//! The `Available` condition of APIServices: whether there is somebody behind them to ask.
//! It decides from the Service and its EndpointSlices; asking the server behind them is the aggregator's.

use schema::Value;

use super::conditions::Condition;

const DEFAULT_PORT: i64 = 443;

/// Which Service an APIService names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    port: i64,
}

/// The Service behind an APIService; `None` if this server answers itself.
pub fn target(api_service: &Value) -> Option<Target<'_>> {
    let service = api_service
        .at(&["spec", "service"])
        .filter(|service| !service.is_null())?;
    let text = |field| service.str_at(&[field]).unwrap_or_default();
    Some(Target {
        namespace: text("namespace"),
        name: text("name"),
        port: service.int_at(&["port"]).unwrap_or(DEFAULT_PORT),
    })
}

/// What this server answers itself is always there.
pub fn local() -> Condition {
    available(
        "True",
        "Local",
        "Local APIServices are always available".to_owned(),
    )
}

/// What can be said of a Service and its slices (of that Service alone) without asking behind them.
pub fn remote(target: Target<'_>, service: Option<&Value>, slices: &[Value]) -> Condition {
    let Target {
        namespace,
        name,
        port,
    } = target;
    let shown = format!("service/{name} in {namespace:?}");
    let Some(service) = service else {
        return available("False", "ServiceNotFound", format!("{shown} is not present"));
    };
    if service.str_at(&["spec", "type"]).unwrap_or("ClusterIP") == "ClusterIP" {
        let ports = service.list_at(&["spec", "ports"]);
        let Some(found) = ports.iter().find(|other| other.int_at(&["port"]) == Some(port)) else {
            return available(
                "False",
                "ServicePortError",
                format!("{shown} is not listening on port {port}"),
            );
        };
        if slices.is_empty() {
            return available(
                "False",
                "EndpointsNotFound",
                format!("cannot find endpointslices for {shown}"),
            );
        }
        let port_name = found.str_at(&["name"]).unwrap_or_default();
        if !slices.iter().any(|slice| has_endpoint(slice, port_name)) {
            let message =
                format!("endpointslices for {shown} have no addresses with port name {port_name:?}");
            return available("False", "MissingEndpoints", message);
        }
    }
    available(
        "Unknown",
        "DiscoveryUnchecked",
        format!("{shown} is present and has not been asked yet"),
    )
}

fn has_endpoint(slice: &Value, port_name: &str) -> bool {
    let has_port = slice
        .list_at(&["ports"])
        .iter()
        .any(|port| port.str_at(&["name"]).unwrap_or_default() == port_name);
    // Endpoints that say nothing are ready.
    let is_ready = |endpoint: &Value| endpoint.bool_at(&["conditions", "ready"]) != Some(false);
    has_port && slice.list_at(&["endpoints"]).iter().any(is_ready)
}

fn available(status: &'static str, reason: &'static str, message: String) -> Condition {
    Condition {
        kind: "Available",
        status,
        reason,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn reason(service: Option<&Value>, slices: &[Value]) -> &'static str {
        let api_service = tree!({"spec": {"service": {"namespace": "ns", "name": "api"}}});
        remote(target(&api_service).expect("remote"), service, slices).reason
    }

    #[test]
    fn each_missing_part_has_its_reason() {
        let service =
            |port: i64| tree!({"spec": {"type": "ClusterIP", "ports": [{"name": "https", "port": port}]}});
        let slice = |ready: bool| tree!({"ports": [{"name": "https"}], "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}]});
        assert_eq!(reason(None, &[]), "ServiceNotFound");
        assert_eq!(reason(Some(&service(80)), &[]), "ServicePortError");
        assert_eq!(reason(Some(&service(443)), &[]), "EndpointsNotFound");
        assert_eq!(reason(Some(&service(443)), &[slice(false)]), "MissingEndpoints");
        assert_eq!(reason(Some(&service(443)), &[slice(true)]), "DiscoveryUnchecked");
    }

    #[test]
    fn without_a_service_it_is_local() {
        assert_eq!(target(&tree!({"spec": {}})), None);
        assert_eq!(local().status, "True");
    }
}
