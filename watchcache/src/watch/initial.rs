//! The objects that are there when a watch begins, sent from a snapshot piece by piece.

use bytes::{Bytes, BytesMut};
use render::watch::Kind;
use serve::status::Status;

use super::Interest;
use crate::forms::Encoder;
use crate::limits::{LIST_CHUNK_BYTES, SCAN_ITEMS_MAX};
use crate::snapshot::Snapshot;

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

    /// The next events together; `None` when all are sent.
    pub(super) fn chunk(
        &mut self,
        encoder: &Encoder,
        interest: &Interest,
        has_header: &mut bool,
    ) -> Result<Option<Bytes>, Status> {
        let mut chunk = BytesMut::new();
        while !self.is_through && chunk.len() < LIST_CHUNK_BYTES {
            self.scan(encoder, interest, has_header, &mut chunk)?;
        }
        if chunk.is_empty() && std::mem::take(&mut self.with_bookmark) {
            return encoder
                .bookmark(self.snapshot.revision(), true, std::mem::take(has_header))
                .map(Some);
        }
        Ok((!chunk.is_empty()).then(|| chunk.freeze()))
    }

    fn scan(
        &mut self,
        encoder: &Encoder,
        interest: &Interest,
        has_header: &mut bool,
        chunk: &mut BytesMut,
    ) -> Result<(), Status> {
        let mut last = None;
        let items = self.snapshot.range(&interest.scope, self.after.as_deref());
        for (looked_at, item) in items.enumerate() {
            if looked_at == SCAN_ITEMS_MAX || chunk.len() >= LIST_CHUNK_BYTES {
                break;
            }
            last = Some(item);
            if interest.selects(item) {
                let first = std::mem::take(has_header);
                chunk.extend_from_slice(&encoder.event(Kind::Added, item, item.revision(), first)?);
            }
        }
        self.is_through = last.is_none();
        if let Some(last) = last {
            self.after = Some(last.key().into());
        }
        Ok(())
    }
}
