//! One change of one object, as it stands in the ring, with its encodings. What a watcher makes of it is [`crate::watch`]'s.

use std::sync::Arc;

use render::watch::Kind;
use storage::Revision;
use tokio::time::Instant;

use crate::frames::Frames;
use crate::item::Item;

/// What a change weighs beside its items and frames: the event, its slot and its places in the index.
const OVERHEAD_BYTES: usize = 250;

/// A change.
#[derive(Debug)]
pub struct Event {
    /// The transaction that made it.
    pub revision: Revision,
    /// When the store told it.
    pub arrived: Instant,
    /// The object after it; absent when it was deleted.
    pub now: Option<Arc<Item>>,
    /// The object before it; absent when it was created.
    pub before: Option<Arc<Item>>,
    /// Encodings, made on demand and shared by all watchers.
    pub frames: Frames,
}

impl Event {
    /// A change with nothing encoded yet. One of the items is there.
    pub fn new(
        revision: Revision,
        arrived: Instant,
        now: Option<Arc<Item>>,
        before: Option<Arc<Item>>,
    ) -> Self {
        debug_assert!(now.is_some() || before.is_some());
        Self {
            revision,
            arrived,
            now,
            before,
            frames: Frames::default(),
        }
    }

    /// The key that it is about.
    pub fn key(&self) -> &[u8] {
        self.now
            .as_ref()
            .or(self.before.as_ref())
            .map_or(b"", |item| item.key())
    }

    /// What a watcher sees of it that selects with `selected`, and the item that it is shown. An item that cannot be decoded
    /// is an error for whom it would concern.
    pub fn seen(&self, selected: impl Fn(&Item) -> bool) -> Result<Option<(Kind, &Arc<Item>)>, &str> {
        let before = selection(&self.before, &selected)?;
        let now = selection(&self.now, &selected)?;
        Ok(match (before, now) {
            (None, Some(now)) => Some((Kind::Added, now)),
            (Some(_), Some(now)) => Some((Kind::Modified, now)),
            // The last state that the watcher knew, told at the revision of its end.
            (Some(before), None) => Some((Kind::Deleted, before)),
            (None, None) => None,
        })
    }

    /// What it adds to the ring: itself and the state that was before it, which only it still holds. What was after it is
    /// held by the snapshot, and then by the event that came next.
    pub fn weight_bytes(&self) -> usize {
        OVERHEAD_BYTES + self.before.as_ref().map_or(0, |item| item.weight_bytes())
    }

    /// Keeps of the state before it only what that differs in from the one after it. Returns the bytes that this saves.
    pub fn fold(&self) -> usize {
        let before = self.before.as_ref().and_then(|before| before.content().ok());
        match (before, &self.now) {
            (Some(before), Some(now)) => before.body.fold(now),
            _ => 0,
        }
    }
}

/// An item, if there is one and it is selected.
fn selection<'e>(
    item: &'e Option<Arc<Item>>,
    selected: &impl Fn(&Item) -> bool,
) -> Result<Option<&'e Arc<Item>>, &'e str> {
    let Some(item) = item else { return Ok(None) };
    item.content()?;
    Ok(selected(item).then_some(item))
}
