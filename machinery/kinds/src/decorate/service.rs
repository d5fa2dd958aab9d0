//! Services written before they had several addresses and families. Allocation is the write path's.

use schema::{Map, Value};

/// A family of IP addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpFamily {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            IpFamily::V4 => "IPv4",
            IpFamily::V6 => "IPv6",
        }
    }

    fn other(self) -> Self {
        match self {
            IpFamily::V4 => IpFamily::V6,
            IpFamily::V6 => IpFamily::V4,
        }
    }

    fn of(address: &str) -> Self {
        if address.contains(':') {
            IpFamily::V6
        } else {
            IpFamily::V4
        }
    }
}

/// The list of addresses follows the single one, and families follow the addresses.
pub(super) fn decorate(service: &mut Map, primary: IpFamily) {
    let Some(Value::Map(spec)) = service.get_mut("spec") else {
        return;
    };
    addresses(spec);
    let kind = spec.get("type").and_then(Value::as_str).unwrap_or_default();
    let takes_address = matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer");
    if takes_address && spec.get("ipFamilies").is_none_or(Value::is_zero) {
        families(spec, primary);
    }
}

fn addresses(spec: &mut Map) {
    let single = spec
        .get("clusterIP")
        .filter(|address| !address.is_zero())
        .cloned();
    if let (Some(address), true) = (single, spec.get("clusterIPs").is_none_or(Value::is_zero)) {
        spec.insert("clusterIPs", vec![address]);
    }
}

fn families(spec: &mut Map, primary: IpFamily) {
    let addresses = spec
        .get("clusterIPs")
        .and_then(Value::as_list)
        .unwrap_or_default();
    let headless = spec.get("clusterIP").and_then(Value::as_str) == Some("None");
    let families: Vec<IpFamily> = match headless {
        // Nobody said which families a headless service without selector has: it may have both.
        true if spec.get("selector").is_none_or(Value::is_zero) => vec![primary, primary.other()],
        true => vec![primary],
        false => addresses
            .iter()
            .filter_map(Value::as_str)
            .map(IpFamily::of)
            .collect(),
    };
    let policy = match families.len() {
        0 => return,
        1 => "SingleStack",
        _ => "RequireDualStack",
    };
    spec.insert("ipFamilyPolicy", policy);
    spec.insert(
        "ipFamilies",
        families
            .iter()
            .map(|family| Value::from(family.as_str()))
            .collect::<Vec<_>>(),
    );
}
