//! Defaults of the remaining core kinds: replication controllers, secrets, namespaces, nodes, endpoints.
//! Pods, services, volumes and limit ranges have files of their own.

use schema::{Map, SmolStr, Value};

use super::Fill::Text;
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.core.v1.",
    rules: &[
        ("ReplicationController", replication_controller),
        ("Namespace", namespace),
        ("NodeStatus", node_status),
    ],
    nil: &[],
    empty: &[
        ("Secret", "type", Text("Opaque")),
        ("NamespaceStatus", "phase", Text("Active")),
        ("EndpointPort", "protocol", Text("TCP")),
    ],
}];

/// The label that every namespace carries.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Selector and labels are the template's unless given.
fn replication_controller(controller: &mut Map, _: Now<'_>) {
    let Some(labels) = template_labels(controller) else {
        return;
    };
    let spec = controller.map_at("spec");
    if fill::is_empty(spec, "selector") {
        spec.insert("selector", labels.clone());
    }
    let metadata = controller.map_at("metadata");
    if fill::is_empty(metadata, "labels") {
        metadata.insert("labels", labels);
    }
}

/// The labels of `spec.template`, if it has any.
pub(super) fn template_labels(object: &Map) -> Option<Map> {
    let labels = object.get("spec")?.map_at(&["template", "metadata", "labels"])?;
    (!labels.is_empty()).then(|| labels.clone())
}

fn namespace(namespace: &mut Map, _: Now<'_>) {
    let metadata = namespace.map_at("metadata");
    let name = SmolStr::new(fill::text(metadata, "name"));
    if !name.is_empty() {
        metadata
            .map_at("labels")
            .insert(SmolStr::new_static(NAME_LABEL), name);
    }
}

fn node_status(status: &mut Map, _: Now<'_>) {
    if fill::is_empty(status, "allocatable")
        && let Some(capacity @ Value::Map(_)) = status.get("capacity").cloned()
    {
        status.insert("allocatable", capacity);
    }
}
