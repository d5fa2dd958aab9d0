//! Defaults of webhooks and admission policies, in all served versions.

use super::Family;
use super::Fill::{Int, Object, Text};

/// What the policies of every version share.
macro_rules! policies {
    ($prefix:literal, $($more:expr),*) => {
        Family {
            prefix: $prefix,
            rules: &[],
            nil: &[
                ("MutatingAdmissionPolicySpec", "failurePolicy", Text("Fail")),
                ("MatchResources", "matchPolicy", Text("Equivalent")),
                ("MatchResources", "namespaceSelector", Object),
                ("MatchResources", "objectSelector", Object),
                $($more),*
            ],
            empty: &[],
        }
    };
}

pub(super) const FAMILIES: &[Family] = &[
    policies!(
        "io.k8s.api.admissionregistration.v1.",
        ("ValidatingAdmissionPolicySpec", "failurePolicy", Text("Fail")),
        ("Rule", "scope", Text("*")),
        ("ServiceReference", "port", Int(443)),
        ("ValidatingWebhook", "failurePolicy", Text("Fail")),
        ("ValidatingWebhook", "matchPolicy", Text("Equivalent")),
        ("ValidatingWebhook", "namespaceSelector", Object),
        ("ValidatingWebhook", "objectSelector", Object),
        ("ValidatingWebhook", "timeoutSeconds", Int(10)),
        ("MutatingWebhook", "failurePolicy", Text("Fail")),
        ("MutatingWebhook", "matchPolicy", Text("Equivalent")),
        ("MutatingWebhook", "namespaceSelector", Object),
        ("MutatingWebhook", "objectSelector", Object),
        ("MutatingWebhook", "timeoutSeconds", Int(10)),
        ("MutatingWebhook", "reinvocationPolicy", Text("Never"))
    ),
    policies!("io.k8s.api.admissionregistration.v1beta1.",),
    policies!(
        "io.k8s.api.admissionregistration.v1alpha1.",
        ("ParamRef", "parameterNotFoundAction", Text("Deny"))
    ),
];
