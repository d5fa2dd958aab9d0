//! The table of rules.

use std::collections::BTreeSet;

use super::place_of::Host;

const TABLE: &str = include_str!("rules.jsonl");

/// One rule.
pub struct Rule {
    /// The type that it is about.
    pub message: String,
    /// The fields, as paths below the type; empty for the type itself.
    pub fields: Vec<String>,
    /// The rule in words.
    pub text: String,
    /// The kinds of errors that break it.
    pub kinds: Vec<String>,
    /// When it holds: `always`, `create`, `update` or `status`.
    pub on: String,
}

impl Rule {
    /// Paths at which its errors may be told.
    pub fn targets(&self, host: &Host<'_>) -> Vec<String> {
        self.fields.iter().map(|field| plain(&host.text(field))).collect()
    }

    /// The name of its type without what all begin with.
    pub fn short_message(&self) -> &str {
        self.message
            .trim_start_matches("io.k8s.")
            .trim_start_matches("apiextensions-apiserver.pkg.apis.")
            .trim_start_matches("apimachinery.pkg.apis.")
            .trim_start_matches("kube-aggregator.pkg.apis.")
            .trim_start_matches("api.")
    }

    /// The rule in one line, with the kinds of errors that were not seen.
    pub fn line(&self, kinds: &BTreeSet<String>) -> String {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        format!("{}{})", self.line_without_kinds(), kinds.join(" "))
    }

    /// The beginning of the line.
    pub fn line_without_kinds(&self) -> String {
        let message = self
            .message
            .trim_start_matches("io.k8s.")
            .trim_start_matches("api.");
        format!(
            "{message} {}: {} ({}; ",
            self.fields.join(","),
            self.text,
            self.on
        )
    }
}

/// A path without indexes and keys.
pub fn plain(path: &str) -> String {
    let mut depth = 0usize;
    let mut out = String::new();
    for char in path.chars() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(char),
            _ => {}
        }
    }
    out.trim_matches('.').to_owned()
}

/// All rules that refuse something.
pub fn all() -> Vec<Rule> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rules = TABLE.lines().map(|line| {
        let rule: serde_json::Value = serde_json::from_str(line).expect("JSON lines");
        let kinds = rule["error"].as_array().into_iter().flatten().map(text).collect();
        Rule {
            message: text(&rule["message"]),
            fields: text(&rule["field"]).split(',').map(str::to_owned).collect(),
            text: text(&rule["rule"]),
            kinds,
            on: text(&rule["on"]),
        }
    });
    rules.filter(|rule| !rule.kinds.is_empty()).collect()
}
