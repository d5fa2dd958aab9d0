//! Reads the recordings.

use schema::Value;
use std::path::PathBuf;

/// The JSON lines of a file of the corpus.
pub fn lines(path: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| schema::json::parse(line.as_bytes()).expect("JSON lines"))
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
    match schema::json::parse(text.as_bytes()).expect("checked in") {
        Value::List(lines) => lines,
        other => panic!("not a list: {other:?}"),
    }
}
