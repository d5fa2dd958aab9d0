//! Trees as Go prints them with `%v`: `map[a:1 b:[x y]]`. Some messages of the reference hold them.

use schema::{Map, Value};

/// A tree as Go's `%v` prints it.
pub fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::String(text) | Value::Raw(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(printed).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => printed_map(map),
    }
}

pub(super) fn printed_map(map: &Map) -> String {
    let entries: Vec<_> = map
        .iter()
        .map(|(key, value)| format!("{key}:{}", printed(value)))
        .collect();
    format!("map[{}]", entries.join(" "))
}

/// Go switches to exponents below 1e-4 and from 1e21 on, and writes two digits of exponent at least.
fn float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn prints_as_go_does() {
        let value = tree!({"b": ["x", 1i64, null, true], "a": {"c": {}}});
        assert_eq!(printed(&value), "map[a:map[c:map[]] b:[x 1 <nil> true]]");
        for (number, text) in [
            (0.5, "0.5"),
            (1e21, "1e+21"),
            (1e-7, "1e-07"),
            (-2.5e30, "-2.5e+30"),
        ] {
            assert_eq!(printed(&Value::Float(number)), text);
        }
    }
}
