//! Schemas made of others: `anyOf`, `oneOf`, `allOf`, `not`.

use schema::Value;

use super::{Found, Problem, check as check_one};

/// Checks a value against the schemas that this one is made of.
pub(super) fn check(schema: &Value, value: &Value, path: &str, depth: usize) -> Found {
    let mut found = Found::default();
    let results = |name: &str| -> Vec<Found> {
        let parts = schema.list_at(&[name]).iter();
        parts
            .map(|part| check_one(part, value, None, path, depth + 1))
            .collect()
    };
    any(results("anyOf"), path, &mut found);
    one(results("oneOf"), path, &mut found);
    all(results("allOf"), path, &mut found);
    let not = schema.get("not").filter(|not| !not.is_null());
    if not.is_some_and(|not| check_one(not, value, None, path, depth + 1).is_good()) {
        found.add(Problem::whole(format!(
            "\"{path}\" must not validate the schema (not)"
        )));
    }
    found.matches += 1;
    found
}

fn any(results: Vec<Found>, path: &str, found: &mut Found) {
    if results.is_empty() {
        return;
    }
    if !results.iter().any(Found::is_good) {
        found.add(Problem::whole(format!(
            "\"{path}\" must validate at least one schema (anyOf)"
        )));
    }
    if let Some(best) = nearest(results) {
        found.merge(best);
    }
}

fn one(results: Vec<Found>, path: &str, found: &mut Found) {
    if results.is_empty() {
        return;
    }
    let good = results.iter().filter(|result| result.is_good()).count();
    let told = match good {
        1 => None,
        0 => Some("Found none valid".to_owned()),
        _ => Some(format!("Found {good} valid alternatives")),
    };
    if let Some(told) = &told {
        found.add(Problem::whole(format!(
            "\"{path}\" must validate one and only one schema (oneOf). {told}"
        )));
    }
    if good < 2
        && let Some(best) = nearest(results)
    {
        found.merge(best);
    }
}

fn all(results: Vec<Found>, path: &str, found: &mut Found) {
    let (count, good) = (
        results.len(),
        results.iter().filter(|result| result.is_good()).count(),
    );
    results.into_iter().for_each(|result| found.merge(result));
    if good != count {
        let none = if good == 0 { ". None validated" } else { "" };
        found.add(Problem::whole(format!(
            "\"{path}\" must validate all the schemas (allOf){none}"
        )));
    }
}

/// The first that is good, or else the first of those that come nearest.
fn nearest(results: Vec<Found>) -> Option<Found> {
    let mut best: Option<Found> = None;
    for result in results {
        let is_better = match &best {
            None => true,
            Some(best) if best.is_good() => false,
            Some(best) => result.is_good() || result.matches > best.matches,
        };
        if is_better {
            best = Some(result);
        }
    }
    best
}
