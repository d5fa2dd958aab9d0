//! Kinds of the scheduling, coordination and node groups.

use schema::Value;

use super::row::Row;
use super::{AGE, Column, NAME, boolean, field, integer, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "Lease" => LEASES,
        "LeaseCandidate" => LEASE_CANDIDATES,
        "PodGroup" => POD_GROUPS,
        "PriorityClass" => PRIORITY_CLASSES,
        "RuntimeClass" => RUNTIME_CLASSES,
        "Workload" => WORKLOADS,
        _ => return None,
    })
}

const LEASES: &[Column] = &[
    NAME,
    string(
        "Holder",
        field!("coordination.v1.LeaseSpec", "holderIdentity"),
        |row| row.text(&["spec", "holderIdentity"]),
    ),
    AGE,
];

const LEASE_CANDIDATES: &[Column] = &[
    NAME,
    string(
        "LeaseName",
        field!("coordination.v1beta1.LeaseCandidateSpec", "leaseName"),
        |row| row.text(&["spec", "leaseName"]),
    ),
    string(
        "BinaryVersion",
        field!("coordination.v1beta1.LeaseCandidateSpec", "binaryVersion"),
        |row| row.text(&["spec", "binaryVersion"]),
    ),
    string(
        "EmulationVersion",
        field!("coordination.v1beta1.LeaseCandidateSpec", "emulationVersion"),
        |row| row.text(&["spec", "emulationVersion"]),
    ),
    AGE,
];

const POD_GROUPS: &[Column] = &[
    NAME,
    string(
        "Policy",
        field!("scheduling.v1alpha2.PodGroupSpec", "schedulingPolicy"),
        |row| {
            let gang = row.object.at(&["spec", "schedulingPolicy", "gang"]);
            Value::from(if gang.is_some() { "Gang" } else { "Basic" })
        },
    ),
    string(
        "Workload",
        field!(
            "scheduling.v1alpha2.WorkloadPodGroupTemplateReference",
            "workloadName"
        ),
        |row| {
            row.text_or(
                &["spec", "podGroupTemplateRef", "workload", "workloadName"],
                "<none>",
            )
        },
    ),
    string(
        "Status",
        field!("scheduling.v1alpha2.PodGroup", "status"),
        pod_group_status,
    ),
    AGE,
];

const PRIORITY_CLASSES: &[Column] = &[
    NAME,
    integer("Value", field!("scheduling.v1.PriorityClass", "value"), |row| {
        row.int(&["value"])
    }),
    boolean(
        "Global-Default",
        field!("scheduling.v1.PriorityClass", "globalDefault"),
        |row| row.flag(&["globalDefault"], false),
    ),
    AGE,
    string(
        "PreemptionPolicy",
        field!("scheduling.v1.PriorityClass", "preemptionPolicy"),
        |row| row.text(&["preemptionPolicy"]),
    ),
];

const RUNTIME_CLASSES: &[Column] = &[
    NAME,
    string("Handler", text(""), |row| row.text(&["handler"])),
    AGE,
];

const WORKLOADS: &[Column] = &[NAME, AGE];

/// Whether the group is scheduled; a disruption outweighs that.
fn pod_group_status(row: &Row<'_>) -> Value {
    if let Some(disruption) = row.condition("DisruptionTarget") {
        return Value::from(disruption.str_at(&["reason"]).unwrap_or_default());
    }
    Value::from(match row.condition("PodGroupScheduled") {
        Some(_) if row.holds("PodGroupScheduled") => "Scheduled",
        Some(_) => "Unschedulable",
        None => "Pending",
    })
}
