//! Objects in the store: keys, stored bytes and revisions on one side, trees in their hub form on the other.
//! It does not know requests, admission or strategies.

mod list;
mod written;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kinds::decorate::IpFamily;
use kinds::keys::Keys;
use kinds::{Catalog, Resource, stored};
use render::decoder::set_revision;
use render::{Decoder, errors};
use schema::Value;
use serve::status::Status;
use storage::{AtRest, Compare, Entry, LeaseId, Op, OpResult, Range, Revision, Store, Txn};

pub use list::{Page, PageRequest};

use crate::admission::Reader;

/// The objects of all built-in resources.
pub struct Objects {
    store: Arc<dyn Store>,
    keys: Keys,
    decoder: Decoder,
    events: storage::LeasePool,
    written: written::Written,
}

/// An object as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Hub form, with its resource version.
    pub object: Value,
    /// When it was written.
    pub revision: Revision,
    /// What is stored, to tell whether a write changes anything.
    pub bytes: Bytes,
    /// A write of the same bytes changes what is stored: another key encrypts now.
    pub stale: bool,
}

impl Stored {
    /// Whether a write of these bytes would change nothing.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        !self.stale && *self.bytes == *bytes
    }
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Written(Stored),
    /// Somebody else wrote first: what is there now, if anything.
    Raced(Option<Stored>),
}

impl Objects {
    /// Over a store, below a key prefix.
    pub fn new(store: Arc<dyn Store>, keys: Keys, primary_family: IpFamily, event_ttl: Duration) -> Self {
        let catalog = Catalog::builtin();
        let events = catalog
            .resource("", "v1", "events")
            .and_then(|events| events.storage.as_ref());
        let first = events.map(|events| keys.all(events).start).unwrap_or_default();
        // Leases are of one store: of the one that has the events.
        let events = storage::LeasePool::new(storage::part_of(&store, first.as_bytes()), event_ttl);
        Self {
            store,
            keys,
            decoder: Decoder { primary_family },
            events,
            written: written::Written::default(),
        }
    }

