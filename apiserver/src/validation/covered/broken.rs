//! Every field of every kind that a rule speaks of is broken as its rule says that it may not be, one change at a time:
//! the answer holds an error of the right kind at exactly that field.
//!
//! The changes follow from the words of the rules (`words`). What is answered otherwise is listed in
//! `otherwise.txt`, with the reason; a line there that is no longer needed fails the test too.

use std::collections::{BTreeMap, BTreeSet};

use object::field::Error;
use schema::{FieldType, Types, Value};

use super::battery::{self, Wrong};
use super::judge::{self, Sample};
use super::place_of::{self, Host, Step};
use super::rules::{self, Rule, plain};
use super::words::{self, Break, How};
use super::{WORKERS, filled};

const OTHERWISE: &str = include_str!("otherwise.txt");
/// How many changes are tried; may only grow.
const TRIED_MIN: usize = 5200;
/// How much of an unexpected answer is shown.
const ANSWER_CHARS: usize = 120;

/// All good objects of one resource.
struct Kind {
    samples: Vec<Sample>,
}

/// One change that was tried: what, in which resource, and whether it was answered as it should be.
struct Tried {
    what: String,
    resource: String,
    is_answered: bool,
    /// The first error, if there was one besides that of the version, which samples have not.
    answer: Option<String>,
}

fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for sample in judge::all_samples() {
        let same = |kind: &&mut Kind| {
            let first = &kind.samples[0];
            first.name() == sample.name() && first.is_for_sources == sample.is_for_sources
        };
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.samples.push(sample),
            None => kinds.push(Kind {
                samples: vec![sample],
            }),
        }
    }
    kinds
}

/// The sample that has most of the way to a field.
fn nearest<'a>(kinds: &'a [Kind], host: &Host<'_>, path: &[Step]) -> &'a Sample {
    let is_host = |kind: &&Kind| {
        let first = &kind.samples[0];
        first.name() == host.sample.name() && first.is_for_sources == host.sample.is_for_sources
    };
    let kind = kinds.iter().find(is_host).expect("hosts are of these kinds");
    let known = |sample: &Sample| place_of::known_steps(&sample.object, path);
    let best = kind.samples.iter().map(known).max().unwrap_or_default();
    let nearest = kind.samples.iter().find(|sample| known(sample) == best);
    nearest.expect("a kind has a sample")
}

/// What a field holds.
fn type_of(sample: &Sample, path: &[Step]) -> Option<FieldType> {
    let mut ty = FieldType::Message(sample.type_id);
    for step in path {
        ty = match (ty, step) {
            (FieldType::Message(id), Step::Field(name)) => Types::builtin().field(id, name)?.ty.clone(),
            (FieldType::List(item), Step::Item) | (FieldType::Map(item), Step::Entry | Step::Key(_)) => *item,
            _ => return None,
        };
    }
    Some(ty)
}

/// All changes of a field of a resource.
fn break_field(rule: &Rule, sample: &Sample, path: &[Step], field: &str) -> Vec<Tried> {
    let Some(ty) = type_of(sample, path) else {
        return Vec::new();
    };
    let in_status = matches!(path.first(), Some(Step::Field(name)) if name == "status");
    let on = if in_status { "status" } else { &rule.on };
    let good = filled::grown(&sample.object, sample.type_id, path);
    let mut tried = Vec::new();
    for wrong in words::breaks(rule, &ty) {
        let on = match (on, &wrong.how) {
            ("status", _) => "status",
            (_, How::Changed) | ("update", _) => "update",
            _ => "create",
        };
        let Some((path, errors)) = answers(sample, &good, path, &ty, &wrong, on) else {
            continue;
        };
        let is_right = |error: &Error| is_at(error, &path, sample) && judge::kind(error.kind) == wrong.kind;
        tried.push(Tried {
            what: format!("{} {field} {} {}", rule.short_message(), wrong.name, wrong.kind),
            resource: sample.name(),
            is_answered: errors.iter().any(is_right),
            answer: errors
                .iter()
                .find(|error| error.path != "metadata.resourceVersion")
                .map(|error| error.to_string().chars().take(ANSWER_CHARS).collect()),
        });
    }
    tried
}

/// What is said of a change, and the path at which it should be; nothing where the change cannot be made.
fn answers(
    sample: &Sample,
    good: &Value,
    path: &[Step],
    ty: &FieldType,
    wrong: &Break,
    on: &str,
) -> Option<(String, Vec<Error>)> {
    let (old, new, at) = match &wrong.how {
        How::Wrong(how) => (good.clone(), changed(good, path, ty, how)?, path.to_vec()),
        How::Changed => {
            let old = with_value(good, path, ty)?;
            let value = filled::other(ty, place_of::value(&old, path)?);
            let new = battery::changed(&old, path, &Wrong::Value(value))?;
            (old, new, path.to_vec())
        }
        How::Twice => {
            let item = path.iter().rposition(|step| *step == Step::Item);
            let list = match (item, ty) {
                (Some(at), FieldType::String | FieldType::Message(_)) => &path[..at],
                _ => path,
            };
            let filled = with_value(good, path, ty)?;
            let count = place_of::value(&filled, list)?.as_list()?.len();
            let new = battery::changed(&filled, list, &Wrong::Twice)?;
            let mut at = path.to_vec();
            match at.get_mut(list.len()) {
                Some(step) => *step = Step::At(count),
                None => at.push(Step::At(count)),
            }
            (good.clone(), new, at)
        }
    };
    let errors: Vec<Error> = match on {
        "create" => sample.created(&new),
        "update" => sample.updated(&new, &old, ""),
        _ => sample.status_updated(&new, &old),
    };
    Some((place_of::printed(&new, &at), errors))
}

