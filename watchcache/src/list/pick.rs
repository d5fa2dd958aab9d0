//! The objects of one page, picked from a snapshot or, where the cache cannot answer, read from the store.

use std::sync::Arc;

use bytes::Bytes;
use render::{Selection, errors};
use serve::status::Status;
use storage::{Range, Revision};
use tokio::sync::Semaphore;

use crate::item::Item;
use crate::limits::{SCAN_ITEMS_MAX, STORE_PAGE_KEYS, STORE_READS_MAX};
use crate::load;
use crate::snapshot::{Scope, Snapshot};
use crate::unit::Unit;

/// Reads of the store that are under way in this process.
static STORE_READS: Semaphore = Semaphore::const_new(STORE_READS_MAX);

/// A page.
pub(super) struct Page {
    pub(super) items: Vec<Arc<Item>>,
    pub(super) revision: Revision,
    /// The last key that was looked at, if there is something after it.
    pub(super) last_key: Option<Box<[u8]>>,
    /// How many objects are left, where that is known.
    pub(super) remaining: Option<i64>,
}

/// Which objects.
pub(super) struct Wanted<'w> {
    pub(super) scope: &'w Scope,
    pub(super) selection: &'w Selection,
    pub(super) after: Option<Vec<u8>>,
    /// At most this many; 0 for all.
    pub(super) limit: u64,
}

impl Wanted<'_> {
    /// Whether an item is selected. An item that cannot be decoded fails the list.
    fn selects(&self, item: &Item) -> Result<bool, Status> {
        let content = item.content().map_err(Status::internal)?;
        Ok(self.selection.is_everything()
            || self
                .selection
                .matches_facts(&content.facts, item.namespace(), item.name()))
    }

    fn is_full(&self, items: &[Arc<Item>]) -> bool {
        self.limit > 0 && items.len() as u64 >= self.limit
    }
}

/// Picks a page from a snapshot. Others get their turn now and then.
pub(super) async fn from_snapshot(
    unit: &Unit,
    snapshot: &Snapshot,
    wanted: &Wanted<'_>,
) -> Result<Page, Status> {
    let mut page = Page {
        items: Vec::new(),
        revision: snapshot.revision(),
        last_key: None,
        remaining: None,
    };
    let mut after = wanted.after.clone();
    loop {
        let (mut looked_at, mut is_through) = (0, true);
        for item in snapshot.range(wanted.scope, after.as_deref()) {
            if wanted.is_full(&page.items) {
                return Ok(cut(page, unit, snapshot, wanted));
            }
            if looked_at == SCAN_ITEMS_MAX {
                is_through = false;
                break;
            }
            looked_at += 1;
            page.last_key = Some(item.key().into());
            if wanted.selects(item)? {
                page.items.push(item.clone());
            }
        }
        if is_through {
            page.last_key = None;
            return Ok(page);
        }
        after = page.last_key.as_deref().map(<[u8]>::to_vec);
        tokio::task::yield_now().await;
    }
}

/// A page that ends before the end: how much is left is known where everything is selected.
fn cut(mut page: Page, unit: &Unit, snapshot: &Snapshot, wanted: &Wanted<'_>) -> Page {
    if let Some(last) = page
        .last_key
        .as_deref()
        .filter(|_| wanted.selection.is_everything())
    {
        let begin = wanted.after.as_deref();
        let left = unit
            .left()
            .after(snapshot, wanted.scope, begin, page.items.len(), last);
        page.remaining = i64::try_from(left).ok();
    }
    page
}

/// Reads a page from the store, at a revision or now. There are only so many at a time: a cache that is gone must not become a
/// storm on the store.
pub(super) async fn from_store(
    unit: &Unit,
    at: Option<Revision>,
    wanted: &Wanted<'_>,
) -> Result<Page, Status> {
    let _turn = STORE_READS.try_acquire().map_err(|_| {
        Status::too_many_requests(
            "too many lists are read from the store, please try again later",
            1,
        )
    })?;
    let mut page = Page {
        items: Vec::new(),
        revision: at.unwrap_or_default(),
        last_key: None,
        remaining: None,
    };
    let mut at = at;
    let mut start = begin(unit, wanted);
    let end = end(unit, wanted.scope);
    loop {
        let range = Range {
            start: start.clone(),
            end: end.clone(),
            at,
            limit: STORE_PAGE_KEYS,
            ..Range::default()
        };
        let found = unit.store().range(range).await.map_err(errors::store)?;
        page.revision = at.unwrap_or(found.revision);
        at = Some(page.revision);
        let (count, more) = (found.count, found.more);
        let Some(last) = found.entries.last().map(|entry| entry.key.clone()) else {
            page.last_key = None;
            return Ok(page);
        };
        let items = load::items(unit.maker().clone(), found.entries).await;
        let items = items.map_err(errors::store)?;
        let read = items.len();
        for (index, item) in items.into_iter().enumerate() {
            if wanted.is_full(&page.items) {
                let left = i64::try_from(count).unwrap_or(i64::MAX) - index as i64;
                page.remaining = wanted.selection.is_everything().then_some(left);
                return Ok(page);
            }
            page.last_key = Some(item.key().into());
            if wanted.selects(&item)? {
                page.items.push(item);
            }
        }
        if !more {
            page.last_key = None;
            return Ok(page);
        }
        debug_assert!(read > 0);
        start = Bytes::from([last.as_ref(), b"\0"].concat());
    }
}

/// One object as the store has it now.
pub(crate) async fn one(unit: &Unit, key: &str) -> Result<Option<Arc<Item>>, Status> {
    let range = Range {
        start: Bytes::from([unit.maker().prefix(), key.as_bytes()].concat()),
        ..Range::default()
    };
    let found = unit.store().range(range).await.map_err(errors::store)?;
    Ok(found
        .entries
        .first()
        .map(|entry| Arc::new(unit.maker().item(entry))))
}

fn begin(unit: &Unit, wanted: &Wanted<'_>) -> Bytes {
    let prefix = unit.maker().prefix();
    match &wanted.after {
        Some(after) => Bytes::from([prefix, after, b"\0"].concat()),
        None => Bytes::from([prefix, &wanted.scope.first_key()].concat()),
    }
}

fn end(unit: &Unit, scope: &Scope) -> Bytes {
    match scope.end_key() {
        Some(end) => Bytes::from([unit.maker().prefix(), &end].concat()),
        None => unit.span().end.clone(),
    }
}
