//! Rules of the kinds that make pods: what is common to them is here, the rest in a file for each.

pub mod controller_revisions;
pub mod cron_jobs;
pub mod daemon_sets;
pub mod deployments;
mod job_indexes;
mod job_policies;
pub mod job_status;
pub mod jobs;
pub mod pod_templates;
pub mod replica_sets;
pub mod replication_controllers;
pub mod schedule;
pub mod stateful_sets;

use object::field::Printed;
use object::selector::label::Selector;
use object::{meta, meta_validation, names};
use schema::{Map, Value};

use super::place::Place;
use super::pod_spec::{self, Owner};
use crate::strategy::Errors;

/// Checks that a change of a selector is none; it comes after all other rules of a kind.
pub(crate) fn check_same_selector(object: &Value, old: &Value, errors: &mut Errors) {
    let selector = spec(object).field("selector");
    if selector.value() != spec(old).field("selector").value() {
        errors.push(selector.invalid_as(print_selector(selector.value()), meta_validation::IMMUTABLE));
    }
}

/// `spec` of an object.
fn spec(object: &Value) -> Place<'_> {
    Place::root(object, "spec")
}

/// A label selector as messages show it: labels first.
fn print_selector(selector: &Value) -> Printed {
    let Some(map) = selector.as_map() else {
        return Printed::null();
    };
    let parts: Vec<String> = ["matchLabels", "matchExpressions"]
        .into_iter()
        .filter_map(|name| {
            map.get(name).map(|part| {
                format!(
                    "{}:{}",
                    Printed::from(name).as_str(),
                    Printed::from(part).as_str()
                )
            })
        })
        .collect();
    Printed::raw(format!("{{{}}}", parts.join(",")))
}

/// Labels of a template as messages show them; null when there are none.
fn print_labels(labels: Option<&Map>) -> Printed {
    match labels {
        Some(labels) if !labels.is_empty() => Printed::from(&Value::Map(labels.clone())),
        _ => Printed::null(),
    }
}

fn labels_of<'a>(template: &Place<'a>) -> Option<&'a Map> {
    template.field("metadata").field("labels").value().as_map()
}

/// Checks the format of a selector, and that it is there and selects something. `kind` is the word for the kind.
fn check_selector(selector: &Place<'_>, kind: &str, errors: &mut Errors) {
    if !selector.is_set() {
        errors.push(selector.required(""));
        return;
    }
    errors.extend(meta_validation::label_selector(
        selector.value(),
        true,
        selector.path(),
    ));
    if selector.is_empty() {
        let problem = format!("empty selector is invalid for {kind}");
        errors.push(selector.invalid_as(print_selector(selector.value()), problem));
    }
}

/// Checks a template of pods that run for ever, and that a selector selects them; not if the selector cannot be read.
/// `kind` is who runs them, in the words of the reference: a Deployment's pods are of its ReplicaSet.
fn check_template_for(selector: &Place<'_>, template: &Place<'_>, kind: &str, errors: &mut Errors) {
    let Ok(parsed) = Selector::of_object(selector.is_set().then(|| selector.value())) else {
        errors.push(selector.invalid_as(print_selector(selector.value()), "invalid label selector"));
        return;
    };
    check_match(&parsed, template, errors);
    check_template(template, errors);
    check_lasting(template, kind, errors);
}

/// Checks that a selector selects the pods of the template, unless it selects all.
fn check_match(selector: &Selector, template: &Place<'_>, errors: &mut Errors) {
    let empty = Map::new();
    let labels = labels_of(template);
    let everything = selector.is_everything() && !selector.is_nothing();
    if !everything && !selector.matches(labels.unwrap_or(&empty)) {
        let at = template.field("metadata").field("labels");
        errors.push(at.invalid_as(
            print_labels(labels),
            "`selector` does not match template `labels`",
        ));
    }
}

/// Checks a pod template.
fn check_template(template: &Place<'_>, errors: &mut Errors) {
    let metadata = template.field("metadata");
    let map = |name| metadata.field(name).value().as_map();
    let path = template.path();
    errors.extend(meta_validation::labels(map("labels"), &path.child("labels")));
    errors.extend(meta_validation::annotations(
        map("annotations"),
        &path.child("annotations"),
    ));
    let spec = template.field("spec");
    pod_spec::check(&spec, Owner::Template, errors);
    let ephemeral = spec.field("ephemeralContainers");
    if !ephemeral.is_empty() {
        errors.push(ephemeral.forbidden("ephemeral containers not allowed in pod template"));
    }
}

/// Checks what a template must be for pods that run for ever.
fn check_lasting(template: &Place<'_>, kind: &str, errors: &mut Errors) {
    check_always(template, errors);
    let deadline = template.field("spec").field("activeDeadlineSeconds");
    if deadline.is_set() {
        errors.push(deadline.forbidden(format!("activeDeadlineSeconds in {kind} is not Supported")));
    }
}

fn check_always(template: &Place<'_>, errors: &mut Errors) {
    let policy = template.field("spec").field("restartPolicy");
    if policy.text() != "Always" {
        errors.push(policy.not_supported(&["Always"]));
    }
}

/// A count or a share of pods.
fn check_count_or_percent(place: &Place<'_>, errors: &mut Errors) {
    match place.value() {
        Value::String(text) => place.text_format(text, names::percent, errors),
        _ => place.not_negative(errors),
    }
}

/// A share may not be more than all.
fn check_at_most_all(place: &Place<'_>, errors: &mut Errors) {
    if percent_of(place).is_some_and(|percent| percent > 100) {
        errors.push(place.invalid("must not be greater than 100%"));
    }
}

fn percent_of(place: &Place<'_>) -> Option<i64> {
    place.text().strip_suffix('%')?.parse().ok()
}

/// The count, or the share as a number, as comparisons with nothing take it.
fn count_or_percent(place: &Place<'_>) -> i64 {
    percent_of(place).unwrap_or_else(|| place.int())
}

/// Checks counters of a status that may not be negative.
fn check_counters(status: &Place<'_>, names: &[&'static str], errors: &mut Errors) {
    for name in names {
        status.field(name).not_negative(errors);
    }
}

/// Checks counters of a status that may not exceed another; the counters are shown also where absent.
fn check_bounds(status: &Place<'_>, bounds: &[(&'static str, &'static str)], errors: &mut Errors) {
    for (name, most) in bounds {
        let (counter, most_at) = (status.field(name), status.field(most));
        if counter.int() > most_at.int() {
            errors.push(counter.invalid_int(format!("cannot be greater than {}", most_at.path())));
        }
    }
}

/// Checks that `collisionCount` never falls.
fn check_collisions(status: &Place<'_>, old: &Value, errors: &mut Errors) {
    let (count, before) = (
        status.field("collisionCount"),
        Place::root(old, "status").field("collisionCount"),
    );
    if count.is_set() {
        count.not_negative(errors);
    }
    if before.is_set() && count.int() < before.int() {
        errors.push(count.invalid_int("cannot be decremented"));
    }
}

/// Warns of names that do not suit the names of pods.
pub fn name_warnings(kind: &str, object: &Value, old: Option<&Value>) -> Vec<String> {
    if old.is_some() || kind == "PodTemplate" || kind == "ReplicationController" {
        return Vec::new();
    }
    let problems = names::dns_label(meta::of(object).name());
    if problems.is_empty() {
        return Vec::new();
    }
    let use_of = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is \
                  recommended";
    vec![format!("{use_of}: [{}]", problems.join(" "))]
}
