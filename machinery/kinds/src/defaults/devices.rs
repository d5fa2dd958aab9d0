//! Defaults of dynamic resource allocation (resource.k8s.io), in all served versions.

use schema::{Map, SmolStr, Value};

use super::Fill::{Int, Text};
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        prefix: "io.k8s.api.resource.v1.",
        rules: &[
            ("ExactDeviceRequest", request),
            ("DeviceSubRequest", request),
            ("DeviceTaint", taint),
            ("NodeAllocatableResourceMapping", mapping),
        ],
        nil: &[],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.api.resource.v1beta2.",
        rules: &[
            ("ExactDeviceRequest", request),
            ("DeviceSubRequest", request),
            ("DeviceTaint", taint),
            ("NodeAllocatableResourceMapping", mapping),
        ],
        nil: &[],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.api.resource.v1beta1.",
        rules: &[
            ("DeviceRequest", request_of_class),
            ("DeviceSubRequest", request),
            ("DeviceTaint", taint),
            ("NodeAllocatableResourceMapping", mapping),
        ],
        nil: &[],
        empty: &[],
    },
    Family {
        prefix: "io.k8s.api.resource.v1alpha3.",
        rules: &[("DeviceTaint", taint)],
        nil: &[("ResourcePoolStatusRequestSpec", "limit", Int(100))],
        empty: &[],
    },
];

fn request(request: &mut Map, _: Now<'_>) {
    fill::empty(request, "allocationMode", Text("ExactCount"));
    if fill::text(request, "allocationMode") == "ExactCount" {
        fill::empty(request, "count", Int(1));
    }
}

/// In v1beta1 one message holds an exact request or alternatives; only the former has a class.
fn request_of_class(of_class: &mut Map, now: Now<'_>) {
    if !fill::is_empty(of_class, "deviceClassName") {
        request(of_class, now);
    }
}

fn taint(taint: &mut Map, now: Now<'_>) {
    if fill::is_nil(taint, "timeAdded") {
        taint.insert(SmolStr::new_static("timeAdded"), now.0);
    }
}

fn mapping(mapping: &mut Map, _: Now<'_>) {
    if fill::is_nil(mapping, "allocationMultiplier") {
        mapping.insert("allocationMultiplier", Value::from("1"));
    }
}
