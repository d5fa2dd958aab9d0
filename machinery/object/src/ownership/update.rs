//! Ownership after a write that is no apply: the writer takes what it added or changed, others lose it, and what is gone
//! is owned by nobody.

use schema::{SmolStr, TypeId, Types, Value};

use super::compare::{Comparison, compare};
use super::entries::{Entries, Entry, Operation};
use super::path::Element;
use super::set::Set;

/// How many entries of updates an object keeps; the oldest are merged beyond that.
const UPDATE_MANAGERS_MAX: usize = 10;
/// The manager of merged entries.
const ANCIENT: &str = "ancient-changes";
/// Metadata that nobody owns.
const UNOWNED_METADATA: [&str; 9] = [
    "clusterName",
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The same object in other versions of its API.
pub trait Versions {
    /// The object of the writer's version in another, as Go prints it, with its type; `None` if that version is not known.
    fn printed_in(&self, object: &Value, api_version: &str) -> Option<(TypeId, Value)>;

    /// A tree of one version in another, with its type; the tree itself where they are the same. `None` if a version is not
    /// known or the tree does not fit it.
    fn convert(&self, tree: &Value, from: &str, to: &str) -> Option<(TypeId, Value)>;
}

/// A write.
pub struct Update<'a> {
    /// Schemas.
    pub types: &'a Types,
    /// Who writes.
    pub manager: &'a str,
    /// In which version.
    pub api_version: &'a str,
    /// Through which subresource; empty for the object itself.
    pub subresource: &'a str,
    /// When, RFC 3339.
    pub now: &'a str,
    /// Paths that cannot be owned through this endpoint, e.g. `status`.
    pub ignored: &'a Set,
    /// For entries of other versions.
    pub versions: &'a dyn Versions,
}

impl Update<'_> {
    /// The entries after the write from `old` (the empty object on create) to `new`, both in the writer's version.
    pub fn apply(&self, mut entries: Entries, old: &Value, new: &Value) -> Entries {
        let Some(comparison) = self.compared(self.api_version, old, new) else {
            return entries;
        };
        entries
            .0
            .retain_mut(|entry| self.give_up(entry, &comparison, old, new));
        let taken = comparison
            .added
            .union(&comparison.modified)
            .without_below(self.ignored);
        let taken = taken.difference(&unowned());
        if !taken.is_empty() {
            self.take(&mut entries, taken);
        }
        cap(&mut entries);
        entries
    }

    fn compared(&self, api_version: &str, old: &Value, new: &Value) -> Option<Comparison> {
        let (id, old) = self.versions.printed_in(old, api_version)?;
        let (_, new) = self.versions.printed_in(new, api_version)?;
        Some(compare(self.types, id, &old, &new))
    }

    /// Takes from an entry what the write changed or removed; false if nothing is left.
    fn give_up(&self, entry: &mut Entry, own: &Comparison, old: &Value, new: &Value) -> bool {
        let other;
        let comparison = if entry.api_version == self.api_version {
            own
        } else {
            match self.compared(&entry.api_version, old, new) {
                Some(comparison) => {
                    other = comparison;
                    &other
                }
                // A version that is no longer known owns nothing.
                None => return false,
            }
        };
        let changed = comparison
            .added
            .clone()
            .union(&comparison.modified)
            .union(&comparison.removed);
        // What this endpoint cannot touch is given back before it is stored: nobody loses it.
        let changed = changed.without_below(self.ignored);
        entry.fields = std::mem::take(&mut entry.fields).difference(&changed);
        !entry.fields.is_empty()
    }

    fn take(&self, entries: &mut Entries, taken: Set) {
        let mine = |entry: &&mut Entry| {
            entry.operation == Operation::Update
                && entry.manager == self.manager
                && entry.api_version == self.api_version
                && entry.subresource == self.subresource
        };
        if let Some(entry) = entries.0.iter_mut().find(mine) {
            entry.fields = std::mem::take(&mut entry.fields).union(&taken);
            entry.time = self.now.into();
            return;
        }
        entries.0.push(Entry {
            manager: self.manager.into(),
            operation: Operation::Update,
            api_version: self.api_version.into(),
            subresource: self.subresource.into(),
            time: self.now.into(),
            fields: taken,
        });
    }
}

/// Merges the oldest entries of updates, version by version, until few enough are left.
fn cap(entries: &mut Entries) {
    let mut updates: Vec<usize> = (0..entries.0.len())
        .filter(|at| entries.0[*at].operation == Operation::Update)
        .collect();
    if updates.len() <= UPDATE_MANAGERS_MAX {
        return;
    }
    updates.sort_by(|a, b| {
        let order = |at: &usize| {
            let entry = &entries.0[*at];
            (
                entry.time.clone(),
                entry.manager.clone(),
                entry.api_version.clone(),
                entry.subresource.clone(),
            )
        };
        order(a).cmp(&order(b))
    });
    let mut excess = updates.len() - UPDATE_MANAGERS_MAX;
    let mut merged: Vec<Entry> = Vec::new();
    let mut gone = Vec::new();
    for at in updates {
        if excess == 0 && !merged.is_empty() {
            break;
        }
        let entry = entries.0[at].clone();
        gone.push(at);
        match merged
            .iter_mut()
            .find(|bucket| bucket.api_version == entry.api_version)
        {
            Some(bucket) => {
                bucket.fields = std::mem::take(&mut bucket.fields).union(&entry.fields);
                bucket.time = bucket.time.clone().max(entry.time);
                excess = excess.saturating_sub(1);
            }
            None => merged.push(Entry {
                manager: ANCIENT.into(),
                subresource: SmolStr::default(),
                ..entry
            }),
        }
    }
    let mut at = 0;
    entries.0.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    entries.0.extend(merged);
}

/// What identifies an object or is set by the server alone.
pub(super) fn unowned() -> Set {
    let field = |name: &str| Element::Field(name.into());
    let mut set = Set::default();
    set.insert(&[field("apiVersion")]);
    set.insert(&[field("kind")]);
    set.insert(&[field("metadata")]);
    for name in UNOWNED_METADATA {
        set.insert(&[field("metadata"), field(name)]);
    }
    set
}
