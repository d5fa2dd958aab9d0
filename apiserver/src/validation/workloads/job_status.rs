//! Rules of the status of a job: what its conditions, times, counters and indexes say of each other. Most hold only for what
//! a write changes: other controllers write this status too, and what one of them left may stay.

use object::field::{Error, Printed, quote};
use schema::Value;

use super::{check_counters, job_indexes};
use crate::strategy::Errors;
use crate::validation::place::Place;

/// A job before or after a write, and which of its conditions are true.
struct Side<'a> {
    spec: Place<'a>,
    status: Place<'a>,
    complete: bool,
    failed: bool,
    failure_target: bool,
    criteria_met: bool,
}

impl<'a> Side<'a> {
    fn of(job: &'a Value) -> Self {
        let status = Place::root(job, "status");
        let conditions = status.field("conditions");
        let is = |kind: &str| {
            conditions.items().any(|condition| {
                condition.field("type").text() == kind && condition.field("status").text() == "True"
            })
        };
        Self {
            spec: Place::root(job, "spec"),
            complete: is("Complete"),
            failed: is("Failed"),
            failure_target: is("FailureTarget"),
            criteria_met: is("SuccessCriteriaMet"),
            status,
        }
    }

    fn is_finished(&self) -> bool {
        self.complete || self.failed
    }

    fn is_indexed(&self) -> bool {
        self.spec.field("completionMode").text() == "Indexed"
    }

    fn conditions(&self, detail: &str) -> Error {
        Error::invalid_unshown(self.status.field("conditions").path(), detail)
    }

    fn differs(&self, old: &Self, field: &'static str) -> bool {
        let (new, old) = (self.status.field(field), old.status.field(field));
        new.value() != old.value() && !(new.is_empty() && old.is_empty())
    }
}

/// Checks a changed status.
pub fn check(job: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (Side::of(job), Side::of(old));
    let counters = ["active", "succeeded", "failed", "ready", "terminating"];
    check_counters(&new.status, &counters, errors);
    uncounted(&new.status.field("uncountedTerminatedPods"), errors);
    completion(&new, &old, errors);
    finish(&new, &old, errors);
    indexes(&new, &old, errors);
    pods(&new, &old, errors);
    success(&new, errors);
    transitions(&new, &old, errors);
}

fn uncounted(pods: &Place<'_>, errors: &mut Errors) {
    let mut seen = Vec::new();
    let all = ["succeeded", "failed"].map(|field| pods.field(field));
    for uid in all.iter().flat_map(Place::items) {
        if uid.text().is_empty() {
            errors.push(uid.invalid_text("must not be empty"));
        } else if seen.contains(&uid.text()) {
            errors.push(uid.duplicate());
        } else {
            seen.push(uid.text());
        }
    }
}

/// Complete excludes failure, and comes with its time.
fn completion(new: &Side<'_>, old: &Side<'_>, errors: &mut Errors) {
    let (changed, time) = (new.complete != old.complete, new.status.field("completionTime"));
    if (changed || new.failed != old.failed) && new.complete && new.failed {
        errors.push(new.conditions("cannot set Complete=True and Failed=true conditions"));
    }
    let target_changed = new.failure_target != old.failure_target;
    if (changed || target_changed) && new.complete && new.failure_target {
        errors.push(new.conditions("cannot set Complete=True and FailureTarget=true conditions"));
    }
    let time_changed = new.differs(old, "completionTime");
    if changed || time_changed {
        if time.is_set() && !new.complete {
            let detail = "cannot set completionTime when there is no Complete=True condition";
            errors.push(time.invalid(detail));
        }
        if !time.is_set() && new.complete {
            errors.push(time.required("completionTime is required for Complete jobs"));
        }
    }
    let start = new.status.field("startTime");
    let both = time.is_set() && start.is_set();
    // Times are kept in one form, which sorts as text.
    if (time_changed || new.differs(old, "startTime")) && both && time.text() < start.text() {
        errors.push(time.invalid("completionTime cannot be set before startTime"));
    }
}

/// A job says that it will end before it says that it has, and has ended when nothing is left to do.
fn finish(new: &Side<'_>, old: &Side<'_>, errors: &mut Errors) {
    let target_changed = new.failure_target != old.failure_target;
    if (new.failed != old.failed || target_changed) && new.failed && !new.failure_target {
        errors.push(
            new.conditions("cannot set Failed=True condition without the FailureTarget=true condition"),
        );
    }
    let criteria_changed = new.criteria_met != old.criteria_met;
    if (new.complete != old.complete || criteria_changed) && new.complete && !new.criteria_met {
        let detail = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
        errors.push(new.conditions(detail));
    }
    if !new.is_finished() {
        return;
    }
    let finished = !old.is_finished();
    let active = new.status.field("active");
    if (finished || new.differs(old, "active")) && active.int() > 0 {
        errors.push(active.invalid_int("active>0 is invalid for finished job"));
    }
    let start = new.status.field("startTime");
    let completions = new.spec.field("completions");
    let never_runs = new.spec.field("suspend").is_true() && completions.is_set() && completions.int() == 0;
    if (finished || new.differs(old, "startTime")) && !start.is_set() && !never_runs {
        errors.push(start.required("startTime is required for finished job"));
    }
    let uncounted = new.status.field("uncountedTerminatedPods");
    let some = ["failed", "succeeded"]
        .iter()
        .any(|field| !uncounted.field(field).list().is_empty());
    if (finished || new.differs(old, "uncountedTerminatedPods")) && some {
        let detail = "uncountedTerminatedPods needs to be empty for finished job";
        errors.push(uncounted.invalid_as(shown(&uncounted), detail));
    }
}

