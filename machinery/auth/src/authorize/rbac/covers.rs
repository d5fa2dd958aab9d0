//! Whether the rules that somebody holds cover those that they want to give.

use super::compiled::url_matches;
use super::rule::Rule;

/// The atoms of `wanted` (one verb, one resource or path, at most one name each) that no single rule of `held` covers.
pub fn uncovered(held: &[impl AsRef<Rule>], wanted: &[Rule]) -> Vec<Rule> {
    let is_covered = |atom: &Rule| held.iter().any(|rule| covers(rule.as_ref(), atom));
    wanted
        .iter()
        .flat_map(atoms)
        .filter(|atom| !is_covered(atom))
        .collect()
}

impl AsRef<Rule> for Rule {
    fn as_ref(&self) -> &Rule {
        self
    }
}

fn atoms(rule: &Rule) -> Vec<Rule> {
    let mut atoms = Vec::new();
    for group in &rule.groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let atom = Rule {
                    groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    verbs: vec![verb.clone()],
                    ..Rule::default()
                };
                match rule.names.is_empty() {
                    true => atoms.push(atom),
                    false => atoms.extend(rule.names.iter().map(|name| Rule {
                        names: vec![name.clone()],
                        ..atom.clone()
                    })),
                }
            }
        }
    }
    for url in &rule.urls {
        let of_verb = |verb: &smol_str::SmolStr| Rule {
            urls: vec![url.clone()],
            verbs: vec![verb.clone()],
            ..Rule::default()
        };
        atoms.extend(rule.verbs.iter().map(of_verb));
    }
    atoms
}

fn covers(held: &Rule, atom: &Rule) -> bool {
    let all = |held: &[smol_str::SmolStr], wanted: &[smol_str::SmolStr]| {
        held.iter().any(|one| one == "*") || wanted.iter().all(|one| held.contains(one))
    };
    all(&held.verbs, &atom.verbs)
        && all(&held.groups, &atom.groups)
        && atom.resources.iter().all(|resource| has_resource(held, resource))
        && (held.names.is_empty()
            || !atom.names.is_empty() && atom.names.iter().all(|name| held.names.contains(name)))
        && atom
            .urls
            .iter()
            .all(|wanted| held.urls.iter().any(|url| url_covers(url, wanted)))
}

fn has_resource(held: &Rule, wanted: &str) -> bool {
    let has = |resource: &str| held.resources.iter().any(|one| one == resource);
    let of_all = || {
        wanted
            .split_once('/')
            .is_some_and(|(_, sub)| has(&format!("*/{sub}")))
    };
    has("*") || has(wanted) || of_all()
}

fn url_covers(held: &str, wanted: &str) -> bool {
    held == wanted || held.ends_with('*') && url_matches(held, wanted)
}
