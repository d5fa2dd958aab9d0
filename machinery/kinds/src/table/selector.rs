//! Labels and label selectors as text.

use schema::Value;

use super::row::{joined, or};

/// Labels as `k=v,...` in key order; `<none>` when there are none.
pub(super) fn labels(labels: Option<&Value>) -> Value {
    or(equalities(labels), "<none>")
}

/// A LabelSelector as text; `<none>` when it is absent or selects everything.
pub(super) fn selector(selector: Option<&Value>) -> Value {
    or(requirements(selector), "<none>")
}

/// A LabelSelector as text, empty when it is absent or selects everything.
pub(super) fn requirements(selector: Option<&Value>) -> String {
    let Some(selector) = selector else {
        return String::new();
    };
    let labels = selector
        .map_at(&["matchLabels"])
        .into_iter()
        .flat_map(|labels| labels.iter());
    let mut parts: Vec<(&str, String)> = labels
        .map(|(key, value)| {
            (
                key.as_str(),
                format!("{key}={}", value.as_str().unwrap_or_default()),
            )
        })
        .collect();
    parts.extend(selector.list_at(&["matchExpressions"]).iter().map(expression));
    parts.sort_by_key(|(key, _)| *key);
    joined(parts.iter().map(|(_, text)| text), ",")
}

/// Labels as `k=v,...` in key order.
pub(super) fn equalities(labels: Option<&Value>) -> String {
    let entries = labels
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(|labels| labels.iter());
    joined(
        entries.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())),
        ",",
    )
}

fn expression(expression: &Value) -> (&str, String) {
    let key = expression.str_at(&["key"]).unwrap_or_default();
    let text = match expression.str_at(&["operator"]) {
        Some("In") => format!("{key} in ({})", values(expression)),
        Some("NotIn") => format!("{key} notin ({})", values(expression)),
        Some("DoesNotExist") => format!("!{key}"),
        _ => key.to_owned(),
    };
    (key, text)
}

fn values(expression: &Value) -> String {
    let mut values: Vec<&str> = expression
        .list_at(&["values"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    values.sort_unstable();
    values.dedup();
    joined(values, ",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn requirements_are_in_key_order() {
        let value = tree!({
            "matchLabels": {"m": "1", "a": "2"},
            "matchExpressions": [
                {"key": "z", "operator": "In", "values": ["y", "x"]},
                {"key": "b", "operator": "NotIn", "values": ["q"]},
                {"key": "c", "operator": "Exists"},
                {"key": "d", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(requirements(Some(&value)), "a=2,b notin (q),c,!d,m=1,z in (x,y)");
    }

    #[test]
    fn nothing_selected_by_is_none() {
        assert_eq!(selector(None), Value::from("<none>"));
        assert_eq!(selector(Some(&tree!({}))), Value::from("<none>"));
        assert_eq!(labels(Some(&tree!({"b": "2", "a": "1"}))), Value::from("a=1,b=2"));
    }
}
