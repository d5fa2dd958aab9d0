//! Rules as the reference prints them in refusals.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::rule::Rule;

/// The rules that are missing, one a line: those that differ only by their verb are put together, lines are sorted.
pub fn compact(missing: &[Rule]) -> String {
    let mut merged: Vec<Rule> = Vec::new();
    for atom in missing {
        let same = |other: &&mut Rule| {
            atom.urls.is_empty()
                && (&other.groups, &other.resources, &other.names, &other.urls)
                    == (&atom.groups, &atom.resources, &atom.names, &atom.urls)
        };
        match merged.iter_mut().find(same) {
            Some(other) => other.verbs.extend(atom.verbs.iter().cloned()),
            None => merged.push(atom.clone()),
        }
    }
    let lines: BTreeSet<String> = merged.iter().map(line).collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

fn line(rule: &Rule) -> String {
    let parts = [
        ("APIGroups", &rule.groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.urls),
        ("ResourceNames", &rule.names),
        ("Verbs", &rule.verbs),
    ];
    let parts = parts.iter().filter(|(_, words)| !words.is_empty());
    let parts: Vec<String> = parts
        .map(|(name, words)| format!("{name}:{}", quoted(words)))
        .collect();
    format!("{{{}}}", parts.join(", "))
}

/// A list of words as Go prints it with `%q`.
pub fn quoted(words: &[SmolStr]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(" "))
}
