//! Field selectors: which fields of a resource may be selected by, and an object's value of each.
//! It does not parse or match selectors; `object` does.

use schema::Value;
use smol_str::SmolStr;
use std::borrow::Cow;

use crate::Resource;

/// Every resource can be selected by it.
pub const NAME: &str = "metadata.name";
/// Of objects in namespaces.
pub const NAMESPACE: &str = "metadata.namespace";

/// A field that cannot be selected by. The texts are those of the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The resource has no fields but name and namespace.
    #[error("{0:?} is not a known field selector: only {NAME:?}, {NAMESPACE:?}")]
    Unknown(SmolStr),
    /// The resource has fields of its own, and this is none of them.
    #[error("field label not supported: {0}")]
    Unsupported(SmolStr),
    /// The same, in the words of jobs.
    #[error("field label {0:?} not supported for batchv1.Job")]
    UnsupportedForJob(SmolStr),
    /// The same, in the words of resource slices.
    #[error("field label not supported for {api_version}, Kind={kind}: {label}")]
    UnsupportedForKind {
        /// Of the request.
        api_version: SmolStr,
        /// Of the request.
        kind: SmolStr,
        /// What was asked for.
        label: SmolStr,
    },
}

/// The stored form's label for a label of a request: `regarding.name` of events.k8s.io is `involvedObject.name`.
pub fn stored_label<'a>(resource: &'a Resource, requested: &'a str) -> Result<&'a str, Error> {
    let found = match &resource.field_labels {
        None => [NAME, NAMESPACE].into_iter().find(|label| *label == requested),
        Some(labels) => labels
            .iter()
            .find(|(label, _)| label == requested)
            .map(|(_, stored)| stored.as_str()),
    };
    found.ok_or_else(|| unsupported(resource, requested))
}

/// The stored form's labels that may be selected by.
pub fn stored_labels(resource: &Resource) -> Vec<&str> {
    match &resource.field_labels {
        None => vec![NAME, NAMESPACE],
        Some(labels) => {
            let mut stored: Vec<&str> = labels.iter().map(|(_, stored)| stored.as_str()).collect();
            stored.sort_unstable();
            stored.dedup();
            stored
        }
    }
}

/// An object's value of a field. The object and the label are in the stored form; what is absent is empty.
pub fn value<'a>(kind: &str, label: &str, object: &'a Value) -> Cow<'a, str> {
    match (kind, label) {
        (_, NAME) => text(object, &["metadata", "name"]),
        (_, NAMESPACE) => text(object, &["metadata", "namespace"]),
        ("Event", "source") => event_source(object),
        ("Job", "status.successful") => number(object, &["status", "succeeded"]),
        ("Node", "spec.unschedulable") => truth(object, &["spec", "unschedulable"]),
        ("Pod", "spec.hostNetwork") => truth(object, &["spec", "hostNetwork"]),
        ("Pod", "status.podIP") => first_pod_ip(object),
        // Accepted in requests, but never set on the objects that are compared.
        ("Pod", "status.podIPs") => Cow::Borrowed(""),
        ("ReplicationController", "status.replicas") => number(object, &["status", "replicas"]),
        _ => at_path(object, label),
    }
}

fn unsupported(resource: &Resource, label: &str) -> Error {
    let label = SmolStr::new(label);
    match (&resource.field_labels, resource.kind.as_str()) {
        (None, _) => Error::Unknown(label),
        (Some(_), "Job") => Error::UnsupportedForJob(label),
        (Some(_), "ResourceSlice") => Error::UnsupportedForKind {
            api_version: resource.api_version(),
            kind: resource.kind.clone(),
            label,
        },
        _ => Error::Unsupported(label),
    }
}

fn at_path<'a>(object: &'a Value, label: &str) -> Cow<'a, str> {
    let found = label.split('.').try_fold(object, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(Value::Int(number)) => Cow::Owned(number.to_string()),
        Some(Value::Bool(truth)) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        _ => Cow::Borrowed(""),
    }
}

fn text<'a>(object: &'a Value, path: &[&str]) -> Cow<'a, str> {
    Cow::Borrowed(object.str_at(path).unwrap_or_default())
}

fn number<'a>(object: &'a Value, path: &[&str]) -> Cow<'a, str> {
    Cow::Owned(object.int_at(path).unwrap_or_default().to_string())
}

