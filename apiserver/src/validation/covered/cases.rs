//! Cases made by hand, for rules that one wrong field does not break: what is told of an object is exactly what the case says.
//!
//! `cases/GROUP.jsonl` has one case a line: `rule`, as `open.txt` names it; `kind`, as `apps/v1 DaemonSet`; `new`, a merge patch
//! that makes the object from the kind's sample; `old`, one that makes the object before it, for an update; `subresource`, if
//! the update goes through one; `errors`, as `spec.replicas: Invalid`, in their order.
//! In a patch, `{"$times": [COUNT, ITEM]}` is a list of so many items, each with its number for `$i`; with `"$text"`, a text that
//! is repeated so often.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use object::field::Error;
use object::patch::merge;
use schema::{Value, json};

use super::judge::{self, Sample};
use super::rules;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/validation/covered/cases");

struct Case {
    rule: String,
    kind: String,
    new: serde_json::Value,
    old: Option<serde_json::Value>,
    subresource: String,
    errors: Vec<String>,
}

fn all() -> Vec<Case> {
    let files = std::fs::read_dir(Path::new(FOLDER)).expect("cases");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("text"));
    texts
        .flat_map(|text| text.lines().map(parse).collect::<Vec<_>>())
        .collect()
}

fn parse(line: &str) -> Case {
    let case: serde_json::Value = serde_json::from_str(line).expect("JSON lines");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let errors = case["errors"].as_array().expect("errors");
    Case {
        rule: text(&case["rule"]),
        kind: text(&case["kind"]),
        new: expanded(&case["new"]),
        old: case.get("old").map(expanded),
        subresource: text(&case["subresource"]),
        errors: errors.iter().map(text).collect(),
    }
}

/// A patch with its repetitions spelled out.
fn expanded(patch: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match patch {
        Json::Object(map) => match map.get("$times").and_then(Json::as_array).map(Vec::as_slice) {
            Some([count, item]) => repeated(count.as_u64().unwrap_or(0), item, map.contains_key("$text")),
            _ => Json::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), expanded(value)))
                    .collect(),
            ),
        },
        Json::Array(items) => Json::Array(items.iter().map(expanded).collect()),
        other => other.clone(),
    }
}

fn repeated(count: u64, item: &serde_json::Value, is_text: bool) -> serde_json::Value {
    if let Some(text) = item.as_str().filter(|_| is_text) {
        return text
            .repeat(usize::try_from(count).expect("a small number"))
            .into();
    }
    let text = item.to_string();
    let numbered = |at: u64| serde_json::from_str(&text.replace("$i", &at.to_string())).expect("JSON");
    (0..count)
        .map(numbered)
        .collect::<Vec<serde_json::Value>>()
        .into()
}

/// The kinds of errors of each rule that cases show, by the rule's line without them.
pub fn proved() -> BTreeMap<String, BTreeSet<String>> {
    let known: BTreeSet<String> = rules::all()
        .iter()
        .map(|rule| rule.line_without_kinds())
        .collect();
    let mut proved: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for case in all() {
        let start = case.rule.rfind("; ").map_or("", |end| &case.rule[..end + 2]);
        assert!(known.contains(start), "a case of no rule: {}", case.rule);
        let kinds = case.errors.iter().filter_map(|error| error.rsplit(": ").next());
        proved
            .entry(start.to_owned())
            .or_default()
            .extend(kinds.map(str::to_owned));
    }
    proved
}

/// What is told of a case.
fn errors_of(case: &Case, sample: &Sample) -> Vec<Error> {
    let object = |patch: &serde_json::Value, is_update: bool| -> Value {
        let mut object = sample.object.clone();
        let version = serde_json::json!({"metadata": {"resourceVersion": "1"}});
        for patch in is_update.then_some(&version).into_iter().chain([patch]) {
            let patch = json::parse(patch.to_string().as_bytes()).expect("JSON");
            merge::apply(&mut object, &patch).expect("a patch");
        }
        object
    };
    match &case.old {
        Some(old) => sample.updated(&object(&case.new, true), &object(old, true), &case.subresource),
        None => sample.created(&object(&case.new, false)),
    }
}

#[test]
fn cases_are_told_of_as_they_say() {
    let samples = judge::samples();
    let mut others = Vec::new();
    for case in all() {
        let is_host = |sample: &&Sample| sample.kind() == case.kind && !sample.is_for_sources;
        let sample = samples.iter().find(is_host);
        let sample = sample.unwrap_or_else(|| panic!("no sample of {}", case.kind));
        let told = errors_of(&case, sample);
        let short = |error: &Error| format!("{}: {}", error.path, judge::kind(error.kind));
        if told.iter().map(short).collect::<Vec<_>>() != case.errors {
            let told: Vec<String> = told.iter().map(ToString::to_string).collect();
            others.push(format!(
                "{}\n  want {:?}\n  have {told:?}",
                case.rule, case.errors
            ));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}
