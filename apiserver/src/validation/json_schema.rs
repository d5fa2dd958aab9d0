//! Whether a JSON value has the form that an OpenAPI v3 schema asks for: the rules of custom resources and of the defaults in
//! their schemas, in the reference's words. Schemas are trees as definitions hold them; CEL rules are not looked at.

mod composite;
mod formats;
mod numbers;
mod problem;
mod ratcheting;

use std::collections::{HashMap, HashSet};

use schema::{SmolStr, Value};

pub use formats::is_known as is_known_format;
pub use problem::Problem;
pub use ratcheting::{Comparisons, Correlated, OldItems};

use crate::limits::SCHEMA_DEPTH_MAX;
use object::patterns;

/// What was found: problems, and how many checks went well, by which the nearest of several schemas is chosen.
#[derive(Debug, Default)]
struct Found {
    problems: Vec<Problem>,
    /// Each is told once.
    messages: HashSet<String>,
    matches: usize,
}

impl Found {
    fn add(&mut self, problem: Problem) {
        if self.messages.insert(problem.message.clone()) {
            self.problems.push(problem);
        }
    }

    fn merge(&mut self, other: Found) {
        self.matches += other.matches;
        other.problems.into_iter().for_each(|problem| self.add(problem));
    }

    fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

/// What is wrong with a value. Paths are relative to it, as `spec.ports[0]`.
pub fn problems(schema: &Value, value: &Value) -> Vec<Problem> {
    check(schema, value, None, "", 0).problems
}

/// What is wrong with a value that follows another: what did not change may stay as it is (KEP-4008).
pub fn new_problems(schema: &Value, value: &Value, old: &Value) -> Vec<Problem> {
    let comparisons = Comparisons::default();
    let old = Old {
        correlated: Correlated { schema, value, old },
        comparisons: &comparisons,
    };
    check(schema, value, Some(old), "", 0).problems
}

/// What a value was before.
#[derive(Clone, Copy)]
struct Old<'a> {
    correlated: Correlated<'a>,
    comparisons: &'a Comparisons,
}

impl<'a> Old<'a> {
    fn below(self, correlated: Option<Correlated<'a>>) -> Option<Self> {
        correlated.map(|correlated| Self { correlated, ..self })
    }
}

/// `old` is what the value was, if that can be told.
fn check(schema: &Value, value: &Value, old: Option<Old<'_>>, path: &str, depth: usize) -> Found {
    let mut found = Found::default();
    if depth > SCHEMA_DEPTH_MAX {
        return found;
    }
    found.merge(types(schema, value, path));
    if !value.is_null() {
        found.merge(composite::check(schema, value, path, depth));
        found.matches += 1;
    }
    match value {
        Value::String(text) => found.merge(self::text(schema, text, path)),
        Value::Int(_) | Value::Float(_) => found.merge(numbers::check(schema, value, path)),
        Value::List(items) => found.merge(list(schema, items, old, path, depth)),
        _ => {}
    }
    found.merge(allowed(schema, value, path));
    if let Value::Map(_) = value {
        found.merge(object(schema, value, old, path, depth));
    }
    found.matches += 2;
    if !found.is_good() && old.is_some_and(|old| old.comparisons.is_same(old.correlated)) {
        found.problems.clear();
    }
    found
}

