//! Several stores as one: some spans of keys have a store of their own (kube-apiserver's `--etcd-servers-overrides`), all
//! other keys are in the first. It decides by keys where a call goes and does nothing else.
//!
//! Each store has revisions and leases of its own, and they are never compared or exchanged. So a call is for one store: a
//! range, watch or transaction that would touch two is refused. What has no key (the current revision, compaction, leases)
//! is of the first store. Whoever wants them for certain keys asks the keys' own store: [`Store::part`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kinds::KeySpan;

use crate::store::{
    Compare, Error, LeaseId, Op, Range, RangeResult, Revision, Store, Txn, TxnResult, WatchRequest,
    WatchStream,
};

/// A store for most keys and others for some.
pub struct Routed {
    first: Arc<dyn Store>,
    overrides: Vec<(KeySpan, Arc<dyn Store>)>,
}

impl Routed {
    /// Keys of each span go to the store beside it, all others to `first`. Spans do not overlap.
    pub fn new(first: Arc<dyn Store>, overrides: Vec<(KeySpan, Arc<dyn Store>)>) -> Self {
        Self { first, overrides }
    }

    fn of_key(&self, key: &[u8]) -> &Arc<dyn Store> {
        let found = self.overrides.iter().find(|(span, _)| span.contains(key));
        found.map_or(&self.first, |(_, store)| store)
    }

    /// The one store that has all keys of a range.
    fn of_range(&self, start: &[u8], end: &[u8]) -> Result<&Arc<dyn Store>, Error> {
        if end.is_empty() {
            return Ok(self.of_key(start));
        }
        // A zero byte as end stands for all keys from the start on.
        let is_open = end == b"\0";
        let overlaps =
            |span: &KeySpan| start < span.end.as_bytes() && (is_open || span.start.as_bytes() < end);
        let Some((span, store)) = self.overrides.iter().find(|(span, _)| overlaps(span)) else {
            return Ok(&self.first);
        };
        let within = span.start.as_bytes() <= start && !is_open && end <= span.end.as_bytes();
        if within { Ok(store) } else { Err(across("a range")) }
    }

    fn of_txn(&self, txn: &Txn) -> Result<&Arc<dyn Store>, Error> {
        let compared = txn.when.iter().map(|compare| match compare {
            Compare::ModRevision(key, _) | Compare::Version(key, _) => key,
        });
        let done = txn.then.iter().chain(&txn.otherwise).map(|step| match step {
            Op::Get(key) | Op::Put { key, .. } | Op::Delete(key) => key,
        });
        let mut stores = compared.chain(done).map(|key: &Bytes| self.of_key(key));
        let Some(store) = stores.next() else {
            return Ok(&self.first);
        };
        if stores.all(|other| Arc::ptr_eq(store, other)) {
            Ok(store)
        } else {
            Err(across("a transaction"))
        }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<dyn Store>> {
        [&self.first]
            .into_iter()
            .chain(self.overrides.iter().map(|(_, store)| store))
    }
}

fn across(what: &str) -> Error {
    Error::Fatal(format!("{what} over keys of different stores"))
}

#[async_trait]
impl Store for Routed {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        self.of_range(&range.start, &range.end)?.range(range).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        self.of_txn(&txn)?.txn(txn).await
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        self.of_range(&request.start, &request.end)?.watch(request).await
    }

    async fn request_progress(&self) -> Result<(), Error> {
        for store in self.all() {
            store.request_progress().await?;
        }
        Ok(())
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        self.first.current_revision().await
    }

    fn part(&self, key: &[u8]) -> Option<Arc<dyn Store>> {
        Some(self.of_key(key).clone())
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        self.first.compacted_revision().await
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        self.first.compact(at).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.first.grant_lease(ttl).await
    }

    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.first.renew_lease(lease).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.first.revoke_lease(lease).await
    }

    async fn health(&self) -> Result<(), Error> {
        for store in self.all() {
            store.health().await?;
        }
        Ok(())
    }
}
