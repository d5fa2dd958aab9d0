//! A store whose requests are counted and timed, under the names that the reference gives these numbers, whichever store it is; and
//! traced, where they belong to a request that is.
//! It changes nothing of what is asked or answered.

mod numbers;
mod span;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::resource_keys::{GroupResource, ResourceKeys};
use crate::store::{
    Compare, Error, LeaseId, Op, Range, RangeResult, Revision, Store, Txn, TxnResult, WatchRequest,
    WatchStream,
};

pub use numbers::Numbers;
use numbers::Operation;

/// How often the store is asked for its size.
const SIZE_INTERVAL: Duration = Duration::from_secs(30);

/// A store and what is counted of it.
pub struct Measured {
    inner: Arc<dyn Store>,
    keys: Arc<ResourceKeys>,
    numbers: Numbers,
}

impl Measured {
    /// Counts what is asked of a store, by the resource of its keys.
    pub fn new(inner: Arc<dyn Store>, keys: Arc<ResourceKeys>, numbers: Numbers) -> Self {
        Self { inner, keys, numbers }
    }

    /// Asks the store now and then for its size, which is told as that of `cluster`. Ends never.
    pub async fn keep_size(inner: Arc<dyn Store>, numbers: Numbers, cluster: String) {
        let mut tick = tokio::time::interval(SIZE_INTERVAL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match inner.size_bytes().await {
                Ok(size) => numbers.set_size(&cluster, size),
                Err(error) => tracing::debug!(%error, cluster, "the store does not tell its size"),
            }
        }
    }

    async fn timed<T>(
        &self,
        name: &'static str,
        key: Option<&[u8]>,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let resource = key.and_then(|key| self.keys.resource_of(key));
        let begun = Instant::now();
        let span = span::begin(name, resource.as_ref());
        let ended = asked.await;
        if let Some(span) = span {
            span::end(span, ended.as_ref().err());
        }
        self.numbers.count(
            Operation {
                name,
                resource: resource.unwrap_or_else(|| GroupResource::new("", "")),
            },
            begun.elapsed(),
            ended.is_err(),
        );
        ended
    }
}

/// As the reference names it.
fn name_of_range(range: &Range) -> &'static str {
    match (range.end.is_empty(), range.count_only) {
        (_, true) => "count",
        (true, false) => "get",
        (false, false) => "list",
    }
}

/// As the reference names it, and a key that tells the resource.
fn name_of_txn(txn: &Txn) -> (&'static str, Option<&[u8]>) {
    let creates = txn.when.iter().any(|compare| {
        matches!(
            compare,
            Compare::ModRevision(_, Revision(0)) | Compare::Version(_, 0)
        )
    });
    match txn.then.first() {
        Some(Op::Put { key, .. }) if creates => ("create", Some(key)),
        Some(Op::Put { key, .. }) => ("update", Some(key)),
        Some(Op::Delete(key)) => ("delete", Some(key)),
        Some(Op::Get(key)) => ("get", Some(key)),
        None => ("txn", None),
    }
}

#[async_trait]
impl Store for Measured {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        let start = range.start.clone();
        let name = name_of_range(&range);
        self.timed(name, Some(&start), self.inner.range(range)).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        let (name, key) = name_of_txn(&txn);
        let key = key.map(<[u8]>::to_vec);
        self.timed(name, key.as_deref(), self.inner.txn(txn)).await
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        let start = request.start.clone();
        self.timed("watch", Some(&start), self.inner.watch(request)).await
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.inner.request_progress().await
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        self.timed("revision", None, self.inner.current_revision()).await
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        self.inner.compacted_revision().await
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        self.timed("compact", None, self.inner.compact(at)).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.timed("lease", None, self.inner.grant_lease(ttl)).await
    }

    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.timed("lease", None, self.inner.renew_lease(lease)).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.timed("lease", None, self.inner.revoke_lease(lease)).await
    }

    async fn health(&self) -> Result<(), Error> {
        self.inner.health().await
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        self.inner.size_bytes().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::Keys;
    use prometheus_client::registry::Registry;

    #[tokio::test]
    async fn requests_are_counted_by_operation_and_resource() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner: Arc<dyn Store> =
            Arc::new(crate::Embedded::open(&folder.path().join("store")).expect("a store"));
        let numbers = Numbers::default();
        let mut registry = Registry::default();
        numbers.register(&mut registry);
        let keys = Arc::new(ResourceKeys::new(Keys::default()));
        let store = Measured::new(inner.clone(), keys, numbers.clone());
        let key = bytes::Bytes::from_static(b"/registry/deployments/a/b");
        let put = || Op::Put {
            key: key.clone(),
            value: "x".into(),
            lease: None,
        };
        let create = Txn {
            when: vec![Compare::ModRevision(key.clone(), Revision(0))],
            then: vec![put()],
            otherwise: Vec::new(),
        };
        store.txn(create).await.expect("a store that writes");
        let update = Txn {
            then: vec![put()],
            ..Txn::default()
        };
        store.txn(update).await.expect("a store that writes");
        let at = |at| Range {
            start: key.clone(),
            at,
            ..Range::default()
        };
        store.range(at(None)).await.expect("a store that reads");
        let future = Some(Revision(1_000));
        store.range(at(future)).await.expect_err("not yet");
        numbers.set_size("etcd-0", inner.size_bytes().await.expect("a folder"));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("writing to a text");
        for (name, operation, count) in [
            ("requests", "create", 1),
            ("requests", "update", 1),
            ("requests", "get", 2),
            ("request_errors", "get", 1),
        ] {
            let line = format!(
                "etcd_{name}_total{{operation=\"{operation}\",group=\"apps\",resource=\"deployments\"}} {count}\n"
            );
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert!(text.contains("etcd_request_duration_seconds_bucket{le=\"0.005\",operation=\"create\""));
        assert!(text.contains("apiserver_storage_size_bytes{storage_cluster_id=\"etcd-0\"} "));
        assert!(!text.contains("storage_cluster_id=\"etcd-0\"} 0\n"));
    }
}
