//! Where a watch gets its objects and changes from: the store, until a watch cache takes its place.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::StreamExt;
use kinds::Resource;
use render::errors;
use render::watch::Change;
use serve::status::Status;
use storage::{Entry, Error, Event, EventKind, Revision, WatchBatch, WatchRequest, WatchStream};

use crate::api::Api;
use crate::objects::PageRequest;

/// What is watched.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Empty for all.
    pub namespace: String,
    /// One object only.
    pub name: Option<String>,
}

/// The present objects, as they are stored, and the revision of that list.
pub async fn present(
    api: &Api,
    hub: &Resource,
    scope: &Scope,
) -> Result<(VecDeque<Entry>, Revision), Status> {
    let request = PageRequest {
        name: scope.name.clone(),
        ..PageRequest::default()
    };
    let page = api.objects.page(hub, &scope.namespace, &request).await?;
    Ok((page.entries.into(), page.revision))
}

/// The changes after a revision.
pub async fn changes(
    api: &Api,
    hub: &Resource,
    scope: &Scope,
    after: Revision,
) -> Result<WatchStream, Error> {
    let (mut start, mut end) = api.objects.span(hub, &scope.namespace);
    if let (Some(name), true) = (&scope.name, !hub.namespaced || !scope.namespace.is_empty()) {
        start = Bytes::from(api.objects.key(hub, &scope.namespace, name));
        end = Bytes::new();
    }
    let from = Some(Revision(after.0 + 1));
    api.objects
        .store()
        .watch(WatchRequest {
            start,
            end,
            from,
            previous: true,
        })
        .await
}

/// The next changes, in order.
pub async fn next(stream: &mut WatchStream) -> Option<Result<WatchBatch, Error>> {
    stream.next().await
}

/// A change of the store with its objects decoded.
pub fn decode(api: &Api, hub: &Resource, event: &Event) -> Result<Change, Status> {
    let decode = |entry| api.objects.decode(hub, entry).map(|stored| stored.object);
    let revision = event.entry.mod_revision;
    let now = match event.kind {
        EventKind::Put => Some(decode(&event.entry)?),
        EventKind::Delete => None,
    };
    let before = event.previous.as_ref().map(decode).transpose()?;
    Ok(Change {
        revision,
        now,
        before,
    })
}

/// Why a watch ends, as its last event tells.
pub fn failure(error: Error, after: Revision) -> Status {
    match error {
        Error::Compacted(oldest) => {
            Status::expired(format!("too old resource version: {} ({})", after.0, oldest.0))
        }
        error => errors::store(error),
    }
}
