//! Rules of jobs and of the job templates of cron jobs.

use object::field::Printed;
use object::meta_validation::{self, IMMUTABLE};
use object::selector::label::Selector;
use object::{meta, names};
use schema::Value;

use super::{
    check_counters, check_match, check_same_selector, check_template, job_policies, print_selector, spec,
};
use crate::strategy::Errors;
use crate::validation::internal_form;
use crate::validation::place::Place;

/// Labels of a job's pods by which clients know it: older form, newer form.
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
/// Labels of a job's pods by which it knows them: older form, newer form.
const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const INDEXED_PARALLELISM_MAX: i64 = 100_000;
const FAILED_INDEXES_MAX: i64 = 100_000;
/// Above this, indexes with a limit of retries each are held to [`MANY_COMPLETIONS_OTHERS_MAX`].
const COMPLETIONS_MANY: i64 = 100_000;
/// The most failed indexes, and pods at a time, of a job of very many indexes.
const MANY_COMPLETIONS_OTHERS_MAX: i64 = 10_000;
const MANAGER_BYTES_MAX: usize = 63;
/// Fields that stay, in the order in which they are looked at; the template is between the second and the others.
const FIXED: [&str; 5] = [
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
    "completionMode",
];

/// Checks a new job.
pub fn create(job: &Value, errors: &mut Errors) {
    let spec = spec(job);
    check_pod_names(job, &spec, errors);
    check_generated(job, &spec, errors);
    check_spec(&spec, true, errors);
}

/// Checks a changed job.
pub fn update(job: &Value, old: &Value, errors: &mut Errors) {
    let (new_spec, old_spec) = (spec(job), spec(old));
    // The reference checks the spec twice, and tells twice.
    check_spec(&new_spec, true, errors);
    check_spec(&new_spec, true, errors);
    check_completions(&new_spec, &old_spec, errors);
    check_same_selector(job, old, errors);
    check_same_template(job, old, errors);
    for name in FIXED {
        new_spec.field(name).immutable(&old_spec.field(name), errors);
    }
}

/// Pods of an indexed job are named by their index.
fn check_pod_names(job: &Value, spec: &Place<'_>, errors: &mut Errors) {
    let completions = spec.field("completions");
    if spec.field("completionMode").text() != "Indexed" || completions.int() <= 0 {
        return;
    }
    let name = Place::root(job, "metadata").field("name");
    let longest = format!("{}-{}", name.text(), completions.int() - 1);
    if !names::dns_label(&longest).is_empty() {
        errors.push(name.invalid_text(format!(
            "will not able to create pod with invalid DNS label: {longest}"
        )));
    }
}

/// The labels and the selector that the server makes.
fn check_generated(job: &Value, spec: &Place<'_>, errors: &mut Errors) {
    if spec.field("manualSelector").is_true() {
        return;
    }
    let (metadata, labels) = (
        meta::of(job),
        spec.field("template").field("metadata").field("labels"),
    );
    let keys = UID_LABELS
        .map(|key| (key, metadata.uid()))
        .into_iter()
        .chain(NAME_LABELS.map(|key| (key, metadata.name())));
    for (key, value) in keys {
        let label = labels.key(key);
        if !label.is_set() {
            errors.push(label.required(&format!("must be '{value}'")));
        } else if label.text() != value {
            errors.push(label.invalid_as(Printed::from(labels.value()), format!("must be '{value}'")));
        }
    }
    let expected = schema::tree!({"matchLabels": {"batch.kubernetes.io/controller-uid": (metadata.uid())}});
    let selector = spec.field("selector");
    if *selector.value() != expected {
        errors.push(selector.invalid_as(print_selector(selector.value()), "`selector` not auto-generated"));
    }
}

/// Checks the spec of a job; without `selecting` that of a template for jobs, which has no selector yet.
pub(super) fn check_spec(spec: &Place<'_>, selecting: bool, errors: &mut Errors) {
    check_shared(spec, errors);
    if !selecting {
        return;
    }
    let (selector, template) = (spec.field("selector"), spec.field("template"));
    if selector.is_set() {
        errors.extend(meta_validation::label_selector(
            selector.value(),
            true,
            selector.path(),
        ));
    } else {
        errors.push(selector.required(""));
    }
    match Selector::of_object(selector.is_set().then(|| selector.value())) {
        Ok(parsed) => check_match(&parsed, &template, errors),
        Err(_) => {
            errors.push(selector.invalid_as(print_selector(selector.value()), "invalid label selector"))
        }
    }
}

fn check_shared(spec: &Place<'_>, errors: &mut Errors) {
    let counters = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ];
    check_counters(spec, &counters, errors);
    check_counters(spec, &["backoffLimitPerIndex", "maxFailedIndexes"], errors);
    let (per_index, most_failed) = (spec.field("backoffLimitPerIndex"), spec.field("maxFailedIndexes"));
    if most_failed.is_set() && !per_index.is_set() {
        errors.push(per_index.required("when maxFailedIndexes is specified"));
    }
    check_manager(&spec.field("managedBy"), errors);
    let mode = spec.field("completionMode");
    if mode.is_set() {
        mode.one_of(&["NonIndexed", "Indexed"], errors);
    }
    if mode.text() == "Indexed" {
        check_indexed(spec, errors);
    } else {
        for name in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            let field = spec.field(name);
            if field.is_set() {
                errors.push(field.invalid("requires indexed completion mode"));
            }
        }
    }
    let template = spec.field("template");
    job_policies::check(spec, errors);
    let replacement = spec.field("podReplacementPolicy");
    if replacement.is_set() {
        let with_failures = spec.field("podFailurePolicy").is_set();
        let known: &[&str] = if with_failures {
            &["Failed"]
        } else {
            &["Failed", "TerminatingOrFailed"]
        };
        replacement.one_of(known, errors);
    }
    check_template(&template, errors);
    check_restart(spec, &template, errors);
}

