//! Reads the recordings.

use schema::{Map, Value};
use std::path::PathBuf;

/// The JSON lines of a file of the corpus.
pub fn lines(path: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| tree(serde_json::from_str(line).expect("JSON lines")))
        .collect()
}

/// The recorded bodies of a file, with scenario and step.
pub fn bodies(path: &str) -> Vec<(String, String, Value)> {
    let part = |line: &Value, key| line.str_at(&[key]).unwrap_or_default().to_owned();
    let all = lines(path).into_iter();
    all.filter_map(|line| Some((part(&line, "s"), part(&line, "id"), line.get("body")?.clone())))
        .collect()
}

/// A table of this crate's tests.
pub fn fixture(text: &str) -> Vec<Value> {
    match tree(serde_json::from_str(text).expect("checked in")) {
        Value::List(lines) => lines,
        other => panic!("not a list: {other:?}"),
    }
}

fn tree(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().expect("a number")),
        },
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(tree).collect()),
        serde_json::Value::Object(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), tree(value)))
                .collect::<Map>(),
        ),
    }
}
