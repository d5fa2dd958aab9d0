//! All objects of a resource at one revision: an ordered map that shares its parts with the one before and the one after,
//! so that readers hold one while the writer goes on. It knows no events.

use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdSet;
use storage::Revision;

use crate::item::{ByKey, Item};
use crate::marks::Marks;

/// The objects of a resource at a revision. A clone costs nothing and never changes.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    items: OrdSet<ByKey>,
    /// Those that cannot be decoded; hardly ever any.
    broken: OrdSet<ByKey>,
    revision: Revision,
    bytes: usize,
}

/// Which keys of a snapshot: those that begin with a prefix, or one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All objects.
    All,
    /// The objects of a namespace.
    Namespace(Box<str>),
    /// One object, by its key (`namespace/name`, or a bare name).
    Object(Box<str>),
}

impl Snapshot {
    /// Of these items.
    pub fn new(items: impl IntoIterator<Item = Arc<Item>>, revision: Revision) -> Self {
        let mut snapshot = Self {
            revision,
            ..Self::default()
        };
        for item in items {
            snapshot.insert(item);
        }
        snapshot
    }

    /// What it shows.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The same objects, shown at a later revision.
    pub fn advance(&mut self, revision: Revision) {
        self.revision = self.revision.max(revision);
    }

    /// The same objects, said to be of an earlier revision.
    pub(crate) fn rewind(&mut self, revision: Revision) {
        self.revision = revision;
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// About how many bytes they take together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The object with this key.
    pub fn get(&self, key: &[u8]) -> Option<&Arc<Item>> {
        self.items.get(key).map(|found| &found.item)
    }

    /// Puts an item in its place; gives back what was there.
    pub fn insert(&mut self, item: Arc<Item>) -> Option<Arc<Item>> {
        match item.content() {
            Ok(_) if self.broken.is_empty() => {}
            Ok(_) => drop(self.broken.remove(item.key())),
            Err(_) => drop(self.broken.insert(ByKey::new(item.clone()))),
        }
        self.bytes += item.weight_bytes();
        let before = self.items.insert(ByKey::new(item)).map(|before| before.item);
        self.without(before)
    }

    /// Takes an item out.
    pub fn remove(&mut self, key: &[u8]) -> Option<Arc<Item>> {
        if !self.broken.is_empty() {
            self.broken.remove(key);
        }
        let before = self.items.remove(key).map(|before| before.item);
        self.without(before)
    }

    /// An item that is no longer in it.
    fn without(&mut self, before: Option<Arc<Item>>) -> Option<Arc<Item>> {
        self.bytes -= before.as_ref().map_or(0, |before| before.weight_bytes());
        before
    }

    /// The items of a scope in key order, from after a key on.
    pub fn range<'s>(
        &'s self,
        scope: &Scope,
        after: Option<&[u8]>,
    ) -> impl Iterator<Item = &'s Arc<Item>> + use<'s> {
        between(&self.items, scope, after, Marks::default())
    }

    /// Those of [`Snapshot::range`] that may have what is wanted: the others are passed over unseen.
    pub fn candidates<'s>(
        &'s self,
        scope: &Scope,
        after: Option<&[u8]>,
        wanted: Marks,
    ) -> impl Iterator<Item = &'s Arc<Item>> + use<'s> {
        between(&self.items, scope, after, wanted)
    }

    /// How many items [`Snapshot::range`] gives.
    pub fn count(&self, scope: &Scope, after: Option<&[u8]>) -> usize {
        match (scope, after) {
            (Scope::All, None) => self.len(),
            _ => self.range(scope, after).count(),
        }
    }

    /// Whether another server may read some of what cannot be decoded here.
    pub fn has_foreign(&self) -> bool {
        self.broken.iter().any(|broken| broken.item.is_foreign())
    }

    /// An item of a scope that cannot be decoded, and so fails whatever covers it.
    pub fn broken(&self, scope: &Scope) -> Option<&Arc<Item>> {
        between(&self.broken, scope, None, Marks::default()).next()
    }
}

fn between<'s>(
    items: &'s OrdSet<ByKey>,
    scope: &Scope,
    after: Option<&[u8]>,
    wanted: Marks,
) -> impl Iterator<Item = &'s Arc<Item>> + use<'s> {
    let (first, end) = (scope.first_key(), scope.end_key());
    let start = match after {
        Some(after) if after >= first.as_slice() => Bound::Excluded(after),
        _ => Bound::Included(first.as_slice()),
    };
    let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    // Bounds that exclude everything are an error to the map.
    let is_empty = matches!((start, end), (Bound::Excluded(start) | Bound::Included(start), Bound::Excluded(end)) if start >= end);
    (!is_empty)
        .then(|| items.range::<_, [u8]>((start, end)))
        .into_iter()
        .flatten()
        .filter(move |found| found.marks.have(wanted))
        .map(|found| &found.item)
}

