//! Defaults of jobs and cron jobs. A cron job's job template is not a job: job rules do not reach it.

use schema::Map;

use super::Fill::{Bool, Int, Text};
use super::core::template_labels;
use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.batch.v1.",
    rules: &[("Job", job)],
    nil: &[
        ("CronJobSpec", "suspend", Bool(false)),
        ("CronJobSpec", "successfulJobsHistoryLimit", Int(3)),
        ("CronJobSpec", "failedJobsHistoryLimit", Int(1)),
    ],
    empty: &[
        ("CronJobSpec", "concurrencyPolicy", Text("Allow")),
        ("PodFailurePolicyOnPodConditionsPattern", "status", Text("True")),
    ],
}];

fn job(job: &mut Map, _: Now<'_>) {
    let spec = job.map_at("spec");
    // Without either, one pod runs once; with parallelism alone it is a work queue.
    if fill::is_nil(spec, "parallelism") {
        fill::nil(spec, "completions", Int(1));
    }
    fill::nil(spec, "parallelism", Int(1));
    let limit = if fill::is_nil(spec, "backoffLimitPerIndex") {
        6
    } else {
        i64::from(i32::MAX)
    };
    fill::nil(spec, "backoffLimit", Int(limit));
    fill::nil(spec, "completionMode", Text("NonIndexed"));
    fill::nil(spec, "suspend", Bool(false));
    let replacement = if fill::is_nil(spec, "podFailurePolicy") {
        "TerminatingOrFailed"
    } else {
        "Failed"
    };
    fill::nil(spec, "podReplacementPolicy", Text(replacement));
    fill::nil(spec, "manualSelector", Bool(false));
    if let Some(labels) = template_labels(job) {
        let metadata = job.map_at("metadata");
        if fill::is_empty(metadata, "labels") {
            metadata.insert("labels", labels);
        }
    }
}
