//! Rules of the policies of a job: when failed pods fail it, and when succeeded ones are enough.

use object::field::Error;
use object::names;
use schema::Value;

use super::job_indexes;
use super::jobs::has_container;
use crate::strategy::Errors;
use crate::validation::place::Place;

const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const CONDITIONS_MAX: usize = 20;
const SUCCEEDED_INDEXES_BYTES_MAX: usize = 64 * 1024;

/// Checks `podFailurePolicy` and `successPolicy` of a job's spec.
pub fn check(spec: &Place<'_>, errors: &mut Errors) {
    let failure = spec.field("podFailurePolicy");
    let rules = failure.field("rules");
    at_most(&rules, RULES_MAX, errors);
    for rule in rules.items() {
        check_failure_rule(spec, &rule, errors);
    }
    check_success(spec, errors);
}

fn at_most(list: &Place<'_>, max: usize, errors: &mut Errors) {
    if list.list().len() > max {
        errors.push(Error::too_many(list.path(), list.list().len(), max));
    }
}

fn check_failure_rule(spec: &Place<'_>, rule: &Place<'_>, errors: &mut Errors) {
    let action = rule.field("action");
    if action.text() == "FailIndex" && !spec.field("backoffLimitPerIndex").is_set() {
        errors.push(action.invalid_text("requires the backoffLimitPerIndex to be set"));
    }
    action.require_one_of(&["Count", "FailIndex", "FailJob", "Ignore"], errors);
    let (codes, conditions) = (rule.field("onExitCodes"), rule.field("onPodConditions"));
    if codes.is_set() {
        check_exit_codes(spec, &codes, errors);
    }
    if !conditions.is_empty() {
        check_conditions(&conditions, errors);
    }
    let problem = match (codes.is_set(), !conditions.is_empty()) {
        (true, true) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, false) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    errors.push(Error::invalid_unshown(rule.path(), problem));
}

fn check_exit_codes(spec: &Place<'_>, codes: &Place<'_>, errors: &mut Errors) {
    let (operator, name, values) = (
        codes.field("operator"),
        codes.field("containerName"),
        codes.field("values"),
    );
    operator.require_one_of(&["In", "NotIn"], errors);
    if name.is_set() && !has_container(&spec.field("template"), name.text()) {
        let problem = "must be one of the container or initContainer names in the pod template";
        errors.push(name.invalid_text(problem));
    }
    if values.is_empty() {
        errors.push(values.invalid_as(
            object::field::Printed::raw("[]"),
            "at least one value is required",
        ));
    }
    at_most(&values, EXIT_CODES_MAX, errors);
    let numbers: Vec<i64> = values.list().iter().filter_map(Value::as_int).collect();
    let mut seen = Vec::new();
    for value in values.items() {
        if seen.contains(&value.int()) {
            errors.push(value.duplicate());
        }
        seen.push(value.int());
        if operator.text() == "In" && value.int() == 0 {
            errors.push(value.invalid_int("must not be 0 for the In operator"));
        }
    }
    if !numbers.is_sorted() {
        errors.push(values.invalid("must be ordered"));
    }
}

fn check_conditions(conditions: &Place<'_>, errors: &mut Errors) {
    at_most(conditions, CONDITIONS_MAX, errors);
    for condition in conditions.items() {
        condition.field("type").format(names::qualified_name, errors);
        condition
            .field("status")
            .require_one_of(&["False", "True", "Unknown"], errors);
    }
}

fn check_success(spec: &Place<'_>, errors: &mut Errors) {
    let policy = spec.field("successPolicy");
    if !policy.is_set() {
        return;
    }
    if spec.field("completionMode").text() != "Indexed" {
        errors.push(policy.invalid("requires indexed completion mode"));
        return;
    }
    let rules = policy.field("rules");
    if rules.is_empty() {
        errors
            .push(rules.required("at least one rules must be specified when the successPolicy is specified"));
    }
    at_most(&rules, RULES_MAX, errors);
    for rule in rules.items() {
        let (count, indexes) = (rule.field("succeededCount"), rule.field("succeededIndexes"));
        if !count.is_set() && !indexes.is_set() {
            errors
                .push(rule.required("at least one of succeededCount or succeededIndexes must be specified"));
        }
        let all = spec.field("completions").int();
        let listed = if indexes.is_set() {
            Some(check_indexes(&indexes, all, errors))
        } else {
            None
        };
        if count.is_set() {
            check_count(&count, all, listed, errors);
        }
    }
}

/// Checks indexes that are enough; how many they are, none where they cannot be read.
fn check_indexes(indexes: &Place<'_>, completions: i64, errors: &mut Errors) -> i64 {
    indexes.at_most_bytes(SUCCEEDED_INDEXES_BYTES_MAX, errors);
    job_indexes::count(indexes.text(), completions).unwrap_or_else(|problem| {
        errors.push(indexes.invalid_text(format!("error parsing succeededIndexes: {problem}")));
        0
    })
}

fn check_count(count: &Place<'_>, completions: i64, listed: Option<i64>, errors: &mut Errors) {
    count.not_negative(errors);
    let mut at_most = |most: i64, what: &str| {
        if count.int() > most {
            errors.push(count.invalid_int(format!("must be less than or equal to {most} ({what})")));
        }
    };
    at_most(completions, "the number of specified completions");
    if let Some(listed) = listed {
        at_most(
            listed,
            "the number of indexes in the specified succeededIndexes field",
        );
    }
}
