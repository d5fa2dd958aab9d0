//! Server-side apply (KEP-555): a configuration is merged into the live object, what the applier once owned and no longer
//! names goes if nobody else owns it, and fields that others own are taken only by force.

use std::collections::BTreeMap;

use schema::{SmolStr, TypeId, Types, Value};

use super::compare::{Comparison, compare};
use super::conflict::Conflicts;
use super::entries::{Entries, Entry, Operation};
use super::field_set::field_set;
use super::merge::merge;
use super::remove::without;
use super::set::Set;
use super::shape::Shape;
use super::update::{Update, Versions, unowned};

/// The manager of what an object without owners holds at its first apply.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// An apply.
pub struct Apply<'a> {
    /// Schemas.
    pub types: &'a Types,
    /// Who applies.
    pub manager: &'a str,
    /// In which version.
    pub api_version: &'a str,
    /// Through which subresource; empty for the object itself.
    pub subresource: &'a str,
    /// When, RFC 3339; may be empty.
    pub now: &'a str,
    /// Paths that cannot be owned through this endpoint, e.g. `status`.
    pub ignored: &'a Set,
    /// For entries of other versions.
    pub versions: &'a dyn Versions,
    /// Fields of others are taken.
    pub force: bool,
}

/// What an apply makes of an object.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The object as a tree of the applier's version; `None` if the apply changes nothing but owners.
    pub object: Option<Value>,
    /// Who owns what now.
    pub entries: Entries,
}

/// One tree in one version.
struct Tree {
    version: SmolStr,
    id: TypeId,
    value: Value,
}

