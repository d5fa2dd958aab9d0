//! Kinds of the resource group: dynamic resource allocation.

use schema::Value;

use super::row::{Row, joined};
use super::{AGE, Column, NAME, field, integer, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "DeviceClass" | "ResourceClaimTemplate" => NAME_AND_AGE,
        "DeviceTaintRule" => TAINT_RULES,
        "ResourceClaim" => CLAIMS,
        "ResourcePoolStatusRequest" => POOL_STATUS_REQUESTS,
        "ResourceSlice" => SLICES,
        _ => return None,
    })
}

const NAME_AND_AGE: &[Column] = &[NAME, AGE];

const CLAIMS: &[Column] = &[
    NAME,
    string(
        "State",
        text("A summary of the current state (allocated, pending, reserved, etc.)."),
        claim_state,
    ),
    AGE,
];

const SLICES: &[Column] = &[
    NAME,
    string(
        "Node",
        field!("resource.v1.ResourceSliceSpec", "nodeName"),
        |row| row.text(&["spec", "nodeName"]),
    ),
    string(
        "Driver",
        field!("resource.v1.ResourceSliceSpec", "driver"),
        |row| row.text(&["spec", "driver"]),
    ),
    string("Pool", field!("resource.v1.ResourcePool", "name"), |row| {
        row.text(&["spec", "pool", "name"])
    }),
    AGE,
];

const TAINT_RULES: &[Column] = &[
    NAME,
    string("Key", field!("resource.v1beta2.DeviceTaint", "key"), |row| {
        row.text(&["spec", "taint", "key"])
    }),
    string("Value", field!("resource.v1beta2.DeviceTaint", "value"), |row| {
        row.text(&["spec", "taint", "value"])
    }),
    string(
        "Effect",
        field!("resource.v1beta2.DeviceTaint", "effect"),
        |row| row.text(&["spec", "taint", "effect"]),
    ),
    string(
        "TimeAdded",
        field!("resource.v1beta2.DeviceTaint", "timeAdded"),
        |row| {
            let added = &["spec", "taint", "timeAdded"];
            if row.object.at(added).is_some() {
                row.age(added)
            } else {
                Value::from("")
            }
        },
    ),
    AGE,
];

const POOL_STATUS_REQUESTS: &[Column] = &[
    NAME,
    string(
        "Driver",
        field!("resource.v1alpha3.ResourcePoolStatusRequestSpec", "driver"),
        |row| row.text(&["spec", "driver"]),
    ),
    string(
        "Total",
        field!("resource.v1alpha3.PoolStatus", "totalDevices"),
        |row| devices(row, "totalDevices"),
    ),
    string(
        "Available",
        field!("resource.v1alpha3.PoolStatus", "availableDevices"),
        |row| devices(row, "availableDevices"),
    ),
    string(
        "Allocated",
        field!("resource.v1alpha3.PoolStatus", "allocatedDevices"),
        |row| devices(row, "allocatedDevices"),
    ),
    string(
        "Unavailable",
        field!("resource.v1alpha3.PoolStatus", "unavailableDevices"),
        |row| devices(row, "unavailableDevices"),
    ),
    string(
        "Errors",
        field!("resource.v1alpha3.PoolStatus", "validationError"),
        |row| of_pools(row, |pool| i64::from(pool.get("validationError").is_some())),
    ),
    integer(
        "Pools",
        field!("resource.v1alpha3.ResourcePoolStatusRequestStatus", "poolCount"),
        |row| row.int(&["status", "poolCount"]),
    ),
    string(
        "Status",
        field!("resource.v1alpha3.ResourcePoolStatusRequestStatus", "conditions"),
        pools_status,
    ),
    string(
        "Completed",
        field!("resource.v1alpha3.ResourcePoolStatusRequestStatus", "conditions"),
        |row| match row
            .condition("Complete")
            .and_then(|condition| condition.str_at(&["lastTransitionTime"]))
        {
            Some(time) => Value::from(super::age::since(Some(time), row.now)),
            None => Value::from("<none>"),
        },
    ),
];

fn claim_state(row: &Row<'_>) -> Value {
    let mut states = Vec::with_capacity(3);
    if row.deleting() {
        states.push("deleted");
    }
    if row.object.at(&["status", "allocation"]).is_some() {
        states.push("allocated");
        if !row.list(&["status", "reservedFor"]).is_empty() {
            states.push("reserved");
        }
    } else if !row.deleting() {
        states.push("pending");
    }
    Value::from(joined(states, ","))
}

fn devices(row: &Row<'_>, field: &'static str) -> Value {
    of_pools(row, |pool| pool.int_at(&[field]).unwrap_or_default())
}

/// A sum over the pools; a dash while there is no answer.
fn of_pools(row: &Row<'_>, count: impl Fn(&Value) -> i64) -> Value {
    if row.object.get("status").is_none() || row.holds("Failed") {
        return Value::from("-");
    }
    let total: i64 = row.list(&["status", "pools"]).iter().map(count).sum();
    Value::from(total.to_string())
}

fn pools_status(row: &Row<'_>) -> Value {
    if row.holds("Failed") {
        return Value::from("Failed");
    }
    if !row.holds("Complete") {
        return Value::from("Pending");
    }
    let (shown, all) = (
        row.count(&["status", "pools"]),
        row.number(&["status", "poolCount"]),
    );
    match shown < all {
        true => Value::from(format!("Complete ({shown}/{all} pools)")),
        false => Value::from("Complete"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn a_claim_sums_up_its_state() {
        let state = |object: Value| {
            layout_of("resource.k8s.io", "ResourceClaim").cells(&object, Timestamp::UNIX_EPOCH)[1].clone()
        };
        assert_eq!(state(tree!({})), Value::from("pending"));
        let deleting = || tree!({"deletionTimestamp": "1970-01-01T00:00:00Z"});
        assert_eq!(state(tree!({"metadata": (deleting())})), Value::from("deleted"));
        let reserved =
            tree!({"metadata": (deleting()), "status": {"allocation": {}, "reservedFor": [{"name": "p"}]}});
        assert_eq!(state(reserved), Value::from("deleted,allocated,reserved"));
    }
}
