//! Every rule of the table of validation rules: an object that breaks it is refused with an error of the rule's kind at the
//! rule's field, or the rule is listed as open (`covered/open.txt`), with the reason.
//!
//! An error of the same kind at the same field counts, whatever its words: messages are the recorded behaviour's affair. What is
//! listed is what nothing here leads to; it may be enforced all the same.
//!
//! Objects are broken field by field: each sample object is given, at each field that a rule is about, one wrong value after
//! another. What takes more than one wrong field is in the recorded behaviour, whose objects are looked at too, and in cases
//! made by hand (`covered/cases`).
//! The rules are those of the Kubernetes 1.36 fact tables (`validation.json`).

mod battery;
mod bounds;
mod broken;
mod cases;
mod filled;
mod forms;
mod judge;
mod place_of;
mod rules;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use judge::{Found, Sample};
use place_of::Host;
use rules::Rule;

/// What the list of open rules holds for one: the kinds of errors that were not seen, and why.
const OPEN: &str = include_str!("covered/open.txt");
const WORKERS: usize = 2;
/// In how many resources a rule is tried.
const HOSTS_MAX: usize = 3;

/// The kinds of errors of a rule that nothing led to. Those that are listed as open need not be looked for long.
fn unseen(
    rule: &Rule,
    samples: &[Sample],
    recorded: &[(String, Found)],
    listed: &BTreeSet<String>,
    by_hand: &BTreeSet<String>,
) -> BTreeSet<String> {
    let kinds = rule.kinds.iter().filter(|kind| !by_hand.contains(*kind));
    let mut left: BTreeSet<String> = kinds.cloned().collect();
    if left.is_empty() {
        return left;
    }
    let hosts = place_of::hosts(&rule.message, samples.iter());
    for host in &hosts {
        let (name, targets) = (host.sample.name(), rule.targets(host));
        for (_, found) in recorded.iter().filter(|(resource, _)| *resource == name) {
            found.take(&targets, &mut left);
        }
    }
    for host in hosts.iter().take(HOSTS_MAX) {
        for field in &rule.fields {
            try_all(rule, host, field, listed, &mut left);
        }
    }
    left
}

fn try_all(
    rule: &Rule,
    host: &Host<'_>,
    field: &str,
    listed: &BTreeSet<String>,
    left: &mut BTreeSet<String>,
) {
    let targets = rule.targets(host);
    let path = host.path(field);
    let all_listed = rule.kinds.iter().all(|kind| listed.contains(kind));
    let values = if all_listed {
        battery::few()
    } else {
        battery::values(&rule.text)
    };
    for wrong in values {
        if left.is_empty() || !all_listed && left.is_subset(listed) {
            return;
        }
        let Some(object) = battery::changed(&host.sample.object, &path, &wrong) else {
            continue;
        };
        let in_status = host.text(field).starts_with("status");
        let on = if in_status { "status" } else { &rule.on };
        for found in host.sample.judge(&object, on) {
            found.take(&targets, left);
        }
    }
}

/// The reasons of what is open, by rule and kinds of errors.
fn listed() -> BTreeMap<String, String> {
    let lines = OPEN
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (rule, reason) = line.split_once(" => ").expect("a rule and its reason");
            (rule.to_owned(), reason.to_owned())
        })
        .collect()
}

/// The kinds of errors of a rule that are listed as open.
fn listed_of(rule: &Rule, listed: &BTreeMap<String, String>) -> BTreeSet<String> {
    let start = rule.line_without_kinds();
    let kinds = listed
        .keys()
        .filter_map(|line| line.strip_prefix(&start)?.strip_suffix(')'));
    kinds
        .flat_map(|kinds| kinds.split(' ').map(str::to_owned))
        .collect()
}

#[test]
fn every_rule_is_enforced_or_listed() {
    let (samples, rules) = (judge::samples(), rules::all());
    let recorded = judge::recorded();
    let listed = listed();
    let (by_hand, none) = (cases::proved(), BTreeSet::new());
    let look = |part: &[Rule]| -> Vec<String> {
        let line = |rule: &Rule| {
            let listed = listed_of(rule, &listed);
            let by_hand = by_hand.get(&rule.line_without_kinds()).unwrap_or(&none);
            let mut left = unseen(rule, &samples, &recorded, &listed, by_hand);
            // Of a rule that is open as a whole, few values were tried.
            if rule.kinds.iter().all(|kind| listed.contains(kind)) {
                left = listed;
            }
            (!left.is_empty()).then(|| rule.line(&left))
        };
        part.iter().filter_map(line).collect()
    };
    let open: BTreeSet<String> = std::thread::scope(|scope| {
        let parts = rules.chunks(rules.len().div_ceil(WORKERS));
        let look = &look;
        let workers: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
        let ended = workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker ends"));
        ended.flatten().collect()
    });
    let reached: Vec<&String> = listed.keys().filter(|rule| !open.contains(*rule)).collect();
    let unlisted: Vec<&String> = open.iter().filter(|rule| !listed.contains_key(*rule)).collect();
    assert!(
        reached.is_empty() && unlisted.is_empty(),
        "listed as open, and enforced: {reached:#?}\nneither enforced nor listed: {unlisted:#?}"
    );
    assert!(listed.values().all(|reason| !reason.trim().is_empty()));
}
