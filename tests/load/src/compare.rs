//! Two results side by side. It says how they differ, not which is better.

use std::path::Path;

use serde_json::Value;

use crate::Error;
use crate::report::number;

/// Reads a result file.
pub fn read(path: &Path) -> Result<Value, Error> {
    let content = std::fs::read(path).map_err(|source| Error::file(path, source))?;
    let result: Value = serde_json::from_slice(&content).map_err(|error| not_a_result(path, &error))?;
    match result["measures"].is_object() {
        true => Ok(result),
        false => Err(not_a_result(path, &"it has no measures")),
    }
}

fn not_a_result(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Options(format!(
        "{} is not a result of watchload: {reason}",
        path.display()
    ))
}

/// A line for each number that either has; B in relation to A where both have it.
pub fn table(first: &Value, second: &Value) -> String {
    let scenario = |result: &Value| result["scenario"].as_str().unwrap_or("?").to_owned();
    let mut rows = vec![[
        "".to_owned(),
        format!("A ({})", scenario(first)),
        format!("B ({})", scenario(second)),
        "B/A".to_owned(),
    ]];
    let empty = serde_json::Map::new();
    let (one, other) = (
        first["measures"].as_object().unwrap_or(&empty),
        second["measures"].as_object().unwrap_or(&empty),
    );
    for key in keys(first)
        .iter()
        .chain(keys(second).iter().filter(|key| !one.contains_key(**key)))
    {
        let Some(measure) = one.get(*key).or(other.get(*key)) else {
            continue;
        };
        let value =
            |of: &serde_json::Map<String, Value>| of.get(*key).and_then(|measure| measure["value"].as_f64());
        let (left, right) = (value(one), value(other));
        let unit = measure["unit"].as_str().unwrap_or_default();
        let told = |value: Option<f64>| {
            value.map_or("-".to_owned(), |value| {
                format!("{} {unit}", number(value)).trim_end().to_owned()
            })
        };
        let relation = match (left, right) {
            (Some(left), Some(right)) if left != 0.0 => format!("{:.2}", right / left),
            _ => String::new(),
        };
        rows.push([
            measure["title"].as_str().unwrap_or(*key).to_owned(),
            told(left),
            told(right),
            relation,
        ]);
    }
    let widths: [usize; 4] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let line = |row: &[String; 4]| {
        let [title, left, right, relation] = row;
        let [a, b, c, d] = widths;
        format!("{title:a$}  {left:>b$}  {right:>c$}  {relation:>d$}")
            .trim_end()
            .to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The names of a result's numbers, in its own order where it tells one.
fn keys(result: &Value) -> Vec<&str> {
    match (result["order"].as_array(), result["measures"].as_object()) {
        (Some(order), _) => order.iter().filter_map(Value::as_str).collect(),
        (None, Some(measures)) => measures.keys().map(String::as_str).collect(),
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sets_numbers_side_by_side_and_keeps_those_that_one_lacks() {
        let result = |measures: Value| json!({"scenario": "fanout", "measures": measures});
        let first = result(
            json!({"cpu": {"title": "CPU", "unit": "s", "value": 2.0}, "a": {"title": "only A", "unit": "", "value": 1.0}}),
        );
        let second = result(json!({"cpu": {"title": "CPU", "unit": "s", "value": 3.0}}));
        let table = table(&first, &second);
        assert!(
            table.contains("2 s") && table.contains("3 s") && table.contains("1.50"),
            "{table}"
        );
        assert!(
            table
                .lines()
                .any(|line| line.starts_with("only A") && line.contains('-')),
            "{table}"
        );
    }
}
