//! One object being printed, with the small ways in which cells are read out of it.

use jiff::Timestamp;
use schema::Value;

use super::age;

/// An object and the time at which it is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) object: &'a Value,
    pub(super) now: Timestamp,
}

impl<'a> Row<'a> {
    /// The text at a path, empty when absent.
    pub(super) fn str(&self, path: &[&str]) -> &'a str {
        self.object.str_at(path).unwrap_or_default()
    }

    /// The text at a path as a cell, empty when absent.
    pub(super) fn text(&self, path: &[&str]) -> Value {
        self.text_or(path, "")
    }

    /// The text at a path as a cell; `other` when absent or empty.
    pub(super) fn text_or(&self, path: &[&str], other: &str) -> Value {
        match self.object.at(path) {
            Some(value @ Value::String(text)) if !text.is_empty() => value.clone(),
            _ => Value::from(other),
        }
    }

    /// The number at a path as a cell, 0 when absent.
    pub(super) fn int(&self, path: &[&str]) -> Value {
        Value::Int(self.number(path))
    }

    /// The number at a path as a cell; `other` when absent.
    pub(super) fn int_or(&self, path: &[&str], other: &str) -> Value {
        self.object
            .int_at(path)
            .map_or_else(|| Value::from(other), Value::Int)
    }

    /// The number at a path, 0 when absent.
    pub(super) fn number(&self, path: &[&str]) -> i64 {
        self.object.int_at(path).unwrap_or_default()
    }

    /// The truth value at a path as a cell; `other` when absent.
    pub(super) fn flag(&self, path: &[&str], other: bool) -> Value {
        Value::Bool(self.object.bool_at(path).unwrap_or(other))
    }

    /// How many items or entries are at a path.
    pub(super) fn count(&self, path: &[&str]) -> i64 {
        let count = match self.object.at(path) {
            Some(Value::List(items)) => items.len(),
            Some(Value::Map(entries)) => entries.len(),
            _ => 0,
        };
        count as i64
    }

    /// The list at a path, empty when absent.
    pub(super) fn list(&self, path: &[&str]) -> &'a [Value] {
        self.object.list_at(path)
    }

    /// The texts of the list at a path.
    pub(super) fn texts(&self, path: &[&str]) -> impl Iterator<Item = &'a str> {
        self.list(path).iter().filter_map(Value::as_str)
    }

    /// How long ago the time at a path was.
    pub(super) fn age(&self, path: &[&str]) -> Value {
        Value::from(age::since(self.object.str_at(path), self.now))
    }

    /// The creation time, as Go prints a zero time when absent.
    pub(super) fn created_at(&self) -> Value {
        self.text_or(&["metadata", "creationTimestamp"], "0001-01-01T00:00:00Z")
    }

    /// Whether deletion has begun.
    pub(super) fn deleting(&self) -> bool {
        self.object.at(&["metadata", "deletionTimestamp"]).is_some()
    }

    /// The condition of this type in `status.conditions`.
    pub(super) fn condition(&self, kind: &str) -> Option<&'a Value> {
        self.list(&["status", "conditions"])
            .iter()
            .find(|condition| condition.str_at(&["type"]) == Some(kind))
    }

    /// Whether the condition of this type is `True`.
    pub(super) fn holds(&self, kind: &str) -> bool {
        self.condition(kind)
            .and_then(|condition| condition.str_at(&["status"]))
            == Some("True")
    }
}

/// Items joined by a separator.
pub(super) fn joined<I: IntoIterator<Item: AsRef<str>>>(items: I, separator: &str) -> String {
    let mut text = String::new();
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            text.push_str(separator);
        }
        text.push_str(item.as_ref());
    }
    text
}

/// The first `max` items joined, and how many more there are.
pub(super) fn first_of(items: impl Iterator<Item = String>, max: usize, separator: &str) -> String {
    let mut shown = Vec::with_capacity(max);
    let mut hidden = 0usize;
    for item in items {
        if shown.len() < max {
            shown.push(item)
        } else {
            hidden += 1
        }
    }
    match hidden {
        0 => shown.join(separator),
        _ => format!("{} + {hidden} more...", shown.join(separator)),
    }
}

/// `text`, or `other` when it is empty.
pub(super) fn or(text: String, other: &str) -> Value {
    if text.is_empty() {
        Value::from(other)
    } else {
        Value::from(text)
    }
}