impl Scope {
    /// How much it takes in: 0 everything, 1 a namespace, 2 one object.
    pub fn breadth(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Namespace(_) => 1,
            Self::Object(_) => 2,
        }
    }

    /// Of a namespace (empty for all) and the one name that is wanted, if it is one. Without a namespace, a name in a
    /// namespaced resource is no scope of its own.
    pub fn new(namespaced: bool, namespace: &str, name: Option<&str>) -> Self {
        match (namespaced, namespace, name.filter(|name| !name.is_empty())) {
            (false, _, Some(name)) => Scope::Object(name.into()),
            (true, "", _) | (false, _, None) => Scope::All,
            (true, namespace, Some(name)) => Scope::Object(format!("{namespace}/{name}").into()),
            (true, namespace, None) => Scope::Namespace(namespace.into()),
        }
    }

    /// Whether a key is in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        match self {
            Scope::All => true,
            Scope::Namespace(namespace) => key
                .strip_prefix(namespace.as_bytes())
                .is_some_and(|rest| rest.starts_with(b"/")),
            Scope::Object(name) => key == name.as_bytes(),
        }
    }

    /// The part of keys that a list's continue token leaves out.
    pub fn prefix(&self) -> Vec<u8> {
        match self {
            Scope::Namespace(namespace) => [namespace.as_bytes(), b"/"].concat(),
            Scope::All => Vec::new(),
            Scope::Object(name) => match name.split_once('/') {
                Some((namespace, _)) => [namespace.as_bytes(), b"/"].concat(),
                None => Vec::new(),
            },
        }
    }

    /// The first key that may be in it.
    pub fn first_key(&self) -> Vec<u8> {
        match self {
            Scope::All => Vec::new(),
            Scope::Namespace(namespace) => [namespace.as_bytes(), b"/"].concat(),
            Scope::Object(name) => name.as_bytes().to_vec(),
        }
    }

    /// The first key after all that are in it, if there is one.
    pub fn end_key(&self) -> Option<Vec<u8>> {
        match self {
            Scope::All => None,
            // '0' is the byte after '/'.
            Scope::Namespace(namespace) => Some([namespace.as_bytes(), b"0"].concat()),
            Scope::Object(name) => Some([name.as_bytes(), b"\0"].concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::item;

    fn keys(snapshot: &Snapshot, scope: &Scope, after: Option<&str>) -> Vec<String> {
        snapshot
            .range(scope, after.map(str::as_bytes))
            .map(|item| String::from_utf8_lossy(item.key()).into_owned())
            .collect()
    }

    fn four() -> Snapshot {
        Snapshot::new(
            ["a/x", "a/y", "a-b/x", "b/x"].map(|key| Arc::new(item(key, 1))),
            Revision(4),
        )
    }

    #[test]
    fn scopes_hold_what_begins_with_them() {
        let snapshot = four();
        let namespace = Scope::new(true, "a", None);
        assert_eq!(keys(&snapshot, &Scope::All, None), ["a-b/x", "a/x", "a/y", "b/x"]);
        assert_eq!(keys(&snapshot, &namespace, None), ["a/x", "a/y"]);
        assert_eq!(keys(&snapshot, &namespace, Some("a/x")), ["a/y"]);
        assert_eq!(keys(&snapshot, &namespace, Some("b/x")), [""; 0]);
        assert_eq!(keys(&snapshot, &Scope::new(true, "a", Some("y")), None), ["a/y"]);
        assert_eq!(Scope::new(true, "", Some("y")), Scope::All);
        assert_eq!(snapshot.count(&namespace, None), 2);
        assert!(namespace.contains(b"a/x") && !namespace.contains(b"a-b/x"));
    }

    #[test]
    fn a_held_snapshot_does_not_change() {
        let mut snapshot = four();
        let held = snapshot.clone();
        assert!(snapshot.remove(b"a/x").is_some());
        assert!(snapshot.insert(Arc::new(item("a/y", 5))).is_some());
        snapshot.advance(Revision(5));
        assert_eq!((held.len(), snapshot.len()), (4, 3));
        assert_eq!(held.get(b"a/y").map(|item| item.revision()), Some(Revision(1)));
        assert_eq!(held.revision(), Revision(4));
        let weight = |snapshot: &Snapshot| -> usize {
            let items = snapshot.range(&Scope::All, None);
            items.map(|item| item.weight_bytes()).sum()
        };
        assert_eq!(
            (held.bytes(), snapshot.bytes()),
            (weight(&held), weight(&snapshot))
        );
    }

    #[test]
    fn what_cannot_be_decoded_fails_what_covers_it_until_it_is_gone() {
        let mut snapshot = four();
        snapshot.insert(Arc::new(crate::testing::broken("b/z", 5)));
        assert!(snapshot.broken(&Scope::All).is_some());
        assert!(snapshot.broken(&Scope::new(true, "b", None)).is_some());
        assert!(snapshot.broken(&Scope::new(true, "a", None)).is_none());
        snapshot.remove(b"b/z");
        assert!(snapshot.broken(&Scope::All).is_none());
    }
}
