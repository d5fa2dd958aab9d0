//! Reading all objects of a resource at one revision: the keys first, then their values in several reads at a time.
//! What is read becomes items on a pool, as that takes a while.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use storage::{Entry, Error, Range, Revision, Store};

use crate::item::{Item, Maker};
use crate::limits::{LOAD_PAGE_KEYS, LOAD_READS_MAX};
use crate::snapshot::Snapshot;

/// The keys of a resource.
#[derive(Clone, Debug)]
pub struct Span {
    /// The first.
    pub start: Bytes,
    /// The first after them.
    pub end: Bytes,
}

/// Loads everything at `at`.
pub async fn load(
    store: &Arc<dyn Store>,
    canonical: &Arc<Maker>,
    span: &Span,
    at: Revision,
) -> Result<Snapshot, Error> {
    let parts = parts(store, span, at).await?;
    let items: Vec<Vec<Arc<Item>>> = stream::iter(parts)
        .map(|part| read(store.clone(), canonical.clone(), part, at))
        .buffered(LOAD_READS_MAX)
        .try_collect()
        .await?;
    Ok(Snapshot::new(items.into_iter().flatten(), at))
}

/// Ranges of about a page each.
async fn parts(store: &Arc<dyn Store>, span: &Span, at: Revision) -> Result<Vec<Span>, Error> {
    let mut parts = Vec::new();
    let mut start = span.start.clone();
    loop {
        let found = store
            .range(Range {
                start: start.clone(),
                end: span.end.clone(),
                at: Some(at),
                limit: LOAD_PAGE_KEYS,
                keys_only: true,
                ..Range::default()
            })
            .await?;
        let next = match found.entries.last() {
            Some(last) if found.more => Bytes::from([last.key.as_ref(), b"\0"].concat()),
            Some(_) => span.end.clone(),
            None => return Ok(parts),
        };
        parts.push(Span {
            start,
            end: next.clone(),
        });
        if !found.more {
            return Ok(parts);
        }
        start = next;
    }
}

async fn read(
    store: Arc<dyn Store>,
    canonical: Arc<Maker>,
    part: Span,
    at: Revision,
) -> Result<Vec<Arc<Item>>, Error> {
    let found = store
        .range(Range {
            start: part.start,
            end: part.end,
            at: Some(at),
            ..Range::default()
        })
        .await?;
    items(canonical, found.entries).await
}

/// Entries as items, made on the pool.
pub async fn items(canonical: Arc<Maker>, entries: Vec<Entry>) -> Result<Vec<Arc<Item>>, Error> {
    let made = tokio::task::spawn_blocking(move || {
        entries
            .iter()
            .map(|entry| Arc::new(canonical.item(entry)))
            .collect()
    });
    made.await.map_err(|panic| Error::Fatal(panic.to_string()))
}