/// The types that a schema allows; none for any.
fn types_of(schema: &Value) -> Vec<&str> {
    if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) {
        return vec!["integer", "string"];
    }
    schema
        .str_at(&["type"])
        .filter(|name| !name.is_empty())
        .into_iter()
        .collect()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::String(_) | Value::Raw(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn types(schema: &Value, value: &Value, path: &str) -> Found {
    let mut found = Found::default();
    let allowed = types_of(schema);
    let have = type_of(value);
    if allowed.is_empty() {
        return found;
    }
    let is_nullable = schema.bool_at(&["nullable"]) == Some(true);
    let has_format = formats::of(schema).is_some();
    let is_numeric = allowed.contains(&"number") || allowed.contains(&"integer");
    let is_good = allowed.contains(&have)
        || (value.is_null() && is_nullable)
        || (have == "integer" && allowed.contains(&"number"))
        || (matches!(value, Value::Float(number) if number.fract() == 0.0) && allowed.contains(&"integer"))
        // What has a format is judged by it alone.
        || (has_format && !is_numeric && matches!(have, "string" | "array"));
    if is_good {
        found.matches += 1;
    } else {
        let message = format!("{path} in body must be of type {}: \"{have}\"", allowed.join(","));
        found.add(Problem::of_type(path, have, message));
    }
    found
}

fn text(schema: &Value, text: &SmolStr, path: &str) -> Found {
    let mut found = Found::default();
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let limit = |name: &str| schema.int_at(&[name]);
    // The first of these alone is told.
    if let Some(max) = limit("maxLength").filter(|max| count > *max) {
        found.add(Problem::too_long(path, max));
    } else if let Some(min) = limit("minLength").filter(|min| count < *min) {
        let message = format!("{path} in body should be at least {min} chars long");
        found.add(Problem::invalid(path, &**text, message));
    } else if let Some(pattern) = schema.str_at(&["pattern"]).filter(|pattern| !pattern.is_empty())
        && patterns::matches(pattern, text) == Some(false)
    {
        let message = format!("{path} in body should match '{pattern}'");
        found.add(Problem::invalid(path, &**text, message));
    }
    if let Some(format) = formats::of(schema)
        && !formats::is_valid(format, text)
    {
        let message = format!(
            "{path} in body must be of type {format}: {}",
            object::field::quote(text)
        );
        found.add(Problem::of_type(path, text, message));
    }
    found
}

fn list(schema: &Value, items: &[Value], old: Option<Old<'_>>, path: &str, depth: usize) -> Found {
    let mut found = Found::default();
    if let Some(each) = schema.get("items").filter(|each| each.as_map().is_some()) {
        let before = old.map(|old| OldItems::of(old.correlated));
        for (at, item) in items.iter().enumerate() {
            let before = before.as_ref().and_then(|before| before.of_place(at));
            let old = old.and_then(|old| old.below(before));
            found.merge(check(each, item, old, &format!("{path}[{at}]"), depth + 1));
        }
    }
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if let Some(min) = schema.int_at(&["minItems"]).filter(|min| count < *min) {
        let message = format!("{path} in body should have at least {min} items");
        found.add(Problem::invalid(path, count, message));
    }
    if let Some(max) = schema.int_at(&["maxItems"]).filter(|max| count > *max) {
        found.add(Problem::too_many(path, count, max, "items"));
    }
    if schema.bool_at(&["uniqueItems"]) == Some(true) && has_twice(items) {
        let message = format!("{path} in body shouldn't contain duplicates");
        found.add(Problem::invalid(path, "", message));
    }
    found.matches += 1;
    found
}

/// Whether two items are alike. Those that are print alike, which few others do.
fn has_twice(items: &[Value]) -> bool {
    let mut seen: HashMap<String, Vec<&Value>> = HashMap::new();
    items.iter().any(|item| {
        let like = seen.entry(format!("{item:?}")).or_default();
        let is_twice = like.contains(&item);
        like.push(item);
        is_twice
    })
}

/// Whether the value is one of those that are listed, if any are.
fn allowed(schema: &Value, value: &Value, path: &str) -> Found {
    let mut found = Found::default();
    let listed = schema.list_at(&["enum"]);
    if !listed.is_empty() && !listed.iter().any(|one| numbers::same(one, value)) {
        found.add(Problem::not_listed(path, value, listed));
    }
    found
}

fn object(schema: &Value, value: &Value, old: Option<Old<'_>>, path: &str, depth: usize) -> Found {
    let mut found = Found::default();
    let entries = || value.as_map().into_iter().flat_map(|map| map.iter());
    let count = i64::try_from(entries().count()).unwrap_or(i64::MAX);
    if let Some(min) = schema.int_at(&["minProperties"]).filter(|min| count < *min) {
        let message = format!("{path} in body should have at least {min} properties");
        found.add(Problem::invalid(path, count, message));
        return found;
    }
    if let Some(max) = schema.int_at(&["maxProperties"]).filter(|max| count > *max) {
        found.add(Problem::too_many(path, count, max, "properties"));
        return found;
    }
    let properties = schema.get("properties");
    let property = |name: &str| properties.and_then(|all| all.get(name));
    let before = |name: &str| old.and_then(|old| old.below(old.correlated.field(name)));
    for (name, inner) in entries().filter(|(name, _)| property(name).is_none()) {
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                let message = format!("{path}.{name} in body is a forbidden property");
                found.add(Problem::invalid(path, name.as_str(), message));
            }
            Some(more @ Value::Map(_)) => {
                found.merge(check(
                    more,
                    inner,
                    before(name),
                    &format!("{path}.{name}"),
                    depth + 1,
                ));
            }
            _ => {}
        }
    }
    for (name, inner) in entries() {
        if let Some(schema) = property(name) {
            found.merge(check(schema, inner, before(name), &below(path, name), depth + 1));
        }
    }
    let required = schema.list_at(&["required"]).iter().filter_map(Value::as_str);
    for name in required.filter(|name| value.get(name).is_none()) {
        found.add(Problem::required(&format!("{path}.{name}")));
    }
    found
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests;
