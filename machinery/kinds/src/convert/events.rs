//! Events: core/v1 and events.k8s.io/v1 hold the same facts under different names.

use schema::Value;

use super::rename;

/// Names in core/v1 and in events.k8s.io/v1.
const NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

pub(super) fn from_core(event: &mut Value) {
    if let Value::Map(event) = event {
        rename::fields(event, NAMES);
    }
}

pub(super) fn to_core(event: &mut Value) {
    if let Value::Map(event) = event {
        rename::fields_back(event, NAMES);
    }
}
