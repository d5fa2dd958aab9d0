//! The status of a SelfSubjectRulesReview.

use schema::{Map, Value};

use super::texts;
use crate::User;
use crate::authorize::Chain;

/// What the user may do in a namespace, as far as it can be listed.
pub fn rules_status(chain: &Chain, user: &User, namespace: &str) -> Value {
    let rules = chain.user_rules(user, namespace);
    let list = |words: &[(&str, &[smol_str::SmolStr])]| -> Value {
        let words = words.iter().filter(|(_, words)| !words.is_empty());
        Value::Map(
            words
                .map(|(field, words)| ((*field).into(), texts(words)))
                .collect::<Map>(),
        )
    };
    let resources = rules.resources.iter().map(|rule| {
        list(&[
            ("verbs", &rule.verbs),
            ("apiGroups", &rule.groups),
            ("resources", &rule.resources),
            ("resourceNames", &rule.names),
        ])
    });
    let paths = rules
        .paths
        .iter()
        .map(|rule| list(&[("verbs", &rule.verbs), ("nonResourceURLs", &rule.urls)]));
    let mut status = Map::new();
    status.insert("resourceRules", resources.collect::<Vec<_>>());
    status.insert("nonResourceRules", paths.collect::<Vec<_>>());
    status.insert("incomplete", rules.incomplete);
    match rules.errors.as_slice() {
        [] => {}
        [one] => drop(status.insert("evaluationError", one.clone())),
        many => drop(status.insert("evaluationError", format!("[{}]", many.join(", ")))),
    }
    Value::Map(status)
}
