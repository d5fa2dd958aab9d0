//! Conflicts of an apply: fields that others own and that it would change, with the words that clients are told.

use std::collections::BTreeMap;

use super::entries::{Entry, Operation};
use super::path::Element;
use super::set::Set;

/// One field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Who, as clients are told: `"name" with subresource "status" using v1`.
    pub manager: String,
    /// Where, e.g. `.spec.containers[name="a"].image`.
    pub path: String,
    /// The path itself.
    pub(super) elements: Vec<Element>,
    /// Managers are told in the order of their encoded identities.
    identity: String,
}

/// All conflicts of an apply, by path and manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    /// Adds the paths of an entry.
    pub(super) fn add(&mut self, entry: &Entry, paths: Vec<Vec<Element>>) {
        let (manager, identity) = (told(entry), identity(entry));
        self.0.extend(paths.into_iter().map(|elements| Conflict {
            manager: manager.clone(),
            path: elements.iter().map(ToString::to_string).collect(),
            elements,
            identity: identity.clone(),
        }));
    }

    /// Sorts them as they are told.
    pub(super) fn sorted(mut self) -> Self {
        self.0
            .sort_by(|a, b| (&a.elements, &a.identity).cmp(&(&b.elements, &b.identity)));
        self
    }

    /// The fields that they are about.
    pub fn paths(&self) -> Set {
        let mut set = Set::default();
        self.0.iter().for_each(|conflict| set.insert(&conflict.elements));
        set
    }

    /// The message of the refusal.
    pub fn message(&self) -> String {
        if let [one] = self.0.as_slice() {
            return format!(
                "Apply failed with 1 conflict: conflict with {}: {}",
                one.manager, one.path
            );
        }
        let mut by_manager: BTreeMap<&str, Vec<&Conflict>> = BTreeMap::new();
        for conflict in &self.0 {
            by_manager.entry(&conflict.identity).or_default().push(conflict);
        }
        let mut lines = Vec::new();
        for conflicts in by_manager.values() {
            lines.extend(
                conflicts
                    .first()
                    .map(|first| format!("conflicts with {}:", first.manager)),
            );
            lines.extend(conflicts.iter().map(|conflict| format!("- {}", conflict.path)));
        }
        format!(
            "Apply failed with {} conflicts: {}",
            self.0.len(),
            lines.join("\n")
        )
    }
}

fn told(entry: &Entry) -> String {
    let mut text = format!("{:?}", entry.manager.as_str());
    if !entry.subresource.is_empty() {
        text.push_str(&format!(" with subresource {:?}", entry.subresource.as_str()));
    }
    if entry.operation == Operation::Update {
        text.push_str(&format!(" using {}", entry.api_version));
    }
    text
}

fn identity(entry: &Entry) -> String {
    let version = match entry.operation {
        Operation::Apply => "",
        Operation::Update => &entry.api_version,
    };
    format!(
        "{:?},{},{version},{}",
        entry.manager.as_str(),
        entry.operation.as_str(),
        entry.subresource
    )
}
