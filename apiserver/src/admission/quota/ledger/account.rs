//! Quotas in the store: read live, and written together if none of them has changed. They are written as the server's own manager, through
//! `status`, as a client of the API would.

use std::sync::Arc;

use auth::User;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, USER_AGENT};
use kinds::{Catalog, Resource};
use render::Call;
use schema::Value;
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;
use storage::{Compare, Error, Op, Revision, Txn};

use super::super::Quota;
use crate::loopback;
use crate::objects::{Objects, PageRequest, Stored};
use crate::write::managed_fields;

/// Quotas that are decoded before others have their turn.
const SLICE: usize = 16;

/// The quotas of the store.
pub(super) struct Account {
    objects: Arc<Objects>,
}

/// A quota as it is to be stored, on the state that it was decided on.
pub(super) struct Put {
    pub name: String,
    pub uid: String,
    pub revision: Revision,
    key: Bytes,
    value: Bytes,
}

impl Put {
    /// What it takes of a transaction: its key is in the condition too.
    pub(super) fn bytes(&self) -> usize {
        2 * self.key.len() + self.value.len()
    }
}

impl Account {
    pub(super) fn new(objects: Arc<Objects>) -> Self {
        Self { objects }
    }

    /// All of a namespace, as they are now.
    pub(super) async fn read(&self, namespace: &str) -> Result<Vec<Stored>, Status> {
        let hub = hub()?;
        let page = self.objects.page(hub, namespace, &PageRequest::default()).await?;
        let mut quotas = Vec::with_capacity(page.entries.len());
        for slice in page.entries.chunks(SLICE) {
            for entry in slice {
                quotas.push(self.objects.decode(hub, entry)?);
            }
            if quotas.len() < page.entries.len() {
                tokio::task::yield_now().await;
            }
        }
        Ok(quotas)
    }

    /// A quota with what is used of it now.
    pub(super) fn put(&self, namespace: &str, stored: &Stored, quota: &Quota) -> Result<Put, Status> {
        let hub = hub()?;
        let object = charged(hub, &stored.object, quota);
        Ok(Put {
            name: quota.name.clone(),
            uid: quota.uid.clone(),
            revision: stored.revision,
            key: Bytes::from(self.objects.key(hub, namespace, &quota.name)),
            value: Bytes::from(self.objects.encode(hub, &object)?),
        })
    }

    /// Writes all or none; `false` if one of them has changed since it was read.
    pub(super) async fn write(&self, puts: &[Put]) -> Result<bool, Error> {
        let when = puts
            .iter()
            .map(|put| Compare::ModRevision(put.key.clone(), put.revision));
        let then = puts.iter().map(|put| Op::Put {
            key: put.key.clone(),
            value: put.value.clone(),
            lease: None,
        });
        let txn = Txn {
            when: when.collect(),
            then: then.collect(),
            otherwise: Vec::new(),
        };
        Ok(self.objects.store().txn(txn).await?.succeeded)
    }
}

pub(super) fn hub() -> Result<&'static Arc<Resource>, Status> {
    let found = Catalog::builtin().resource("", "v1", "resourcequotas");
    found.ok_or_else(|| Status::internal("there are no quotas"))
}

/// The quota with what is used of it, and who wrote that.
fn charged(resource: &Arc<Resource>, old: &Value, quota: &Quota) -> Value {
    let mut object = old.clone();
    if let Some(map) = object.as_map_mut() {
        map.map_at("status").insert("used", quota.used.to_value());
    }
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(loopback::USER_AGENT));
    let call = Call::new(
        RequestInfo::default(),
        Query::default(),
        headers,
        User::new(loopback::USER, "", &[User::MASTERS]),
        resource.clone(),
    );
    managed_fields::track(&call, &mut object, Some(old), "status");
    object
}
