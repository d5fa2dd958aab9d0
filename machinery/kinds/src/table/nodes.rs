//! Nodes.

use schema::Value;
use std::collections::BTreeSet;

use super::row::{Row, joined, or};
use super::{AGE, Column, NAME, field, string, text};

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE_LABEL: &str = "kubernetes.io/role";

pub(super) const NODES: &[Column] = &[
    NAME,
    string("Status", text("The status of the node"), status),
    string("Roles", text("The roles of the node"), roles),
    AGE,
    string(
        "Version",
        field!("core.v1.NodeSystemInfo", "kubeletVersion"),
        |row| row.text(&["status", "nodeInfo", "kubeletVersion"]),
    ),
    string("Internal-IP", field!("core.v1.NodeStatus", "addresses"), |row| {
        address(row, "InternalIP")
    })
    .wide(),
    string("External-IP", field!("core.v1.NodeStatus", "addresses"), |row| {
        address(row, "ExternalIP")
    })
    .wide(),
    string("OS-Image", field!("core.v1.NodeSystemInfo", "osImage"), |row| {
        info(row, "osImage")
    })
    .wide(),
    string(
        "Kernel-Version",
        field!("core.v1.NodeSystemInfo", "kernelVersion"),
        kernel,
    )
    .wide(),
    string(
        "Container-Runtime",
        field!("core.v1.NodeSystemInfo", "containerRuntimeVersion"),
        |row| info(row, "containerRuntimeVersion"),
    )
    .wide(),
];

fn status(row: &Row<'_>) -> Value {
    let ready = match row.condition("Ready").map(|ready| ready.str_at(&["status"])) {
        Some(Some("True")) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    match row.object.bool_at(&["spec", "unschedulable"]) {
        Some(true) => Value::from(format!("{ready},SchedulingDisabled")),
        _ => Value::from(ready),
    }
}

fn roles(row: &Row<'_>) -> Value {
    let labels = row
        .object
        .map_at(&["metadata", "labels"])
        .into_iter()
        .flat_map(|labels| labels.iter());
    let role = |(key, value): (&'_ schema::SmolStr, &'_ Value)| match key.strip_prefix(ROLE_PREFIX) {
        Some(role) => Some(role.to_owned()),
        None if key == ROLE_LABEL => value.as_str().map(str::to_owned),
        None => None,
    };
    let roles: BTreeSet<String> = labels.filter_map(role).filter(|role| !role.is_empty()).collect();
    or(joined(roles, ","), "<none>")
}

fn address(row: &Row<'_>, kind: &str) -> Value {
    let addresses = row.list(&["status", "addresses"]);
    let found = addresses
        .iter()
        .find(|address| address.str_at(&["type"]) == Some(kind));
    Value::from(
        found
            .and_then(|address| address.str_at(&["address"]))
            .unwrap_or("<none>"),
    )
}

fn info(row: &Row<'_>, field: &str) -> Value {
    row.text_or(&["status", "nodeInfo", field], "<unknown>")
}

fn kernel(row: &Row<'_>) -> Value {
    let version = info(row, "kernelVersion");
    match row.str(&["status", "nodeInfo", "architecture"]) {
        "" => version,
        architecture => Value::from(format!(
            "{} ({architecture})",
            version.as_str().unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn prints_roles_addresses_and_system() {
        let node = tree!({
            "metadata": {"name": "n", "labels": {
                "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/": "", "kubernetes.io/role": "control",
            }},
            "spec": {"unschedulable": true},
            "status": {
                "conditions": [{"type": "Ready", "status": "False"}],
                "addresses": [{"type": "Hostname", "address": "h"}, {"type": "InternalIP", "address": "10.0.0.1"}],
                "nodeInfo": {"kubeletVersion": "v1.36.2", "kernelVersion": "6.1", "architecture": "amd64"},
            },
        });
        let cells = layout_of("", "Node").cells(&node, Timestamp::UNIX_EPOCH);
        let expected = [
            "n",
            "NotReady,SchedulingDisabled",
            "control,worker",
            "<unknown>",
            "v1.36.2",
            "10.0.0.1",
            "<none>",
            "<unknown>",
            "6.1 (amd64)",
            "<unknown>",
        ];
        assert_eq!(cells, expected.map(Value::from));
    }
}
