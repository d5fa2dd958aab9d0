//! Single objects that describe the cluster: its Service address ranges, how extension servers tell who calls them, since
//! when legacy tokens are tracked. It makes them; it does not send them.

use schema::{Map, Value, tree};

use super::objects::Bootstrap;

const KUBE_SYSTEM_CONFIG_MAPS: &str = "/api/v1/namespaces/kube-system/configmaps";
/// The config map that extension API servers read.
pub const AUTHENTICATION: &str = "extension-apiserver-authentication";

/// What extension API servers must know to accept requests that this server passes on.
#[derive(Clone, Debug, Default)]
pub struct Authentication {
    /// PEM of the authorities of client certificates.
    pub client_ca: Option<String>,
    /// PEM of the front proxy's authority.
    pub request_header_ca: Option<String>,
    /// Names that the front proxy's certificate may have.
    pub request_header_allowed_names: Vec<String>,
}

/// The ServiceCIDR of the server's flag, and its status.
pub fn service_cidr(cidrs: &[String]) -> Bootstrap {
    let cidrs: Vec<Value> = cidrs.iter().map(|cidr| Value::from(cidr.as_str())).collect();
    Bootstrap {
        collection: "/apis/networking.k8s.io/v1/servicecidrs".to_owned(),
        object: tree!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": cidrs},
        }),
    }
}

/// The condition that makes the default range usable.
pub fn service_cidr_ready(now: &str) -> Value {
    tree!({
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "",
        "message": "Kubernetes default Service CIDR is ready",
    })
}

/// The day since which uses of legacy service account tokens are noted; `today` as `2026-01-31`.
pub fn legacy_token_tracking(today: &str) -> Bootstrap {
    config_map(
        "kube-apiserver-legacy-service-account-token-tracking",
        tree!({"since": today}),
    )
}

/// The config map of extension servers.
pub fn authentication(settings: &Authentication) -> Bootstrap {
    let mut data = Map::new();
    if let Some(ca) = &settings.client_ca {
        data.insert("client-ca-file", ca.as_str());
    }
    if let Some(ca) = &settings.request_header_ca {
        let names = settings
            .request_header_allowed_names
            .iter()
            .map(|name| Value::from(name.as_str()))
            .collect();
        data.insert("requestheader-allowed-names", json_text(&Value::List(names)));
        data.insert("requestheader-client-ca-file", ca.as_str());
        data.insert(
            "requestheader-extra-headers-prefix",
            json_text(&tree!(["X-Remote-Extra-"])),
        );
        data.insert(
            "requestheader-group-headers",
            json_text(&tree!(["X-Remote-Group"])),
        );
        data.insert("requestheader-uid-headers", json_text(&tree!(["X-Remote-Uid"])));
        data.insert(
            "requestheader-username-headers",
            json_text(&tree!(["X-Remote-User"])),
        );
    }
    config_map(AUTHENTICATION, Value::Map(data))
}

fn config_map(name: &str, data: Value) -> Bootstrap {
    Bootstrap {
        collection: KUBE_SYSTEM_CONFIG_MAPS.to_owned(),
        object: tree!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "kube-system"},
            "data": data,
        }),
    }
}

fn json_text(value: &Value) -> String {
    let mut text = Vec::new();
    schema::json::write(value, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
