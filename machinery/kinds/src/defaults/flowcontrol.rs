//! Defaults of flow schemas and priority levels.

use super::Family;
use super::Fill::Int;

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.flowcontrol.v1.",
    rules: &[],
    nil: &[
        (
            "ExemptPriorityLevelConfiguration",
            "nominalConcurrencyShares",
            Int(0),
        ),
        ("ExemptPriorityLevelConfiguration", "lendablePercent", Int(0)),
        (
            "LimitedPriorityLevelConfiguration",
            "nominalConcurrencyShares",
            Int(30),
        ),
        ("LimitedPriorityLevelConfiguration", "lendablePercent", Int(0)),
    ],
    empty: &[
        ("FlowSchemaSpec", "matchingPrecedence", Int(1000)),
        ("QueuingConfiguration", "handSize", Int(8)),
        ("QueuingConfiguration", "queues", Int(64)),
        ("QueuingConfiguration", "queueLengthLimit", Int(50)),
    ],
}];
