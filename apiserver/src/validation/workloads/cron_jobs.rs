//! Rules of cron jobs.

use object::meta;
use schema::Value;

use super::jobs;
use super::schedule;
use super::spec;
use crate::strategy::Errors;
use crate::validation::place::Place;

/// Jobs are named by the cron job and eleven characters of time.
const NAME_BYTES_MAX: usize = 52;

/// Checks a new cron job.
pub fn create(job: &Value, errors: &mut Errors) {
    check_spec(&spec(job), None, errors);
    let name = meta::of(job).name();
    if name.len() > NAME_BYTES_MAX {
        let at = Place::root(job, "metadata").field("name");
        errors.push(at.invalid_text(format!("must be no more than {NAME_BYTES_MAX} characters")));
    }
}

/// Checks a changed cron job.
pub fn update(job: &Value, old: &Value, errors: &mut Errors) {
    check_spec(&spec(job), Some(&spec(old)), errors);
    let (name, before) = (meta::of(job).name(), meta::of(old).name());
    if name != before && name.len() > NAME_BYTES_MAX {
        let at = Place::root(job, "metadata").field("name");
        errors.push(at.invalid_text(format!("must be no more than {NAME_BYTES_MAX} characters")));
    }
}

fn check_spec(spec: &Place<'_>, old: Option<&Place<'_>>, errors: &mut Errors) {
    let schedule = spec.field("schedule");
    if schedule.require(errors) {
        check_schedule(&schedule, old, errors);
    }
    spec.field("startingDeadlineSeconds").not_negative(errors);
    let zone = spec.field("timeZone");
    let same_zone = old.is_some_and(|old| old.field("timeZone").value() == zone.value());
    if zone.is_set() && !same_zone {
        check_zone(&zone, errors);
    }
    spec.field("concurrencyPolicy")
        .require_one_of(&["Allow", "Forbid", "Replace"], errors);
    check_job_template(&spec.field("jobTemplate").field("spec"), errors);
    spec.field("successfulJobsHistoryLimit").not_negative(errors);
    spec.field("failedJobsHistoryLimit").not_negative(errors);
}

fn check_job_template(template: &Place<'_>, errors: &mut Errors) {
    let (selector, manual) = (template.field("selector"), template.field("manualSelector"));
    jobs::check_spec(template, false, errors);
    if selector.is_set() {
        errors.push(selector.invalid_as(
            super::print_selector(selector.value()),
            "`selector` will be auto-generated",
        ));
    }
    if manual.is_true() {
        errors.push(object::field::Error::not_supported(
            manual.path(),
            true,
            &["nil", "false"],
        ));
    }
}

fn check_schedule(schedule: &Place<'_>, old: Option<&Place<'_>>, errors: &mut Errors) {
    let text = schedule.text();
    if let Err(problem) = schedule::parse(text) {
        errors.push(schedule.invalid_text(problem));
    }
    let had_zone = old.is_some_and(|old| old.field("schedule").text().contains("TZ"));
    if text.contains("TZ") && !had_zone {
        errors
            .push(schedule.invalid_text("cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
    }
}

/// Whether a zone is known is for the clock of the controller; here only its form is judged.
fn check_zone(zone: &Place<'_>, errors: &mut Errors) {
    let name = zone.text();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+');
    if name.is_empty() {
        errors.push(zone.invalid_text("timeZone must be nil or non-empty string"));
    } else if name.eq_ignore_ascii_case("local") {
        let problem = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(zone.invalid_text(problem));
    } else if name.starts_with('/') || !name.bytes().all(known) {
        errors.push(zone.invalid_text("time: invalid location name"));
    }
}
