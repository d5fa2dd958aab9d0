//! Kinds of the batch group.

use jiff::Timestamp;
use schema::Value;

use super::row::Row;
use super::selector::selector;
use super::workloads::{CONTAINERS, IMAGES, container_images, container_names};
use super::{AGE, Column, NAME, age, boolean, field, integer, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "CronJob" => CRON_JOBS,
        "Job" => JOBS,
        _ => return None,
    })
}

const JOB_TEMPLATE: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec"];

const CRON_JOBS: &[Column] = &[
    NAME,
    string("Schedule", field!("batch.v1.CronJobSpec", "schedule"), |row| {
        row.text(&["spec", "schedule"])
    }),
    string("Timezone", field!("batch.v1.CronJobSpec", "timeZone"), |row| {
        row.text_or(&["spec", "timeZone"], "<none>")
    }),
    boolean("Suspend", field!("batch.v1.CronJobSpec", "suspend"), |row| {
        Value::from(match row.object.bool_at(&["spec", "suspend"]) {
            Some(true) => "True",
            Some(false) => "False",
            None => "<unset>",
        })
    }),
    integer("Active", field!("batch.v1.CronJobStatus", "active"), |row| {
        Value::Int(row.count(&["status", "active"]))
    }),
    string(
        "Last Schedule",
        field!("batch.v1.CronJobStatus", "lastScheduleTime"),
        |row| {
            let last = &["status", "lastScheduleTime"];
            if row.object.at(last).is_some() {
                row.age(last)
            } else {
                Value::from("<none>")
            }
        },
    ),
    AGE,
    string("Containers", text(CONTAINERS), |row| {
        container_names(row, JOB_TEMPLATE)
    })
    .wide(),
    string("Images", text(IMAGES), |row| container_images(row, JOB_TEMPLATE)).wide(),
    string("Selector", field!("batch.v1.JobSpec", "selector"), |row| {
        selector(row.object.at(&["spec", "jobTemplate", "spec", "selector"]))
    })
    .wide(),
];

const JOBS: &[Column] = &[
    NAME,
    string("Status", text("Status of the job."), status),
    string(
        "Completions",
        field!("batch.v1.JobStatus", "succeeded"),
        completions,
    ),
    string("Duration", text("Time required to complete the job."), duration),
    AGE,
    string("Containers", text(CONTAINERS), |row| {
        container_names(row, &["spec", "template", "spec"])
    })
    .wide(),
    string("Images", text(IMAGES), |row| {
        container_images(row, &["spec", "template", "spec"])
    })
    .wide(),
    string("Selector", field!("batch.v1.JobSpec", "selector"), |row| {
        selector(row.object.at(&["spec", "selector"]))
    })
    .wide(),
];

/// The first that applies, from the most final on.
fn status(row: &Row<'_>) -> Value {
    let holds = |kind: &'static str| row.holds(kind).then_some(kind);
    let status = holds("Complete")
        .or_else(|| holds("Failed"))
        .or_else(|| row.deleting().then_some("Terminating"))
        .or_else(|| holds("Suspended"))
        .or_else(|| holds("FailureTarget"))
        .or_else(|| holds("SuccessCriteriaMet"));
    Value::from(status.unwrap_or("Running"))
}

fn completions(row: &Row<'_>) -> Value {
    let succeeded = row.number(&["status", "succeeded"]);
    if let Some(wanted) = row.object.int_at(&["spec", "completions"]) {
        return Value::from(format!("{succeeded}/{wanted}"));
    }
    match row.number(&["spec", "parallelism"]) {
        parallel if parallel > 1 => Value::from(format!("{succeeded}/1 of {parallel}")),
        _ => Value::from(format!("{succeeded}/1")),
    }
}

fn duration(row: &Row<'_>) -> Value {
    let time = |field| {
        row.object
            .str_at(&["status", field])
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let Some(start) = time("startTime") else {
        return Value::from("");
    };
    let end = time("completionTime").unwrap_or(row.now);
    Value::from(age::human(age::seconds_between(start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use schema::tree;

    fn job(object: Value) -> Vec<Value> {
        layout_of("batch", "Job").cells(&object, Timestamp::from_second(100).expect("a time"))[1..4].to_vec()
    }

    #[test]
    fn completions_tell_parallel_work_queues_apart() {
        let cell = |object| job(object)[1].clone();
        assert_eq!(
            cell(tree!({"spec": {"completions": 3i64}, "status": {"succeeded": 1i64}})),
            Value::from("1/3")
        );
        assert_eq!(
            cell(tree!({"spec": {"parallelism": 4i64}})),
            Value::from("0/1 of 4")
        );
        assert_eq!(cell(tree!({"spec": {"parallelism": 1i64}})), Value::from("0/1"));
    }

    #[test]
    fn a_finished_job_shows_how_long_it_ran() {
        let done = tree!({"status": {
            "startTime": "1970-01-01T00:00:10Z", "completionTime": "1970-01-01T00:00:40Z",
            "conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}],
        }});
        assert_eq!(job(done), ["Complete", "0/1", "30s"].map(Value::from));
        let running = tree!({"status": {"startTime": "1970-01-01T00:00:10Z"}});
        assert_eq!(job(running), ["Running", "0/1", "90s"].map(Value::from));
    }
}
