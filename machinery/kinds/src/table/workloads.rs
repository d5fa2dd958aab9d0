//! Kinds of the apps group, and replication controllers.

use schema::{SmolStr, Value};

use super::row::{Row, joined};
use super::selector::{labels, requirements, selector};
use super::{AGE, Column, NAME, field, integer, string, text};

/// Descriptions that several kinds share.
pub(super) const CONTAINERS: &str = "Names of each container in the template.";
pub(super) const IMAGES: &str = "Images referenced by each container in the template.";
const READY: &str = "Number of the pod with ready state";

/// The columns of the pod template at `spec.template`.
const TEMPLATE_CONTAINERS: Column = string("Containers", text(CONTAINERS), |row| {
    container_names(row, &["spec", "template", "spec"])
})
.wide();
const TEMPLATE_IMAGES: Column = string("Images", text(IMAGES), |row| {
    container_images(row, &["spec", "template", "spec"])
})
.wide();

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "ControllerRevision" => CONTROLLER_REVISIONS,
        "DaemonSet" => DAEMON_SETS,
        "Deployment" => DEPLOYMENTS,
        "ReplicaSet" => REPLICA_SETS,
        "StatefulSet" => STATEFUL_SETS,
        _ => return None,
    })
}

pub(super) const REPLICATION_CONTROLLERS: &[Column] = &[
    NAME,
    integer(
        "Desired",
        field!("core.v1.ReplicationControllerSpec", "replicas"),
        |row| row.int(&["spec", "replicas"]),
    ),
    integer(
        "Current",
        field!("core.v1.ReplicationControllerStatus", "replicas"),
        |row| row.int(&["status", "replicas"]),
    ),
    integer(
        "Ready",
        field!("core.v1.ReplicationControllerStatus", "readyReplicas"),
        |row| row.int(&["status", "readyReplicas"]),
    ),
    AGE,
    TEMPLATE_CONTAINERS,
    TEMPLATE_IMAGES,
    string(
        "Selector",
        field!("core.v1.ReplicationControllerSpec", "selector"),
        |row| labels(row.object.at(&["spec", "selector"])),
    )
    .wide(),
];

const CONTROLLER_REVISIONS: &[Column] = &[
    NAME,
    string("Controller", text("Controller of the object"), controller),
    string(
        "Revision",
        field!("apps.v1.ControllerRevision", "revision"),
        |row| row.int(&["revision"]),
    ),
    AGE,
];

const DAEMON_SETS: &[Column] = &[
    NAME,
    integer(
        "Desired",
        field!("apps.v1.DaemonSetStatus", "desiredNumberScheduled"),
        |row| row.int(&["status", "desiredNumberScheduled"]),
    ),
    integer(
        "Current",
        field!("apps.v1.DaemonSetStatus", "currentNumberScheduled"),
        |row| row.int(&["status", "currentNumberScheduled"]),
    ),
    integer("Ready", field!("apps.v1.DaemonSetStatus", "numberReady"), |row| {
        row.int(&["status", "numberReady"])
    }),
    integer(
        "Up-to-date",
        field!("apps.v1.DaemonSetStatus", "updatedNumberScheduled"),
        |row| row.int(&["status", "updatedNumberScheduled"]),
    ),
    integer(
        "Available",
        field!("apps.v1.DaemonSetStatus", "numberAvailable"),
        |row| row.int(&["status", "numberAvailable"]),
    ),
    string(
        "Node Selector",
        field!("core.v1.PodSpec", "nodeSelector"),
        |row| labels(row.object.at(&["spec", "template", "spec", "nodeSelector"])),
    ),
    AGE,
    TEMPLATE_CONTAINERS,
    TEMPLATE_IMAGES,
    string("Selector", field!("apps.v1.DaemonSetSpec", "selector"), |row| {
        selector(row.object.at(&["spec", "selector"]))
    })
    .wide(),
];

const DEPLOYMENTS: &[Column] = &[
    NAME,
    string("Ready", text(READY), ready),
    string(
        "Up-to-date",
        field!("apps.v1.DeploymentStatus", "updatedReplicas"),
        |row| row.int(&["status", "updatedReplicas"]),
    ),
    string(
        "Available",
        field!("apps.v1.DeploymentStatus", "availableReplicas"),
        |row| row.int(&["status", "availableReplicas"]),
    ),
    AGE,
    TEMPLATE_CONTAINERS,
    TEMPLATE_IMAGES,
    string("Selector", field!("apps.v1.DeploymentSpec", "selector"), |row| {
        Value::from(requirements(row.object.at(&["spec", "selector"])))
    })
    .wide(),
];

const REPLICA_SETS: &[Column] = &[
    NAME,
    integer("Desired", field!("apps.v1.ReplicaSetSpec", "replicas"), |row| {
        row.int(&["spec", "replicas"])
    }),
    integer("Current", field!("apps.v1.ReplicaSetStatus", "replicas"), |row| {
        row.int(&["status", "replicas"])
    }),
    integer(
        "Ready",
        field!("apps.v1.ReplicaSetStatus", "readyReplicas"),
        |row| row.int(&["status", "readyReplicas"]),
    ),
    AGE,
    TEMPLATE_CONTAINERS,
    TEMPLATE_IMAGES,
    string("Selector", field!("apps.v1.ReplicaSetSpec", "selector"), |row| {
        selector(row.object.at(&["spec", "selector"]))
    })
    .wide(),
];

const STATEFUL_SETS: &[Column] = &[
    NAME,
    string("Ready", text(READY), ready),
    AGE,
    TEMPLATE_CONTAINERS,
    TEMPLATE_IMAGES,
];

fn ready(row: &Row<'_>) -> Value {
    Value::from(format!(
        "{}/{}",
        row.number(&["status", "readyReplicas"]),
        row.number(&["spec", "replicas"])
    ))
}

/// `kind.group/name` of the owner that controls it.
fn controller(row: &Row<'_>) -> Value {
    let owners = row.list(&["metadata", "ownerReferences"]);
    let Some(owner) = owners
        .iter()
        .find(|owner| owner.bool_at(&["controller"]) == Some(true))
    else {
        return Value::from("<none>");
    };
    let of = |field| owner.str_at(&[field]).unwrap_or_default();
    let kind = of("kind").to_lowercase();
    let name = of("name");
    match of("apiVersion").split_once('/') {
        Some((group, _)) => Value::from(format!("{kind}.{}/{name}", group.to_lowercase())),
        None => Value::from(format!("{kind}/{name}")),
    }
}

/// Names of the containers of the pod spec at a path.
pub(super) fn container_names(row: &Row<'_>, spec: &[&str]) -> Value {
    of_containers(row, spec, "name")
}

/// Images of the containers of the pod spec at a path.
pub(super) fn container_images(row: &Row<'_>, spec: &[&str]) -> Value {
    of_containers(row, spec, "image")
}

fn of_containers(row: &Row<'_>, spec: &[&str], field: &str) -> Value {
    let containers = row
        .object
        .at(spec)
        .map(|spec| spec.list_at(&["containers"]))
        .unwrap_or_default();
    let text = joined(
        containers
            .iter()
            .map(|container| container.str_at(&[field]).unwrap_or_default()),
        ",",
    );
    Value::String(SmolStr::from(text))
}
