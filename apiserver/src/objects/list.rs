//! Pages of objects, read at one revision. What is selected is the caller's affair.

use bytes::Bytes;
use kinds::Resource;
use render::errors;
use serve::status::Status;
use storage::{Entry, Range, Revision};

use super::Objects;

/// Which page.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// At this revision; now if absent.
    pub at: Option<Revision>,
    /// Only keys after this one (the whole key).
    pub after: Option<Bytes>,
    /// At most this many; 0 is all.
    pub limit: u64,
    /// Only this object.
    pub name: Option<String>,
}

/// A page, as it is stored.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In key order.
    pub entries: Vec<Entry>,
    /// The revision that it shows.
    pub revision: Revision,
    /// There are more after it.
    pub more: bool,
    /// How many keys there are from the page's start on.
    pub count: u64,
}

impl Objects {
    /// Reads a page of a namespace, or of all with an empty one.
    pub async fn page(
        &self,
        resource: &Resource,
        namespace: &str,
        request: &PageRequest,
    ) -> Result<Page, Status> {
        let range = self.range(resource, namespace, request);
        let found = self.store.range(range).await.map_err(errors::store)?;
        Ok(Page {
            revision: request.at.unwrap_or(found.revision),
            entries: found.entries,
            more: found.more,
            count: found.count,
        })
    }

    fn range(&self, resource: &Resource, namespace: &str, request: &PageRequest) -> Range {
        let (mut start, mut end) = self.span(resource, namespace);
        if let (Some(name), true) = (&request.name, !resource.namespaced || !namespace.is_empty()) {
            start = Bytes::from(self.key(resource, namespace, name));
            end = Bytes::new();
        }
        if let Some(after) = &request.after {
            // The first key after it.
            start = Bytes::from([after.as_ref(), b"\0"].concat());
        }
        Range {
            start,
            end,
            at: request.at,
            limit: request.limit,
            ..Range::default()
        }
    }

    /// The keys of a namespace, or of all with an empty one.
    pub fn span(&self, resource: &Resource, namespace: &str) -> (Bytes, Bytes) {
        let Some(storage) = &resource.storage else {
            return (Bytes::new(), Bytes::new());
        };
        let span = match namespace {
            "" => self.keys.all(storage),
            namespace => self.keys.namespace(storage, namespace),
        };
        (Bytes::from(span.start), Bytes::from(span.end))
    }
}
