//! The inner types of resource claims and their templates.
//! Claims of pods are with the pod's types.

use super::Form::{Always, Embedded, Many, Maybe, Metadata};
use super::{Field, f, null, number, text};

#[rustfmt::skip]
pub(super) const TYPES: &[(&str, &[Field])] = &[
    ("ResourceClaimTemplateSpec", &[
        f("", "metadata", Metadata),
        f("Spec", "spec", Always("ResourceClaimSpec")),
    ]),
    ("ResourceClaimSpec", &[f("Devices", "devices", Always("DeviceClaim"))]),
    ("DeviceClaim", &[
        f("Requests", "requests", Many("DeviceRequest")),
        f("Constraints", "constraints", Many("DeviceConstraint")),
        f("Config", "config", Many("DeviceClaimConfiguration")),
    ]),
    ("DeviceRequest", &[
        text("Name", "name"),
        f("Exactly", "exactly", Maybe("ExactDeviceRequest")),
        f("FirstAvailable", "firstAvailable", Many("DeviceSubRequest")),
    ]),
    ("ExactDeviceRequest", &[
        text("DeviceClassName", "deviceClassName"),
        f("Selectors", "selectors", Many("DeviceSelector")),
        text("AllocationMode", "allocationMode"),
        number("Count", "count"),
        null("AdminAccess", "adminAccess"),
        f("Tolerations", "tolerations", Many("DeviceToleration")),
        f("Capacity", "capacity", Maybe("CapacityRequirements")),
    ]),
    ("DeviceSubRequest", &[
        text("Name", "name"),
        text("DeviceClassName", "deviceClassName"),
        f("Selectors", "selectors", Many("DeviceSelector")),
        text("AllocationMode", "allocationMode"),
        number("Count", "count"),
        f("Tolerations", "tolerations", Many("DeviceToleration")),
        f("Capacity", "capacity", Maybe("CapacityRequirements")),
    ]),
    ("DeviceSelector", &[f("CEL", "cel", Maybe("CELDeviceSelector"))]),
    ("CELDeviceSelector", &[text("Expression", "expression")]),
    ("DeviceToleration", &[
        text("Key", "key"),
        text("Operator", "operator"),
        text("Value", "value"),
        text("Effect", "effect"),
        null("TolerationSeconds", "tolerationSeconds"),
    ]),
    ("CapacityRequirements", &[null("Requests", "requests")]),
    ("DeviceConstraint", &[
        null("Requests", "requests"),
        null("MatchAttribute", "matchAttribute"),
        null("DistinctAttribute", "distinctAttribute"),
    ]),
    ("DeviceClaimConfiguration", &[
        null("Requests", "requests"),
        f("", "", Embedded("DeviceConfiguration")),
    ]),
    ("DeviceConfiguration", &[f("Opaque", "opaque", Maybe("OpaqueDeviceConfiguration"))]),
    ("OpaqueDeviceConfiguration", &[
        text("Driver", "driver"),
        null("Parameters", "parameters"),
    ]),
    ("AllocationResult", &[
        f("Devices", "devices", Always("DeviceAllocationResult")),
        f("NodeSelector", "nodeSelector", Maybe("NodeSelector")),
        null("AllocationTimestamp", "allocationTimestamp"),
    ]),
    ("DeviceAllocationResult", &[
        f("Results", "results", Many("DeviceRequestAllocationResult")),
        f("Config", "config", Many("DeviceAllocationConfiguration")),
    ]),
    ("DeviceRequestAllocationResult", &[
        text("Request", "request"),
        text("Driver", "driver"),
        text("Pool", "pool"),
        text("Device", "device"),
        null("AdminAccess", "adminAccess"),
        f("Tolerations", "tolerations", Many("DeviceToleration")),
        null("BindingConditions", "bindingConditions"),
        null("BindingFailureConditions", "bindingFailureConditions"),
        null("ShareID", "shareID"),
        null("ConsumedCapacity", "consumedCapacity"),
    ]),
    ("DeviceAllocationConfiguration", &[
        text("Source", "source"),
        null("Requests", "requests"),
        f("", "", Embedded("DeviceConfiguration")),
    ]),
    ("DeviceAttribute", &[
        null("IntValue", "int"),
        null("BoolValue", "bool"),
        null("StringValue", "string"),
        null("VersionValue", "version"),
    ]),
];
