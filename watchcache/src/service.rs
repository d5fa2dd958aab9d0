//! What the cache answers: lists, watches, and gets that name a revision. Paths, users and errors' encodings are its callers'.

use std::sync::Arc;

use http::{HeaderValue, header};
use kinds::Resource;
use render::canonical::Canonical;
use render::negotiate::Output;
use render::options::parse_revision;
use render::{Call, Descriptions, Shape};
use serve::http::{Body, Response};
use serve::status::Status;
use storage::Revision;

use crate::cache::Cache;
use crate::list::pick;
use crate::snapshot::Scope;
use crate::unit::Unit;
use crate::{fresh, list, watch};

impl Cache {
    /// Answers a list of a call's resource.
    ///
    /// # Errors
    /// 400 for bad options, 410 for revisions that are gone, 429 while nothing is loaded, 504 when the cache does not come to
    /// the revision.
    pub async fn list(&self, call: &Call, texts: &Arc<Descriptions>) -> Result<Response, Status> {
        list::list(&self.cached(call)?, call, texts).await
    }

    /// Answers a watch of a call's resource; its body is a feed.
    ///
    /// # Errors
    /// As [`Cache::list`], but that revisions which are gone are told by an event.
    pub async fn watch(&self, call: &Call, texts: &Arc<Descriptions>) -> Result<Response, Status> {
        let opened = watch::open(&self.cached(call)?, call, texts).await?;
        let mut response = http::Response::new(Body::feed(opened.watch));
        let headers = response.headers_mut();
        let media = HeaderValue::from_static(opened.output.media.stream_name());
        headers.insert(header::CONTENT_TYPE, media);
        let control = HeaderValue::from_static("no-cache, private");
        headers.insert(header::CACHE_CONTROL, control);
        serve::warnings::add(headers, call.warnings());
        Ok(response)
    }

    /// What `read` makes of the objects of a resource, or of a namespace of it, as this process shows them now in their hub form: for
    /// decisions that may be a moment behind. `None` where it does not keep them, or does not show all changes up to `since`.
    pub fn objects<T>(
        &self,
        resource: &Resource,
        namespace: &str,
        since: Revision,
        mut read: impl FnMut(Canonical<'_>) -> Result<T, Status>,
    ) -> Option<Result<Vec<T>, Status>> {
        let unit = self.unit(resource).filter(|unit| unit.is_held())?;
        if unit.current() < since {
            return None;
        }
        let shown = unit.generation()?.shown();
        let scope = match namespace {
            "" => Scope::All,
            namespace => Scope::Namespace(namespace.into()),
        };
        let items = shown.snapshot.range(&scope, None);
        Some(items.map(|item| item.read(&mut read)).collect())
    }

    /// Answers a get of one object of a call's resource: at the revision that is asked for or a later one, or, where none is
    /// asked for, as the store has it now.
    ///
    /// # Errors
    /// As [`Cache::list`], and 404.
    pub async fn get(&self, call: &Call, texts: &Arc<Descriptions>) -> Result<Response, Status> {
        let unit = &self.cached(call)?;
        let output = Output::of(&call.headers, &call.query)?;
        let key = match call.namespace() {
            "" => call.name().to_owned(),
            namespace => format!("{namespace}/{}", call.name()),
        };
        let found = match asked(call)?.filter(|_| unit.is_held()) {
            None => pick::one(unit, &key).await?,
            Some(revision) => {
                fresh::not_older_than(unit, revision).await?;
                let shown = fresh::generation(unit)?.shown();
                shown.snapshot.get(key.as_bytes()).cloned()
            }
        };
        let missing = || Status::not_found(&call.resource.group, &call.resource.resource, call.name());
        let item = found.ok_or_else(missing)?;
        let tree = item.read(|canonical| canonical.tree(unit.hub()))?;
        render::object(texts, call, output, &Shape::of(&call.resource), tree, 200)
    }

    fn cached(&self, call: &Call) -> Result<Arc<Unit>, Status> {
        self.unit_of(&call.resource, call.namespace())
            .ok_or_else(Status::unknown_resource)
    }
}

/// Whether a get names the revision that it wants at least, so that a cache may answer it.
pub fn names_a_revision(call: &Call) -> bool {
    call.query
        .first("resourceVersion")
        .is_some_and(|text| !text.is_empty())
}

fn asked(call: &Call) -> Result<Option<Revision>, Status> {
    let text = call.query.first("resourceVersion").unwrap_or_default();
    let revision = parse_revision(text).map_err(|why| Status::failure(500, "", why))?;
    Ok(names_a_revision(call).then_some(revision))
}
