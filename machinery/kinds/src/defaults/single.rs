//! Defaults of groups with a single rule each: token requests, priority classes, API services.

use super::Family;
use super::Fill::{Int, Text};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        prefix: "io.k8s.api.authentication.v1.",
        rules: &[],
        nil: &[("TokenRequestSpec", "expirationSeconds", Int(3600))],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.api.scheduling.v1.",
        rules: &[],
        nil: &[("PriorityClass", "preemptionPolicy", Text("PreemptLowerPriority"))],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.",
        rules: &[],
        nil: &[("ServiceReference", "port", Int(443))],
        empty: &[],
    },
];
