//! What a change of the store means to one watcher: it depends on what its selectors made of the object before and after.

use schema::Value;
use storage::Revision;

use crate::decoder::set_revision;

/// The type of an event, as clients read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The object is new to the watcher.
    Added,
    /// It changed.
    Modified,
    /// It is gone, or no longer selected.
    Deleted,
    /// No object: how far the watcher has come.
    Bookmark,
    /// No object: why the watch ends.
    Error,
}

impl Kind {
    /// As clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Added => "ADDED",
            Kind::Modified => "MODIFIED",
            Kind::Deleted => "DELETED",
            Kind::Bookmark => "BOOKMARK",
            Kind::Error => "ERROR",
        }
    }
}

/// A change, decoded: the object after it and before it.
#[derive(Debug)]
pub struct Change {
    /// When.
    pub revision: Revision,
    /// After; absent when it was deleted.
    pub now: Option<Value>,
    /// Before; absent when it was created.
    pub before: Option<Value>,
}

/// What a watcher that selects with `selected` sees of a change, if anything.
pub fn seen(change: Change, selected: impl Fn(&Value) -> bool) -> Option<(Kind, Value)> {
    let is = change.now.filter(|object| selected(object));
    let was = change.before.filter(|object| selected(object));
    match (was, is) {
        (None, Some(now)) => Some((Kind::Added, now)),
        (Some(_), Some(now)) => Some((Kind::Modified, now)),
        (Some(mut before), None) => {
            // The last state that the watcher knew, at the revision of its end.
            set_revision(&mut before, change.revision);
            Some((Kind::Deleted, before))
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn events_are_relative_to_what_was_selected() {
        let object = |on: &str| Some(tree!({"metadata": {"resourceVersion": "1"}, "on": on}));
        let selected = |object: &Value| object.str_at(&["on"]) == Some("yes");
        let kind = |before, now| {
            seen(
                Change {
                    revision: Revision(9),
                    now,
                    before,
                },
                selected,
            )
            .map(|(kind, object)| {
                (
                    kind,
                    object
                        .str_at(&["metadata", "resourceVersion"])
                        .unwrap_or_default()
                        .to_owned(),
                )
            })
        };
        assert_eq!(kind(None, object("yes")), Some((Kind::Added, "1".to_owned())));
        assert_eq!(
            kind(object("no"), object("yes")),
            Some((Kind::Added, "1".to_owned()))
        );
        assert_eq!(
            kind(object("yes"), object("yes")),
            Some((Kind::Modified, "1".to_owned()))
        );
        assert_eq!(
            kind(object("yes"), object("no")),
            Some((Kind::Deleted, "9".to_owned()))
        );
        assert_eq!(kind(object("yes"), None), Some((Kind::Deleted, "9".to_owned())));
        assert_eq!(kind(object("no"), None), None);
    }
}