fn truth<'a>(object: &'a Value, path: &[&str]) -> Cow<'a, str> {
    Cow::Borrowed(if object.bool_at(path).unwrap_or(false) {
        "true"
    } else {
        "false"
    })
}

fn first_pod_ip(pod: &Value) -> Cow<'_, str> {
    let first = pod
        .list_at(&["status", "podIPs"])
        .first()
        .and_then(|ip| ip.str_at(&["ip"]));
    Cow::Borrowed(first.unwrap_or_default())
}

/// The component of old events, the reporting controller of new ones.
fn event_source(event: &Value) -> Cow<'_, str> {
    match event.str_at(&["source", "component"]) {
        Some(component) if !component.is_empty() => Cow::Borrowed(component),
        _ => text(event, &["reportingComponent"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;
    use schema::tree;

    fn resource(group: &str, version: &str, name: &str) -> &'static Resource {
        Catalog::builtin()
            .resource(group, version, name)
            .expect("built in")
    }

    fn refusal(group: &str, version: &str, name: &str) -> String {
        stored_label(resource(group, version, name), "spec.nope")
            .expect_err("unsupported")
            .to_string()
    }

    #[test]
    fn refusals_are_worded_as_the_reference_words_them() {
        let usual =
            r#""spec.nope" is not a known field selector: only "metadata.name", "metadata.namespace""#;
        assert_eq!(refusal("", "v1", "configmaps"), usual);
        assert_eq!(refusal("apps", "v1", "deployments"), usual);
        assert_eq!(refusal("", "v1", "pods"), "field label not supported: spec.nope");
        assert_eq!(
            refusal("events.k8s.io", "v1", "events"),
            "field label not supported: spec.nope"
        );
        assert_eq!(
            refusal("batch", "v1", "jobs"),
            r#"field label "spec.nope" not supported for batchv1.Job"#
        );
        assert_eq!(
            refusal("resource.k8s.io", "v1", "resourceslices"),
            "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: spec.nope"
        );
    }

    #[test]
    fn request_labels_become_stored_labels() {
        assert_eq!(
            stored_label(resource("", "v1", "pods"), "spec.host"),
            Ok("spec.nodeName")
        );
        let events = resource("events.k8s.io", "v1", "events");
        assert_eq!(stored_label(events, "regarding.name"), Ok("involvedObject.name"));
        assert_eq!(
            stored_label(events, "reportingController"),
            Ok("reportingComponent")
        );
        assert!(stored_label(events, "involvedObject.name").is_err());
        assert!(stored_label(resource("", "v1", "namespaces"), "metadata.namespace").is_err());
    }

    #[test]
    fn every_label_has_a_value_on_an_object_of_any_shape() {
        for resource in Catalog::builtin().iter() {
            for label in stored_labels(resource) {
                assert!(
                    matches!(
                        &*value(&resource.kind, label, &tree!({"spec": []})),
                        "" | "0" | "false"
                    ),
                    "{label}"
                );
            }
        }
    }

    #[test]
    fn pods_are_selected_by_node_address_and_network() {
        let pod = tree!({
            "metadata": {"name": "p", "namespace": "n"}, "spec": {"nodeName": "a", "hostNetwork": true},
            "status": {"phase": "Running", "podIP": "ignored", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]},
        });
        let of = |label| value("Pod", label, &pod).into_owned();
        let labels = [
            "metadata.name",
            "metadata.namespace",
            "spec.nodeName",
            "spec.hostNetwork",
            "status.podIP",
        ];
        assert_eq!(labels.map(of), ["p", "n", "a", "true", "10.0.0.1"]);
        assert_eq!(value("Pod", "spec.hostNetwork", &tree!({})), "false");
    }

    #[test]
    fn counts_and_sources_are_computed() {
        assert_eq!(
            value(
                "Job",
                "status.successful",
                &tree!({"status": {"succeeded": 3i64}})
            ),
            "3"
        );
        assert_eq!(value("ReplicationController", "status.replicas", &tree!({})), "0");
        let event = tree!({"reportingComponent": "new", "involvedObject": {"uid": "u"}});
        assert_eq!(value("Event", "source", &event), "new");
        assert_eq!(value("Event", "involvedObject.uid", &event), "u");
        assert_eq!(
            value("Event", "source", &tree!({"source": {"component": "old"}})),
            "old"
        );
    }
}