fn check_manager(manager: &Place<'_>, errors: &mut Errors) {
    if !manager.is_set() {
        return;
    }
    manager.text_format(manager.text(), names::domain_prefixed_path, errors);
    manager.at_most_bytes(MANAGER_BYTES_MAX, errors);
}

fn check_indexed(spec: &Place<'_>, errors: &mut Errors) {
    let (completions, parallelism, failed) = (
        spec.field("completions"),
        spec.field("parallelism"),
        spec.field("maxFailedIndexes"),
    );
    if !completions.is_set() {
        errors.push(completions.required("when completion mode is Indexed"));
    }
    if parallelism.int() > INDEXED_PARALLELISM_MAX {
        let problem = format!(
            "must be less than or equal to {INDEXED_PARALLELISM_MAX} when completion mode is Indexed"
        );
        errors.push(parallelism.invalid_int(problem));
    }
    if failed.is_set() && completions.is_set() && failed.int() > completions.int() {
        errors.push(failed.invalid_int("must be less than or equal to completions"));
    }
    if failed.int() > FAILED_INDEXES_MAX {
        errors.push(failed.invalid_int(format!("must be less than or equal to {FAILED_INDEXES_MAX}")));
    }
    if completions.int() > COMPLETIONS_MANY && spec.field("backoffLimitPerIndex").is_set() {
        check_many_completions(&parallelism, &failed, errors);
    }
}

/// A job of very many indexes, each with its own limit of retries, has less of everything else.
fn check_many_completions(parallelism: &Place<'_>, failed: &Place<'_>, errors: &mut Errors) {
    if !failed.is_set() {
        errors.push(failed.required(&format!(
            "must be specified when completions is above {COMPLETIONS_MANY}"
        )));
    }
    for place in [parallelism, failed] {
        if place.int() > MANY_COMPLETIONS_OTHERS_MAX {
            errors.push(place.invalid_int(format!(
                "must be less than or equal to {MANY_COMPLETIONS_OTHERS_MAX} when completions are above {COMPLETIONS_MANY} and used with backoff limit per index"
            )));
        }
    }
}

fn check_restart(spec: &Place<'_>, template: &Place<'_>, errors: &mut Errors) {
    let policy = template.field("spec").field("restartPolicy");
    match policy.text() {
        "" | "Always" => errors.push(policy.required("valid values: \"OnFailure\", \"Never\"")),
        "OnFailure" | "Never" => {
            if spec.field("podFailurePolicy").is_set() && policy.text() != "Never" {
                errors.push(
                    policy.invalid_text("only \"Never\" is supported when podFailurePolicy is specified"),
                );
            }
        }
        _ => errors.push(policy.not_supported(&["OnFailure", "Never"])),
    }
}

/// An indexed job may be scaled if completions and parallelism stay equal.
fn check_completions(new: &Place<'_>, old: &Place<'_>, errors: &mut Errors) {
    let (completions, before) = (new.field("completions"), old.field("completions"));
    if completions.value() == before.value() {
        return;
    }
    if new.field("completionMode").text() != "Indexed" || !completions.is_set() || !before.is_set() {
        let shown = if completions.is_set() {
            Printed::from(completions.value())
        } else {
            Printed::null()
        };
        errors.push(completions.invalid_as(shown, IMMUTABLE));
    } else if completions.value() != new.field("parallelism").value() {
        errors.push(completions.invalid("can only be modified in tandem with spec.parallelism"));
    }
}

/// While a job is suspended and never ran, where its pods may go can still change.
fn check_same_template(job: &Value, old: &Value, errors: &mut Errors) {
    let open = old.bool_at(&["spec", "suspend"]) == Some(true) && old.at(&["status", "startTime"]).is_none();
    let template = spec(job).field("template");
    let mut kept = spec(old).field("template").value().clone();
    if open {
        adopt(&mut kept, template.value());
    }
    if *template.value() != kept {
        let shown = internal_form::compact("PodTemplateSpec", template.value());
        errors.push(template.invalid_as(shown, IMMUTABLE));
    }
}

fn adopt(kept: &mut Value, new: &Value) {
    copy(kept, new, &["metadata"], &["labels", "annotations"]);
    copy(
        kept,
        new,
        &["spec"],
        &["nodeSelector", "tolerations", "schedulingGates"],
    );
    copy(kept, new, &["spec", "affinity"], &["nodeAffinity"]);
    for list in ["containers", "initContainers"] {
        let wanted = new.list_at(&["spec", list]);
        let containers = kept.at_mut(&["spec", list]).and_then(Value::as_list_mut);
        let containers = containers.map_or(&mut [][..], Vec::as_mut_slice);
        for (container, wanted) in containers.iter_mut().zip(wanted) {
            copy(container, wanted, &[], &["resources"]);
        }
    }
}

/// Takes fields of the map at a path over; a map that is missing on one side counts as empty.
fn copy(to: &mut Value, from: &Value, path: &[&str], names: &[&str]) {
    let source = from.map_at(path).cloned();
    let Some(mut target) = to.as_map_mut() else { return };
    let missing = source.is_none();
    for step in path {
        if missing && !target.contains_key(step) {
            return;
        }
        target = target.map_at(step);
    }
    let source = source.unwrap_or_default();
    for name in names {
        match source.get(name) {
            Some(value) => target.insert(*name, value.clone()),
            None => target.remove(name),
        };
    }
}

/// Whether a template names a container.
pub(super) fn has_container(template: &Place<'_>, name: &str) -> bool {
    let spec = template.field("spec");
    ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| spec.field(list).items())
        .any(|item| item.field("name").text() == name)
}
