//! Kinds of the core group, and the Status that any request may be answered with.

use schema::Value;

use super::row::Row;
use super::selector::labels;
use super::workloads::{container_images, container_names};
use super::{AGE, Column, NAME, events, field, nodes, pods, services, storage, string, text, workloads};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "ComponentStatus" => COMPONENT_STATUSES,
        "ConfigMap" => CONFIG_MAPS,
        "Endpoints" => services::ENDPOINTS,
        "Event" => events::EVENTS,
        "Namespace" => NAMESPACES,
        "Node" => nodes::NODES,
        "PersistentVolume" => storage::VOLUMES,
        "PersistentVolumeClaim" => storage::CLAIMS,
        "Pod" => pods::PODS,
        "PodTemplate" => POD_TEMPLATES,
        "ReplicationController" => workloads::REPLICATION_CONTROLLERS,
        "ResourceQuota" => RESOURCE_QUOTAS,
        "Secret" => SECRETS,
        "Service" => services::SERVICES,
        "ServiceAccount" => SERVICE_ACCOUNTS,
        "Status" => STATUSES,
        _ => return None,
    })
}

const STATUSES: &[Column] = &[
    string("Status", doc_meta("status"), |row| row.text(&["status"])),
    string("Reason", doc_meta("reason"), |row| row.text(&["reason"])),
    string("Message", doc_meta("message"), |row| row.text(&["message"])),
];

const fn doc_meta(field: &'static str) -> super::Description {
    super::Description::Field("io.k8s.apimachinery.pkg.apis.meta.v1.Status", field)
}

const COMPONENT_STATUSES: &[Column] = &[
    NAME,
    string("Status", text("Status of the component conditions"), |row| {
        Value::from(match health(row, "status") {
            Some("True") => "Healthy",
            Some(_) => "Unhealthy",
            None => "Unknown",
        })
    }),
    string("Message", text("Message of the component conditions"), |row| {
        Value::from(health(row, "message").unwrap_or_default())
    }),
    string("Error", text("Error of the component conditions"), |row| {
        Value::from(health(row, "error").unwrap_or_default())
    }),
];

/// A field of the condition that tells a component's health.
fn health<'a>(row: &Row<'a>, field: &str) -> Option<&'a str> {
    let conditions = row.list(&["conditions"]);
    let healthy = conditions
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some("Healthy"))?;
    Some(healthy.str_at(&[field]).unwrap_or_default())
}

const CONFIG_MAPS: &[Column] = &[
    NAME,
    string("Data", field!("core.v1.ConfigMap", "data"), |row| {
        Value::Int(row.count(&["data"]) + row.count(&["binaryData"]))
    }),
    AGE,
];

const NAMESPACES: &[Column] = &[
    NAME,
    string("Status", text("The status of the namespace"), |row| {
        row.text(&["status", "phase"])
    }),
    AGE,
];

const POD_TEMPLATES: &[Column] = &[
    NAME,
    string("Containers", text(workloads::CONTAINERS), |row| {
        container_names(row, &["template", "spec"])
    }),
    string("Images", text(workloads::IMAGES), |row| {
        container_images(row, &["template", "spec"])
    }),
    string("Pod Labels", text("The labels for the pod template."), |row| {
        labels(row.object.at(&["template", "metadata", "labels"]))
    }),
];

const RESOURCE_QUOTAS: &[Column] = &[
    NAME,
    string(
        "Request",
        text("Request represents a minimum amount of cpu/memory that a container may consume."),
        |row| quota(row, |resource| !resource.starts_with("limits.")),
    ),
    string(
        "Limit",
        text(concat!(
            "Limits control the maximum amount of cpu/memory that a container may use ",
            "independent of contention on the node."
        )),
        |row| quota(row, |resource| resource.starts_with("limits.")),
    ),
    AGE,
];

/// `name: used/hard` of the resources that `shown` accepts, in name order.
fn quota(row: &Row<'_>, shown: fn(&str) -> bool) -> Value {
    let hard = row
        .object
        .map_at(&["status", "hard"])
        .into_iter()
        .flat_map(|hard| hard.iter());
    let mut text = String::new();
    for (resource, hard) in hard.filter(|(resource, _)| shown(resource)) {
        let used = row.object.str_at(&["status", "used", resource]).unwrap_or("0");
        let separator = if text.is_empty() { "" } else { ", " };
        text.push_str(&format!(
            "{separator}{resource}: {used}/{}",
            hard.as_str().unwrap_or("0")
        ));
    }
    Value::from(text)
}

const SECRETS: &[Column] = &[
    NAME,
    string("Type", field!("core.v1.Secret", "type"), |row| {
        row.text(&["type"])
    }),
    string("Data", field!("core.v1.Secret", "data"), |row| {
        Value::Int(row.count(&["data"]))
    }),
    AGE,
];

const SERVICE_ACCOUNTS: &[Column] = &[NAME, AGE];