    /// The last change that this process made to a resource.
    pub fn last_written(&self, resource: &Resource) -> Revision {
        self.written.last(resource)
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The store to ask for revisions of a resource: those of different stores are never compared.
    pub fn store_of(&self, resource: &Resource) -> Arc<dyn Store> {
        let first = resource
            .storage
            .as_ref()
            .map(|storage| self.keys.all(storage).start);
        storage::part_of(&self.store, first.unwrap_or_default().as_bytes())
    }

    /// The key layout.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What reads stored values.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The key of an object.
    pub fn key(&self, resource: &Resource, namespace: &str, name: &str) -> String {
        resource
            .storage
            .as_ref()
            .map(|storage| self.keys.object(storage, namespace, name))
            .unwrap_or_default()
    }

    /// One object, now.
    pub async fn get(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Stored>, Status> {
        let found = self.entry(resource, namespace, name).await?;
        found.map(|entry| self.decode(resource, &entry)).transpose()
    }

    /// One object, now, as it is stored.
    pub async fn entry(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Entry>, Status> {
        let start = Bytes::from(self.key(resource, namespace, name));
        let found = self
            .store
            .range(Range {
                start,
                ..Range::default()
            })
            .await
            .map_err(errors::store)?;
        Ok(found.entries.into_iter().next())
    }

    /// Writes a new object; [`Outcome::Raced`] if the name is taken.
    pub async fn create(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        object: &Value,
    ) -> Result<Outcome, Status> {
        self.put(resource, namespace, name, object, Revision(0)).await
    }

    /// Replaces an object if it is still what was read.
    pub async fn update(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        object: &Value,
        read: &Stored,
    ) -> Result<Outcome, Status> {
        self.put(resource, namespace, name, object, read.revision).await
    }

    /// Deletes an object if it is still what was read; the outcome has its last state with the deletion's revision.
    pub async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        read: &Stored,
    ) -> Result<Outcome, Status> {
        let key = Bytes::from(self.key(resource, namespace, name));
        let txn = Txn {
            when: vec![Compare::ModRevision(key.clone(), read.revision)],
            then: vec![Op::Delete(key.clone())],
            otherwise: vec![Op::Get(key)],
        };
        let done = self.store.txn(txn).await.map_err(errors::store)?;
        if done.succeeded {
            self.written.note(resource, done.revision);
            let mut gone = read.clone();
            gone.revision = done.revision;
            set_revision(&mut gone.object, done.revision);
            return Ok(Outcome::Written(gone));
        }
        self.raced(resource, done.results)
    }

    /// The bytes that would be stored.
    pub fn encode(&self, resource: &Resource, object: &Value) -> Result<Vec<u8>, Status> {
        stored::encode(resource, object.clone())
            .ok_or_else(|| Status::internal("this resource is not stored"))
    }

    /// A stored value as an object in its hub form.
    pub fn decode(&self, resource: &Resource, entry: &Entry) -> Result<Stored, Status> {
        let object = self.decoder.decode(resource, entry)?;
        let object = match resource.custom {
            Some(_) => render::shown(resource, object)?,
            None => object,
        };
        Ok(Stored {
            object,
            revision: entry.mod_revision,
            bytes: entry.value.clone(),
            stale: entry.is_stale(),
        })
    }

    async fn put(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        object: &Value,
        expected: Revision,
    ) -> Result<Outcome, Status> {
        let key = Bytes::from(self.key(resource, namespace, name));
        let value = Bytes::from(self.encode(resource, object)?);
        let lease = self.lease(resource).await?;
        let txn = Txn {
            when: vec![Compare::ModRevision(key.clone(), expected)],
            then: vec![Op::Put {
                key: key.clone(),
                value: value.clone(),
                lease,
            }],
            otherwise: vec![Op::Get(key.clone())],
        };
        let done = self.store.txn(txn).await.map_err(errors::store)?;
        if !done.succeeded {
            return self.raced(resource, done.results);
        }
        self.written.note(resource, done.revision);
        // What was stored is read back as any reader would.
        let entry = Entry {
            key,
            value,
            create_revision: expected,
            mod_revision: done.revision,
            version: 1,
            lease,
            at_rest: AtRest::Current,
        };
        self.decode(resource, &entry).map(Outcome::Written)
    }

    fn raced(&self, resource: &Resource, results: Vec<OpResult>) -> Result<Outcome, Status> {
        match results.into_iter().next() {
            Some(OpResult::Get(Some(entry))) => Ok(Outcome::Raced(Some(self.decode(resource, &entry)?))),
            _ => Ok(Outcome::Raced(None)),
        }
    }

    /// Events go by themselves after a while.
    async fn lease(&self, resource: &Resource) -> Result<Option<LeaseId>, Status> {
        let is_event = resource
            .storage
            .as_ref()
            .is_some_and(|storage| storage.kind == "Event" && storage.group.is_empty());
        if !is_event {
            return Ok(None);
        }
        self.events.lease().await.map(Some).map_err(errors::store)
    }
}

#[async_trait]
impl Reader for Objects {
    async fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Value>>, Status> {
        let Some(resource) = hub(group, resource) else {
            return Ok(None);
        };
        Ok(Objects::get(self, resource, namespace, name)
            .await?
            .map(|stored| Arc::new(stored.object)))
    }

    async fn list(&self, group: &str, resource: &str, namespace: &str) -> Result<Vec<Arc<Value>>, Status> {
        let Some(resource) = hub(group, resource) else {
            return Ok(Vec::new());
        };
        let page = self.page(resource, namespace, &PageRequest::default()).await?;
        page.entries
            .iter()
            .map(|entry| Ok(Arc::new(self.decode(resource, entry)?.object)))
            .collect()
    }
}

#[async_trait]
impl auth::objects::Objects for Objects {
    async fn get(
        &self,
        kind: auth::objects::Kind,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, String> {
        let Some(resource) = hub("", kind.resource()) else {
            return Ok(None);
        };
        match Objects::get(self, resource, namespace, name).await {
            Ok(found) => Ok(found.map(|stored| stored.object)),
            Err(status) => Err(status.message),
        }
    }
}

/// The resource in its hub version.
pub fn hub(group: &str, resource: &str) -> Option<&'static Arc<Resource>> {
    let catalog = Catalog::builtin();
    catalog
        .versions(group, resource)
        .next()
        .map(|found| catalog.hub(found))
}