/// Pods that are not counted yet, as the reference shows them.
fn shown(uncounted: &Place<'_>) -> Printed {
    let list = |field| {
        let uids: Vec<String> = uncounted.field(field).texts().into_iter().map(quote).collect();
        if uids.is_empty() {
            "null".to_owned()
        } else {
            format!("[{}]", uids.join(","))
        }
    };
    let (succeeded, failed) = (list("succeeded"), list("failed"));
    Printed::raw(format!("{{\"Succeeded\":{succeeded},\"Failed\":{failed}}}"))
}

/// Indexes are of an indexed job and below its completions; none has both completed and failed.
fn indexes(new: &Side<'_>, old: &Side<'_>, errors: &mut Errors) {
    let [completed, failed] = ["completedIndexes", "failedIndexes"].map(|field| new.status.field(field));
    let completed_changed = completed.text() != old.status.field("completedIndexes").text();
    let failed_changed = failed.value() != old.status.field("failedIndexes").value();
    let (completions, per_index) = (
        new.spec.field("completions"),
        new.spec.field("backoffLimitPerIndex").is_set(),
    );
    let counted = |place: &Place<'_>, what: &str, errors: &mut Errors| {
        if let Err(problem) = job_indexes::count(place.text(), completions.int()) {
            errors.push(place.invalid_text(format!("error parsing {what}: {problem}")));
        }
    };
    if completed_changed && completions.is_set() {
        counted(&completed, "completedIndexes", errors);
    }
    if failed_changed && completions.is_set() && per_index {
        counted(&failed, "failedIndexes", errors);
    }
    if completed_changed && !completed.is_empty() && !new.is_indexed() {
        let detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
        errors.push(completed.invalid_text(detail));
    }
    if failed_changed && failed.is_set() && !per_index {
        let detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        errors.push(failed.invalid_text(detail));
    }
    if (failed_changed || completed_changed) && completions.is_set() {
        let shared = job_indexes::overlap(completed.text(), failed.text(), completions.int());
        if let Some(index) = shared {
            let detail = format!("failedIndexes and completedIndexes overlap at index: {index}");
            errors.push(failed.invalid_text(detail));
        }
    }
}

fn pods(new: &Side<'_>, old: &Side<'_>, errors: &mut Errors) {
    let [active, ready, terminating] =
        ["active", "ready", "terminating"].map(|field| new.status.field(field));
    let finished = new.is_finished() != old.is_finished();
    let some_terminate = terminating.int() > 0 && new.is_finished();
    if (finished || new.differs(old, "terminating")) && some_terminate {
        errors.push(terminating.invalid_int("terminating>0 is invalid for finished job"));
    }
    let changed = new.differs(old, "ready") || new.differs(old, "active");
    if changed && ready.is_set() && ready.int() > active.int() {
        errors.push(ready.invalid_int("cannot set more ready pods than active"));
    }
}

fn success(new: &Side<'_>, errors: &mut Errors) {
    if new.criteria_met && new.failed {
        errors.push(new.conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions"));
    }
    if new.criteria_met && new.failure_target {
        errors.push(new.conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"));
    }
    if new.spec.field("successPolicy").is_set() && !new.criteria_met && new.complete {
        let detail = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        errors.push(new.conditions(detail));
    }
}

/// What does not go back, or does not change at all.
fn transitions(new: &Side<'_>, old: &Side<'_>, errors: &mut Errors) {
    for (kind, before, now) in [
        ("Failed", old.failed, new.failed),
        ("Complete", old.complete, new.complete),
        ("FailureTarget", old.failure_target, new.failure_target),
    ] {
        if before && !now {
            errors.push(new.conditions(&format!("cannot disable the terminal {kind}=True condition")));
        }
    }
    decreased(new, old, "failed", errors);
    // An indexed job of as many completions as pods at a time may be scaled down.
    let [completions, parallelism] = ["completions", "parallelism"].map(|field| new.spec.field(field));
    if !new.is_indexed() || completions.value() != parallelism.value() {
        decreased(new, old, "succeeded", errors);
    }
    let [time, time_before] = [new, old].map(|side| side.status.field("completionTime"));
    if time.is_set() && time_before.is_set() && time.value() != time_before.value() {
        errors.push(time.invalid("completionTime cannot be mutated"));
    }
    let was_started = old.status.field("startTime").is_set();
    if was_started && new.differs(old, "startTime") && !new.spec.field("suspend").is_true() {
        let start = new.status.field("startTime");
        errors.push(start.required("startTime cannot be removed for unsuspended job"));
    }
    if old.criteria_met && !new.criteria_met {
        errors.push(new.conditions("cannot disable the SuccessCriteriaMet=True condition"));
    }
    if old.complete && !old.criteria_met && new.criteria_met {
        let detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        errors.push(new.conditions(detail));
    }
}

fn decreased(new: &Side<'_>, old: &Side<'_>, name: &'static str, errors: &mut Errors) {
    let counter = new.status.field(name);
    if counter.int() < old.status.field(name).int() {
        errors.push(counter.invalid_int(format!("cannot decrease the {name} counter")));
    }
}
