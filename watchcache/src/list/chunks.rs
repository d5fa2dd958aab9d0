//! A list as pieces of an answer, made one after the other. How an object is written is the writer's affair.

use std::sync::Arc;

use bytes::Bytes;
use render::Selection;
use render::list::ListWriter;
use serve::status::Status;

use crate::item::Item;
use crate::limits::{LIST_CHUNK_BYTES, LIST_TURN_BYTES, SCAN_ITEMS_MAX};
use crate::marks::Marks;
use crate::snapshot::{Scope, Snapshot};

/// Where the objects of a list come from.
#[derive(Clone)]
pub(super) enum Source {
    /// They were picked.
    Items(std::vec::IntoIter<Arc<Item>>),
    /// All that are selected of a snapshot.
    Snapshot {
        snapshot: Snapshot,
        scope: Scope,
        selection: Option<Box<Selection>>,
        /// The last key that was looked at.
        after: Option<Box<[u8]>>,
    },
}

impl Source {
    /// Shows further objects to `visit` until it says that it has enough, or others should have their turn. False when all
    /// were shown.
    pub(super) fn visit(
        &mut self,
        mut visit: impl FnMut(&Item) -> Result<Turn, Status>,
    ) -> Result<bool, Status> {
        match self {
            Source::Items(items) => {
                for item in items {
                    if visit(&item)? == Turn::Enough {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Source::Snapshot {
                snapshot,
                scope,
                selection,
                after,
            } => {
                let mut last = None;
                let wanted = selection.as_deref().map(Marks::wanted).unwrap_or_default();
                let candidates = snapshot.candidates(scope, after.as_deref(), wanted);
                for (looked_at, item) in candidates.enumerate() {
                    last = Some(item);
                    let is_selected = selection
                        .as_ref()
                        .is_none_or(|selection| selects(selection, item));
                    let has_enough = is_selected && visit(item)? == Turn::Enough;
                    if has_enough || looked_at + 1 == SCAN_ITEMS_MAX {
                        *after = Some(item.key().into());
                        return Ok(true);
                    }
                }
                *after = last.map(|item| item.key().into()).or(after.take());
                Ok(false)
            }
        }
    }
}

/// Whether a visitor goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    More,
    Enough,
}

fn selects(selection: &Selection, item: &Item) -> bool {
    item.content()
        .is_ok_and(|content| selection.matches_facts(&content.facts, item.namespace(), item.name()))
}

/// A list that is being written.
pub(super) struct Chunks {
    writer: ListWriter,
    source: Source,
    /// What is written already: the head.
    out: Vec<u8>,
    is_done: bool,
    /// What was written since others had their turn.
    turn_bytes: usize,
}

impl Chunks {
    /// After a head.
    pub(super) fn new(writer: ListWriter, source: Source, head: Vec<u8>) -> Self {
        Self {
            writer,
            source,
            out: head,
            is_done: false,
            turn_bytes: 0,
        }
    }

    /// Whether all was written.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// The next piece; `None` at the end. Others have their turn now and then: each time costs a question to the system.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        while !self.is_done {
            if self.turn_bytes >= LIST_TURN_BYTES {
                self.turn_bytes = 0;
                tokio::task::yield_now().await;
            }
            let begin = self.out.len();
            self.fill()?;
            let is_piece = self.is_done || self.out.len() >= LIST_CHUNK_BYTES;
            // Objects that were looked at in vain took their time too.
            self.turn_bytes += match is_piece {
                true => self.out.len() - begin,
                false => LIST_TURN_BYTES,
            };
            if is_piece {
                return Ok(Some(Bytes::from(std::mem::take(&mut self.out))));
            }
        }
        Ok(None)
    }

    fn fill(&mut self) -> Result<(), Status> {
        let Self {
            writer, source, out, ..
        } = self;
        out.reserve(LIST_CHUNK_BYTES + LIST_CHUNK_BYTES / 4);
        let has_more = source.visit(|item| {
            item.read(|canonical| writer.push_canonical(&canonical, out))?;
            Ok(match out.len() >= LIST_CHUNK_BYTES {
                true => Turn::Enough,
                false => Turn::More,
            })
        })?;
        if !has_more {
            out.extend_from_slice(writer.tail());
            self.is_done = true;
        }
        Ok(())
    }
}

/// All items in one piece, for answers that cannot be sent in several.
pub(super) async fn collect(writer: &mut ListWriter, source: &mut Source) -> Result<Vec<u8>, Status> {
    let mut out = Vec::new();
    loop {
        let begin = out.len();
        let has_more = source.visit(|item| {
            item.read(|canonical| writer.push_canonical(&canonical, &mut out))?;
            Ok(match out.len() >= begin + LIST_CHUNK_BYTES {
                true => Turn::Enough,
                false => Turn::More,
            })
        })?;
        if !has_more {
            return Ok(out);
        }
        tokio::task::yield_now().await;
    }
}

/// How many bytes the items will have, if that can be told before they are made.
pub(super) async fn length(writer: &ListWriter, source: &Source) -> Result<Option<usize>, Status> {
    let mut source = source.clone();
    let (mut length, mut is_known) = (0, true);
    loop {
        let mut looked_at = 0;
        let has_more = source.visit(|item| {
            looked_at += 1;
            match item.read(|canonical| writer.canonical_len(&canonical))? {
                Some(len) => length += len,
                None => is_known = false,
            }
            Ok(match is_known && looked_at < SCAN_ITEMS_MAX {
                true => Turn::More,
                false => Turn::Enough,
            })
        })?;
        if !has_more || !is_known {
            return Ok(is_known.then_some(length));
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use auth::User;
    use http::{HeaderMap, Method};
    use render::Call;
    use render::negotiate::Output;
    use serve::query::Query;
    use serve::request_info::RequestInfo;
    use storage::Revision;

    use super::*;
    use crate::testing::{config_maps, item};

    /// In a runtime with one thread another task goes on just when the list lets it.
    #[tokio::test]
    async fn others_have_their_turn_while_a_list_is_made() {
        let items = (0..20_000).map(|at| Arc::new(item(&format!("a/{at:05}"), 1)));
        let source = Source::Snapshot {
            snapshot: Snapshot::new(items, Revision(1)),
            scope: Scope::All,
            selection: None,
            after: None,
        };
        let info = RequestInfo::new(&Method::GET, "/api/v1/configmaps", "").expect("a request");
        let user = User::new("admin", "", &[]);
        let resource = config_maps().hub().clone();
        let call = Call::new(info, Query::parse(""), HeaderMap::new(), user, resource);
        let output = Output::of(&call.headers, &call.query).expect("a form of lists");
        let mut chunks = Chunks::new(
            ListWriter::new(&call, output).expect("a list"),
            source,
            Vec::new(),
        );
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = turns.clone();
        tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let mut bytes = 0;
        while let Some(chunk) = chunks.next().await.expect("no error") {
            bytes += chunk.len();
        }
        let turns = turns.load(Ordering::Relaxed);
        assert!(bytes > 4 * LIST_TURN_BYTES, "{bytes} bytes");
        let longest = LIST_TURN_BYTES + 2 * LIST_CHUNK_BYTES;
        assert!(
            (bytes / longest..=bytes / LIST_TURN_BYTES).contains(&turns),
            "{turns} turns for {bytes} bytes"
        );
    }
}
