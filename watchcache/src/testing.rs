//! What the crate's own tests share: items without a store, and a store that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kinds::Catalog;
use kinds::decorate::IpFamily;
use schema::{Value, tree};
use storage::{
    Entry, Error, LeaseId, Range, RangeResult, Revision, Store, Txn, TxnResult, WatchRequest, WatchStream,
};

use crate::item::{Item, Maker};

/// How config maps become items.
pub fn config_maps() -> Maker {
    let hub = Catalog::builtin()
        .resource("", "v1", "configmaps")
        .expect("built in");
    let prefix = Bytes::from_static(b"/registry/configmaps/");
    Maker::new(hub.clone(), prefix, IpFamily::V4)
}

/// The stored form of a config map.
pub fn stored(key: &str, labels: Value) -> Bytes {
    stored_with(key, labels, tree!({}))
}

fn stored_with(key: &str, labels: Value, data: Value) -> Bytes {
    let (namespace, name) = key.split_once('/').expect("a namespace and a name");
    let object = tree!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": labels}, "data": data,
    });
    let canonical = config_maps();
    Bytes::from(kinds::stored::encode(canonical.hub(), object).expect("it is stored"))
}

/// A config map without content.
pub fn item(key: &str, revision: i64) -> Item {
    config_maps().item(&entry(key, revision, stored(key, tree!({}))))
}

/// A config map with a text in it.
pub fn item_with(key: &str, revision: i64, text: &str) -> Item {
    config_maps().item(&entry(
        key,
        revision,
        stored_with(key, tree!({}), tree!({"text": text})),
    ))
}

/// Something that is no config map.
pub fn broken(key: &str, revision: i64) -> Item {
    config_maps().item(&entry(key, revision, Bytes::from_static(b"k8s\0 nonsense")))
}

fn entry(key: &str, revision: i64, value: Bytes) -> Entry {
    Entry {
        key: Bytes::from(format!("/registry/configmaps/{key}")),
        value,
        create_revision: Revision(revision),
        mod_revision: Revision(revision),
        version: 1,
        lease: None,
        at_rest: storage::AtRest::Current,
    }
}

/// A store whose revision grows with each question for it, which takes a while.
#[derive(Default)]
pub struct CountingStore {
    asked: Arc<AtomicI64>,
}

impl CountingStore {
    /// How often it was asked for its revision.
    pub fn asked(&self) -> i64 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for CountingStore {
    async fn range(&self, _: Range) -> Result<RangeResult, Error> {
        Ok(RangeResult::default())
    }
    async fn txn(&self, _: Txn) -> Result<TxnResult, Error> {
        Err(Error::Fatal("read only".to_owned()))
    }
    async fn watch(&self, _: WatchRequest) -> Result<WatchStream, Error> {
        Ok(Box::pin(futures_util::stream::pending()))
    }
    async fn request_progress(&self) -> Result<(), Error> {
        Ok(())
    }
    async fn current_revision(&self) -> Result<Revision, Error> {
        let revision = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(Revision(revision))
    }
    async fn compacted_revision(&self) -> Result<Revision, Error> {
        Ok(Revision(1))
    }
    async fn compact(&self, _: Revision) -> Result<(), Error> {
        Ok(())
    }
    async fn grant_lease(&self, _: Duration) -> Result<LeaseId, Error> {
        Err(Error::LeaseNotFound)
    }
    async fn renew_lease(&self, _: LeaseId) -> Result<(), Error> {
        Err(Error::LeaseNotFound)
    }
    async fn revoke_lease(&self, _: LeaseId) -> Result<(), Error> {
        Err(Error::LeaseNotFound)
    }
    async fn health(&self) -> Result<(), Error> {
        Ok(())
    }
}
