//! The strategy of jobs: the labels and the selector by which a job knows its pods.

use object::meta;
use schema::Value;

use super::super::{Errors, Strategy, WriteContext};
use crate::validation::workloads::{job_status, jobs as rules};

/// Label of a job's pods: its name. The first is the older form.
pub const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
/// Label of a job's pods: its uid. The first is the older form, the last is selected by.
pub const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];

/// Jobs.
#[derive(Debug)]
pub struct Jobs;

impl Strategy for Jobs {
    fn prepare_create(&self, _cx: &WriteContext<'_>, job: &mut Value) {
        if job.bool_at(&["spec", "manualSelector"]) != Some(true) {
            select_own_pods(job);
        }
    }

    fn validate_create(&self, _cx: &WriteContext<'_>, job: &Value, errors: &mut Errors) {
        rules::create(job, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, job: &Value, old: &Value, errors: &mut Errors) {
        match cx.subresource {
            "status" => job_status::check(job, old, errors),
            _ => rules::update(job, old, errors),
        }
        super::plain::forgive_label_values(cx, old, errors);
    }

    fn warnings(&self, cx: &WriteContext<'_>, job: &Value, old: Option<&Value>) -> Vec<String> {
        super::plain::template_warnings(cx, job, old)
    }
}

/// Labels that a client gave itself stay, for validation to refuse if they are wrong.
///
/// A job without labels has those of its template by default, and in the reference that is one map: it gets these too.
fn select_own_pods(job: &mut Value) {
    let metadata = meta::of(job);
    let (name, uid) = (metadata.name().to_owned(), metadata.uid().to_owned());
    let of_template = job.map_at(&["spec", "template", "metadata", "labels"]);
    let is_shared = of_template.is_some_and(|labels| !labels.is_empty()) && metadata.labels() == of_template;
    let Some(map) = job.as_map_mut() else { return };
    let spec = map.map_at("spec");
    let labels = spec.map_at("template").map_at("metadata").map_at("labels");
    for (keys, value) in [(NAME_LABELS, &name), (UID_LABELS, &uid)] {
        for key in keys {
            labels.entry_or_insert_with(key, || Value::from(value.as_str()));
        }
    }
    let labels = labels.clone();
    let selected = spec.map_at("selector").map_at("matchLabels");
    selected.entry_or_insert_with(UID_LABELS[1], || Value::from(uid.as_str()));
    if is_shared {
        meta::edit(job).set_labels(labels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn a_job_selects_its_own_pods() {
        let mut job = tree!({
            "metadata": {"name": "j", "uid": "u"},
            "spec": {"template": {"metadata": {"labels": {"controller-uid": "x"}}}}
        });
        select_own_pods(&mut job);
        assert_eq!(
            job.at(&["spec", "template", "metadata", "labels"]),
            Some(&tree!({
                "batch.kubernetes.io/controller-uid": "u",
                "batch.kubernetes.io/job-name": "j",
                "controller-uid": "x",
                "job-name": "j"
            }))
        );
        assert_eq!(
            job.at(&["spec", "selector"]),
            Some(&tree!({"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}))
        );
    }
}
