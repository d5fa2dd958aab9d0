//! Where the kinds that make pods keep the pod's metadata and spec. What is in them is not known here.

use schema::{Map, Value};

/// The path to the pod template of a kind; `Some(&[])` for pods themselves, `None` for kinds without pods.
pub fn template_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&[]),
        "PodTemplate" => Some(&["template"]),
        "ReplicationController" | "ReplicaSet" | "Deployment" | "DaemonSet" | "StatefulSet" | "Job" => {
            Some(&["spec", "template"])
        }
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

/// The pod spec in an object of a kind, to change in place.
pub fn spec_mut<'a>(kind: &str, object: &'a mut Map) -> Option<&'a mut Map> {
    part_mut(kind, object, "spec")
}

/// The pod's metadata in an object of a kind, to change in place.
pub fn metadata_mut<'a>(kind: &str, object: &'a mut Map) -> Option<&'a mut Map> {
    part_mut(kind, object, "metadata")
}

fn part_mut<'a>(kind: &str, object: &'a mut Map, part: &str) -> Option<&'a mut Map> {
    let path = template_path(kind)?;
    let template = path
        .iter()
        .try_fold(object, |map, key| map.get_mut(key).and_then(Value::as_map_mut))?;
    template.get_mut(part).and_then(Value::as_map_mut)
}