/// An object whose field has a value.
fn with_value(object: &Value, path: &[Step], ty: &FieldType) -> Option<Value> {
    match place_of::value(object, path) {
        Some(value) if !value.is_zero() => Some(object.clone()),
        _ => battery::changed(object, path, &Wrong::Value(filled::some(ty))),
    }
}

/// An object with a wrong value. A list that is to be too long first gets an item.
fn changed(object: &Value, path: &[Step], ty: &FieldType, wrong: &Wrong) -> Option<Value> {
    match wrong {
        Wrong::Many(_) => battery::changed(&with_value(object, path, ty)?, path, wrong),
        Wrong::Missing if matches!(path.last(), Some(Step::Item | Step::Entry)) => match ty {
            FieldType::String => battery::changed(object, path, &Wrong::Value("".into())),
            _ => None,
        },
        _ => battery::changed(object, path, wrong),
    }
}

/// Whether an error is of this field, or of an item or entry of it.
fn is_at(error: &Error, path: &str, sample: &Sample) -> bool {
    if sample.name().ends_with("/customresourcedefinitions") && path.starts_with("spec") {
        return judge::as_served(&plain(&error.path)) == plain(path);
    }
    error
        .path
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || is_item(rest))
}

/// Whether the rest of a path is one index or key.
fn is_item(rest: &str) -> bool {
    rest.starts_with('[') && rest.find(']') == Some(rest.len() - 1)
}

fn tried_of(rule: &Rule, kinds: &[Kind]) -> Vec<Tried> {
    let hosts = place_of::hosts(&rule.message, kinds.iter().map(|kind| &kind.samples[0]));
    let mut tried = Vec::new();
    for host in &hosts {
        let is_double =
            |other: &&Host<'_>| other.sample.is_for_sources && other.sample.name() == host.sample.name();
        if !host.sample.is_for_sources && hosts.iter().any(|other| is_double(&other)) {
            continue;
        }
        for field in &rule.fields {
            let path = host.path(field);
            let sample = nearest(kinds, host, &path);
            tried.extend(break_field(rule, sample, &path, field));
        }
    }
    tried
}

/// What was not answered: each change, with the resources if there are others where it was; and one answer to it.
fn unanswered(tried: &[Tried]) -> BTreeMap<String, String> {
    let mut by_change: BTreeMap<&str, Vec<&Tried>> = BTreeMap::new();
    for one in tried {
        by_change.entry(&one.what).or_default().push(one);
    }
    let line = |(what, tried): (&str, Vec<&Tried>)| {
        let failed: Vec<&&Tried> = tried.iter().filter(|one| !one.is_answered).collect();
        let resources: BTreeSet<&str> = failed.iter().map(|one| one.resource.as_str()).collect();
        let answer = failed.first()?.answer.clone().unwrap_or_default();
        if failed.len() == tried.len() {
            return Some((what.to_owned(), answer));
        }
        let resources: Vec<&str> = resources.into_iter().collect();
        Some((format!("{what} in {}", resources.join(" ")), answer))
    };
    by_change.into_iter().filter_map(line).collect()
}

#[test]
fn each_broken_field_is_answered_at_the_field() {
    let (kinds, rules) = (kinds(), rules::all());
    let look =
        |part: &[Rule]| -> Vec<Tried> { part.iter().flat_map(|rule| tried_of(rule, &kinds)).collect() };
    let tried: Vec<Tried> = std::thread::scope(|scope| {
        let look = &look;
        let parts = rules.chunks(rules.len().div_ceil(WORKERS));
        let workers: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("a worker ends"))
            .collect()
    });
    let lines = OTHERWISE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listed: BTreeMap<&str, &str> = lines
        .map(|line| line.split_once(" => ").expect("a change and its reason"))
        .collect();
    let unanswered = unanswered(&tried);
    let new: Vec<_> = unanswered
        .iter()
        .filter(|(line, _)| !listed.contains_key(line.as_str()))
        .collect();
    let old: Vec<&&str> = listed
        .keys()
        .filter(|line| !unanswered.contains_key(**line))
        .collect();
    assert!(
        new.is_empty() && old.is_empty(),
        "of {} changes not answered as they should be: {new:#?}\nlisted, and answered: {old:#?}",
        tried.len()
    );
    assert!(listed.values().all(|reason| !reason.trim().is_empty()));
    assert!(
        tried.len() >= TRIED_MIN,
        "only {} changes were tried",
        tried.len()
    );
}
