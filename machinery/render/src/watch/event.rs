//! The types of events, as clients read them. What a change means to a watcher is known where changes are.

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
