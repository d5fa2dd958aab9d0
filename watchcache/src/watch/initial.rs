//! The objects that are there when a watch begins, sent from a snapshot piece by piece.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use render::watch::Kind;
use serve::status::Status;

use super::Interest;
use crate::delivery::{self, What};
use crate::forms::Encoder;
use crate::limits::{LIST_CHUNK_BYTES, SCAN_ITEMS_MAX};
use crate::marks::Marks;
use crate::snapshot::Snapshot;
use crate::unit::Unit;

/// What is left to send of a snapshot.
pub(super) struct Initial {
    snapshot: Snapshot,
    /// The last key that was looked at.
    after: Option<Box<[u8]>>,
    /// All objects were looked at.
    is_through: bool,
    /// A bookmark follows that says so.
    with_bookmark: bool,
}

/// What a turn gave.
pub(super) enum Piece {
    /// Events.
    Chunk(Bytes),
    /// That all events were sent.
    Marked(Bytes),
    /// None of the objects that were looked at is selected; there are more.
    Again,
    /// All is sent.
    Through,
}

impl Initial {
    /// Of a snapshot whose objects can all be decoded where they concern the watch.
    pub(super) fn new(snapshot: Snapshot, with_bookmark: bool) -> Self {
        Self {
            snapshot,
            after: None,
            is_through: false,
            with_bookmark,
        }
    }

    /// The next events together, of as many objects as are looked at in one turn.
    pub(super) fn piece(
        &mut self,
        of: (&Arc<Unit>, &Arc<Encoder>),
        interest: &Interest,
        has_header: &mut bool,
    ) -> Result<Piece, Status> {
        let mut chunk = BytesMut::new();
        if !self.is_through {
            self.scan(of, interest, has_header, &mut chunk)?;
        }
        Ok(match (chunk.is_empty(), self.is_through) {
            (false, _) => Piece::Chunk(chunk.freeze()),
            (true, false) => Piece::Again,
            (true, true) if std::mem::take(&mut self.with_bookmark) => {
                let is_first = std::mem::take(has_header);
                Piece::Marked(of.1.bookmark(self.snapshot.revision(), true, is_first)?)
            }
            (true, true) => Piece::Through,
        })
    }

    fn scan(
        &mut self,
        (unit, encoder): (&Arc<Unit>, &Arc<Encoder>),
        interest: &Interest,
        has_header: &mut bool,
        chunk: &mut BytesMut,
    ) -> Result<(), Status> {
        let mut last = None;
        let wanted = interest
            .selection
            .as_deref()
            .map(Marks::wanted)
            .unwrap_or_default();
        let items = self
            .snapshot
            .candidates(&interest.scope, self.after.as_deref(), wanted);
        for (looked_at, item) in items.enumerate() {
            if looked_at == SCAN_ITEMS_MAX || chunk.len() >= LIST_CHUNK_BYTES {
                break;
            }
            last = Some(item);
            if interest.selects(item) {
                let first = std::mem::take(has_header);
                let event = encoder.event(Kind::Added, item, item.revision(), first)?;
                delivery::sent((unit, encoder), What::Initial, event.len(), 1);
                chunk.extend_from_slice(&event);
            }
        }
        self.is_through = last.is_none();
        if let Some(last) = last {
            self.after = Some(last.key().into());
        }
        Ok(())
    }
}
