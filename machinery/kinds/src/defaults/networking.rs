//! Defaults of network policies, ingress classes and endpoint slices.

use schema::{Map, Value};

use super::Fill::Text;
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        prefix: "io.k8s.api.networking.v1.",
        rules: &[("NetworkPolicySpec", policy)],
        nil: &[
            ("NetworkPolicyPort", "protocol", Text("TCP")),
            ("IngressClassParametersReference", "scope", Text("Cluster")),
        ],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.api.discovery.v1.",
        rules: &[],
        nil: &[
            ("EndpointPort", "name", Text("")),
            ("EndpointPort", "protocol", Text("TCP")),
        ],
        empty: &[],
    },
];

/// A policy is about ingress, and about egress when it has such rules.
fn policy(spec: &mut Map, _: Now<'_>) {
    if !fill::is_empty(spec, "policyTypes") {
        return;
    }
    let mut types = vec![Value::from("Ingress")];
    if !fill::is_empty(spec, "egress") {
        types.push(Value::from("Egress"));
    }
    spec.insert("policyTypes", types);
}
