//! Encryption at rest: a store over another one whose values are sealed on the way in and opened on the way out, as a
//! Kubernetes EncryptionConfiguration says. It decides by the keys of entries whose resource they are and knows nothing
//! of objects.
//!
//! A value that cannot be opened does not fail the call: its entry says so ([`AtRest::Unreadable`]) and has no value, so
//! that it fails what covers it and nothing else. An entry that would be written differently now is [`AtRest::Stale`].
//!
//! [`AtRest::Unreadable`]: crate::AtRest::Unreadable
//! [`AtRest::Stale`]: crate::AtRest::Stale

mod cipher;
pub mod config;
mod failure;
mod provider;
pub mod reload;
mod transformers;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;

use crate::resource_keys::ResourceKeys;
use crate::store::{
    AtRest, Entry, Error, LeaseId, Op, OpResult, Range, RangeResult, Revision, Store, Txn, TxnResult,
    WatchBatch, WatchRequest, WatchStream,
};
pub use failure::Failure;
pub use transformers::Transformers;

/// After this many bytes were opened, other tasks get their turn.
const OPENED_BYTES_AT_ONCE: usize = 128 * 1024;

/// A store whose values are encrypted in the store below it.
pub struct Encrypted {
    store: Arc<dyn Store>,
    opener: Arc<Opener>,
}

/// What opens and seals: shared with the watches, which see a new configuration at once.
struct Opener {
    keys: ResourceKeys,
    transformers: ArcSwap<Transformers>,
}

impl Encrypted {
    /// Over a store, with the resources that `keys` tells apart.
    pub fn new(store: Arc<dyn Store>, keys: ResourceKeys, transformers: Transformers) -> Self {
        let opener = Opener {
            keys,
            transformers: ArcSwap::from_pointee(transformers),
        };
        Self {
            store,
            opener: Arc::new(opener),
        }
    }

    /// Reads and writes with another configuration from now on. What is stored is rewritten by the next writes only.
    ///
    /// # Errors
    /// When the configuration is wrong; then the last one stays in use.
    pub fn reconfigure(&self, text: &[u8]) -> Result<(), config::Error> {
        self.opener
            .transformers
            .store(Arc::new(Transformers::parse(text)?));
        Ok(())
    }
}

impl Opener {
    /// Opens the entry's value in place.
    fn open(&self, entry: &mut Entry) {
        let Some(resource) = self.keys.resource_of(&entry.key) else {
            return;
        };
        let transformers = self.transformers.load();
        match provider::open(transformers.of(&resource), &entry.key, &entry.value) {
            Ok(opened) => {
                entry.value = opened.value;
                entry.at_rest = if opened.stale {
                    AtRest::Stale
                } else {
                    AtRest::Current
                };
            }
            Err(failure) => {
                entry.value = Bytes::new();
                entry.at_rest = AtRest::Unreadable(failure.as_str().into());
            }
        }
    }

    /// Opens many, a bounded part at a time. Entries without a value have none that could be opened: only keys were asked
    /// for, or the key was deleted.
    async fn open_all(&self, entries: Vec<&mut Entry>) {
        let mut opened_bytes = 0;
        for entry in entries.into_iter().filter(|entry| !entry.value.is_empty()) {
            opened_bytes += entry.value.len();
            self.open(entry);
            if opened_bytes > OPENED_BYTES_AT_ONCE {
                opened_bytes = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    fn seal(&self, step: Op) -> Result<Op, Error> {
        let Op::Put { key, value, lease } = step else {
            return Ok(step);
        };
        let Some(resource) = self.keys.resource_of(&key) else {
            return Ok(Op::Put { key, value, lease });
        };
        let transformers = self.transformers.load();
        let value = provider::seal(transformers.of(&resource), &key, value);
        let value =
            value.map_err(|failure| Error::Fatal(format!("a value cannot be encrypted: {failure}")))?;
        Ok(Op::Put { key, value, lease })
    }

    fn seal_all(&self, steps: Vec<Op>) -> Result<Vec<Op>, Error> {
        steps.into_iter().map(|step| self.seal(step)).collect()
    }

    async fn open_batch(&self, mut batch: WatchBatch) -> WatchBatch {
        if let WatchBatch::Events(events) = &mut batch {
            let entries = events
                .iter_mut()
                .flat_map(|event| event.previous.iter_mut().chain([&mut event.entry]));
            self.open_all(entries.collect()).await;
        }
        batch
    }
}

#[async_trait]
impl Store for Encrypted {
    async fn range(&self, range: Range) -> Result<RangeResult, Error> {
        let mut found = self.store.range(range).await?;
        self.opener.open_all(found.entries.iter_mut().collect()).await;
        Ok(found)
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        let then = self.opener.seal_all(txn.then)?;
        let otherwise = self.opener.seal_all(txn.otherwise)?;
        let mut done = self
            .store
            .txn(Txn {
                when: txn.when,
                then,
                otherwise,
            })
            .await?;
        let entries = done.results.iter_mut().filter_map(|result| match result {
            OpResult::Get(Some(entry)) => Some(entry),
            _ => None,
        });
        self.opener.open_all(entries.collect()).await;
        Ok(done)
    }

    async fn watch(&self, request: WatchRequest) -> Result<WatchStream, Error> {
        let opener = self.opener.clone();
        let batches = self.store.watch(request).await?;
        Ok(Box::pin(batches.then(move |batch| {
            let opener = opener.clone();
            async move {
                match batch {
                    Ok(batch) => Ok(opener.open_batch(batch).await),
                    Err(error) => Err(error),
                }
            }
        })))
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.store.request_progress().await
    }

    async fn current_revision(&self) -> Result<Revision, Error> {
        self.store.current_revision().await
    }

    fn part(&self, key: &[u8]) -> Option<Arc<dyn Store>> {
        let store = self.store.part(key)?;
        Some(Arc::new(Self {
            store,
            opener: self.opener.clone(),
        }))
    }

    async fn compacted_revision(&self) -> Result<Revision, Error> {
        self.store.compacted_revision().await
    }

    async fn compact(&self, at: Revision) -> Result<(), Error> {
        self.store.compact(at).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.store.grant_lease(ttl).await
    }

    async fn renew_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.store.renew_lease(lease).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.store.revoke_lease(lease).await
    }

    async fn health(&self) -> Result<(), Error> {
        self.store.health().await
    }
}
