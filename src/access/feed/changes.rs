//! Changes of a kind, from wherever they come.

use std::sync::Arc;

use apiserver::objects::Objects;
use futures_util::StreamExt;
use kinds::Resource;
use schema::{SmolStr, Value};
use storage::{Entry, Event, EventKind, Revision, WatchBatch, WatchRequest, WatchStream};

use super::watch_tier::Followed;

/// Changes up to a revision.
pub struct Batch {
    pub revision: Revision,
    pub changes: Vec<Change>,
}

/// One object that has changed.
pub struct Change {
    pub namespace: SmolStr,
    pub name: SmolStr,
    /// `None` if it is gone, or cannot be read.
    pub object: Option<Value>,
}

/// Why there are no more.
pub enum End {
    /// They go on elsewhere, after the last one.
    Elsewhere,
    /// Some may be missed.
    Lost(String),
}

/// Where they come from.
pub enum Changes {
    /// The store.
    Store(Stored),
    /// A member of the watch tier.
    Member(Box<Followed>),
}

/// A resource in the store.
pub struct Stored {
    objects: Arc<Objects>,
    resource: Arc<Resource>,
    changes: WatchStream,
}

impl Changes {
    /// Those of a resource in the store, after a revision.
    pub async fn of_store(
        objects: Arc<Objects>,
        resource: &Arc<Resource>,
        after: Revision,
    ) -> Result<Self, String> {
        let (start, end) = objects.span(resource, "");
        let request = WatchRequest {
            start,
            end,
            from: Some(Revision(after.0 + 1)),
            previous: false,
        };
        let changes = objects.store().watch(request).await;
        Ok(Self::Store(Stored {
            changes: changes.map_err(|error| error.to_string())?,
            objects,
            resource: resource.clone(),
        }))
    }

    /// The next of them.
    pub async fn next(&mut self) -> Result<Batch, End> {
        match self {
            Self::Member(followed) => followed.next().await,
            Self::Store(stored) => stored.next().await.map_err(End::Lost),
        }
    }
}

impl Stored {
    async fn next(&mut self) -> Result<Batch, String> {
        match self.changes.next().await {
            Some(Ok(WatchBatch::Events(events))) => Ok(Batch {
                revision: events
                    .last()
                    .map_or(Revision(0), |event| event.entry.mod_revision),
                changes: events.iter().filter_map(|event| self.change(event)).collect(),
            }),
            Some(Ok(WatchBatch::Progress(revision))) => Ok(Batch {
                revision,
                changes: Vec::new(),
            }),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("the watch ended".to_owned()),
        }
    }

    fn change(&self, event: &Event) -> Option<Change> {
        let place = self.objects.keys().parse(&self.resource, &event.entry.key)?;
        Some(Change {
            namespace: place.namespace.into(),
            name: place.name.into(),
            object: match event.kind {
                EventKind::Put => decode(&self.objects, &self.resource, &event.entry),
                EventKind::Delete => None,
            },
        })
    }
}

/// An object, if it can be read.
pub fn decode(objects: &Objects, resource: &Resource, entry: &Entry) -> Option<Value> {
    match objects.decode(resource, entry) {
        Ok(stored) => Some(stored.object),
        Err(status) => {
            tracing::warn!(
                why = status.message,
                "an object that decides on access cannot be read"
            );
            None
        }
    }
}