impl Apply<'_> {
    /// Applies a configuration that [`super::validate`] accepted to the live object (an empty map where there is none), both
    /// trees of the applier's version, as JSON shows them, without `managedFields`.
    pub fn run(
        &self,
        entries: Entries,
        id: TypeId,
        live: &Value,
        config: &Value,
    ) -> Result<Applied, Conflicts> {
        let mut entries = self.with_first_owner(entries, live);
        let own = field_set(self.types, id, config).without_below(self.ignored);
        let last = self.replace_own(&mut entries, &own);
        let merged = Tree {
            version: self.api_version.into(),
            id,
            value: merge(self.types, id, live, config),
        };
        let next = self.pruned(merged, &entries, last.as_ref());
        let comparison = compare(self.types, id, live, &next);
        self.settle(&mut entries, &comparison, live, &next)?;
        // The order of items counts here, though it is nobody's.
        let is_same = *live == next;
        if !is_same {
            self.stamp(&mut entries);
        }
        Ok(Applied {
            object: (!is_same).then_some(next),
            entries,
        })
    }

    /// What is there before the first apply belongs to one manager of that name.
    fn with_first_owner(&self, entries: Entries, live: &Value) -> Entries {
        if !entries.0.is_empty() || live.as_map().is_none_or(schema::Map::is_empty) {
            return entries;
        }
        let update = Update {
            types: self.types,
            manager: BEFORE_FIRST_APPLY,
            api_version: self.api_version,
            subresource: self.subresource,
            now: self.now,
            ignored: self.ignored,
            versions: self.versions,
        };
        update.apply(entries, &Value::Map(schema::Map::new()), live)
    }

    fn is_own(&self, entry: &Entry) -> bool {
        entry.operation == Operation::Apply
            && entry.manager == self.manager
            && entry.subresource == self.subresource
    }

    /// Puts what the configuration names in the place of what the applier owned; returns that.
    fn replace_own(&self, entries: &mut Entries, own: &Set) -> Option<Entry> {
        let at = entries.0.iter().position(|entry| self.is_own(entry));
        let last = at.map(|at| entries.0.remove(at));
        entries.0.push(Entry {
            manager: self.manager.into(),
            operation: Operation::Apply,
            api_version: self.api_version.into(),
            subresource: self.subresource.into(),
            time: last.as_ref().map(|last| last.time.clone()).unwrap_or_default(),
            fields: own.clone(),
        });
        last
    }

    /// The merged object without what the applier gave up and nobody owns.
    fn pruned(&self, merged: Tree, entries: &Entries, last: Option<&Entry>) -> Value {
        let Some(last) = last.filter(|last| self.gives_up(entries, last)) else {
            return merged.value;
        };
        let Some(merged_then) = self.tree_in(&merged, &last.api_version) else {
            return merged.value;
        };
        let named = last.fields.with_named(self.types, Shape::Struct(merged_then.id));
        let pruned = Tree {
            value: without(self.types, merged_then.id, &merged_then.value, &named),
            version: merged_then.version.clone(),
            id: merged_then.id,
        };
        let (merged_then, pruned) = self.add_back_owned(merged_then, pruned, entries);
        let back = self.add_back_dangling(merged_then, pruned, last);
        match back.and_then(|tree| self.tree_in(&tree, self.api_version)) {
            Some(tree) => tree.value,
            None => merged.value,
        }
    }

    fn gives_up(&self, entries: &Entries, last: &Entry) -> bool {
        let own = entries.0.iter().find(|entry| self.is_own(entry));
        own.is_none_or(|own| {
            own.api_version != last.api_version || !last.fields.clone().difference(&own.fields).is_empty()
        })
    }

    /// What somebody owns is put back, version by version, beginning with that of the trees.
    fn add_back_owned(&self, merged: Tree, pruned: Tree, entries: &Entries) -> (Tree, Tree) {
        let mut owned: BTreeMap<&str, Set> = BTreeMap::new();
        for entry in &entries.0 {
            let set = owned.entry(&entry.api_version).or_default();
            *set = std::mem::take(set).union(&entry.fields);
        }
        let first = owned.remove_entry(pruned.version.clone().as_str());
        let mut trees = (merged, pruned);
        for (version, set) in first.into_iter().chain(owned) {
            trees = self.add_back_owned_in(trees, version, &set);
        }
        trees
    }

    fn add_back_owned_in(&self, (merged, pruned): (Tree, Tree), version: &str, owned: &Set) -> (Tree, Tree) {
        let (Some(merged), Some(pruned)) = (self.tree_in(&merged, version), self.tree_in(&pruned, version))
        else {
            return (merged, pruned);
        };
        let shape = Shape::Struct(merged.id);
        let kept = self.named(&pruned).union(&owned.with_named(self.types, shape));
        let gone = self.named(&merged).difference(&kept);
        let value = without(self.types, merged.id, &merged.value, &gone);
        let pruned = Tree {
            value,
            version: merged.version.clone(),
            id: merged.id,
        };
        (merged, pruned)
    }

    /// What the applier never owned is put back too.
    fn add_back_dangling(&self, merged: Tree, pruned: Tree, last: &Entry) -> Option<Tree> {
        let merged = self.tree_in(&merged, &last.api_version)?;
        let pruned = self.tree_in(&pruned, &last.api_version)?;
        let last = last.fields.with_named(self.types, Shape::Struct(merged.id));
        let gone = self
            .named(&merged)
            .difference(&self.named(&pruned))
            .intersection(&last);
        let value = without(self.types, merged.id, &merged.value, &gone);
        Some(Tree { value, ..merged })
    }

    fn named(&self, tree: &Tree) -> Set {
        field_set(self.types, tree.id, &tree.value).with_named(self.types, Shape::Struct(tree.id))
    }

    fn tree_in(&self, tree: &Tree, version: &str) -> Option<Tree> {
        let (id, value) = self.versions.convert(&tree.value, &tree.version, version)?;
        Some(Tree {
            version: version.into(),
            id,
            value,
        })
    }

    /// Takes from others what the apply changes, or refuses; what is removed nobody owns any more.
    fn settle(
        &self,
        entries: &mut Entries,
        own: &Comparison,
        live: &Value,
        next: &Value,
    ) -> Result<(), Conflicts> {
        let mut in_versions: BTreeMap<SmolStr, Option<Comparison>> = BTreeMap::new();
        in_versions.insert(self.api_version.into(), Some(self.effective(own.clone())));
        let mut conflicts = Conflicts::default();
        for entry in entries.0.iter_mut().filter(|entry| !self.is_own(entry)) {
            let compared = in_versions
                .entry(entry.api_version.clone())
                .or_insert_with_key(|version| self.compared_in(version, live, next));
            let Some(comparison) = compared else {
                // A version that is no longer known owns nothing.
                entry.fields = Set::default();
                continue;
            };
            let taken = entry
                .fields
                .intersection(&comparison.added.clone().union(&comparison.modified));
            if !taken.is_empty() {
                conflicts.add(entry, taken.paths());
            }
            entry.fields = std::mem::take(&mut entry.fields)
                .difference(&taken)
                .difference(&comparison.removed);
        }
        if !self.force && !conflicts.0.is_empty() {
            return Err(conflicts.sorted());
        }
        for entry in entries.0.iter_mut().filter(|entry| self.is_own(entry)) {
            entry.fields = std::mem::take(&mut entry.fields).difference(&unowned());
        }
        entries.0.retain(|entry| !entry.fields.is_empty());
        Ok(())
    }

    fn compared_in(&self, version: &str, live: &Value, next: &Value) -> Option<Comparison> {
        let (id, live) = self.versions.convert(live, self.api_version, version)?;
        let (_, next) = self.versions.convert(next, self.api_version, version)?;
        Some(self.effective(compare(self.types, id, &live, &next)))
    }

    /// Without what this endpoint cannot touch.
    fn effective(&self, comparison: Comparison) -> Comparison {
        Comparison {
            added: comparison.added.without_below(self.ignored),
            modified: comparison.modified.without_below(self.ignored),
            removed: comparison.removed.without_below(self.ignored),
        }
    }

    /// The time is that of the last apply that changed the object.
    fn stamp(&self, entries: &mut Entries) {
        entries
            .0
            .iter_mut()
            .filter(|entry| self.is_own(entry))
            .for_each(|entry| entry.time = self.now.into());
    }
}
