//! Quotas in the store: read live, and written together if none of them has changed. They are written as the server's own manager, through
//! `status`, as a client of the API would.

use std::sync::Arc;

use auth::User;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, USER_AGENT};
use kinds::{Catalog, Resource};
use render::{Call, errors};
use schema::Value;
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;
use storage::{Compare, Op, Txn};

use super::super::Quota;
use crate::loopback;
use crate::objects::{Objects, PageRequest, Stored};
use crate::write::managed_fields;

pub(super) const GROUP: &str = "";
pub(super) const RESOURCE: &str = "resourcequotas";

/// The quotas of the store.
pub(super) struct Account {
    objects: Arc<Objects>,
}

impl Account {
    pub(super) fn new(objects: Arc<Objects>) -> Self {
        Self { objects }
    }

    /// All of a namespace, as they are now.
    pub(super) async fn read(&self, namespace: &str) -> Result<Vec<Stored>, Status> {
        let hub = hub()?;
        let page = self.objects.page(hub, namespace, &PageRequest::default()).await?;
        page.entries
            .iter()
            .map(|entry| self.objects.decode(hub, entry))
            .collect()
    }

    /// Writes what is used, of all or of none; `false` if one of them has changed since it was read.
    pub(super) async fn write(&self, namespace: &str, changed: &[(&Stored, &Quota)]) -> Result<bool, Status> {
        let hub = hub()?;
        let mut txn = Txn {
            when: Vec::new(),
            then: Vec::new(),
            otherwise: Vec::new(),
        };
        for (stored, quota) in changed {
            let object = charged(hub, &stored.object, quota)?;
            let key = Bytes::from(self.objects.key(hub, namespace, &quota.name));
            txn.when.push(Compare::ModRevision(key.clone(), stored.revision));
            txn.then.push(Op::Put {
                key,
                value: Bytes::from(self.objects.encode(hub, &object)?),
                lease: None,
            });
        }
        let done = self.objects.store().txn(txn).await.map_err(errors::store)?;
        Ok(done.succeeded)
    }
}

fn hub() -> Result<&'static Arc<Resource>, Status> {
    let catalog = Catalog::builtin();
    let found = catalog.resource(GROUP, "v1", RESOURCE);
    found.ok_or_else(|| Status::internal("there are no quotas"))
}

/// The quota with what is used of it, and who wrote that.
fn charged(resource: &Arc<Resource>, old: &Value, quota: &Quota) -> Result<Value, Status> {
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
    Ok(object)
}
