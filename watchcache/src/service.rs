//! What the cache answers: lists, watches, and gets that name a revision. Paths, users and errors' encodings are its callers'.

use std::sync::Arc;

use http::{HeaderValue, header};
use render::{Call, Descriptions};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::cache::Cache;
use crate::unit::Unit;
use crate::{list, watch};

impl Cache {
    /// Answers a list of a call's resource.
    ///
    /// # Errors
    /// 400 for bad options, 410 for revisions that are gone, 429 while nothing is loaded, 504 when the cache does not come to
    /// the revision.
    pub async fn list(&self, call: &Call, texts: &Arc<Descriptions>) -> Result<Response, Status> {
        list::list(self.cached(call)?, call, texts).await
    }

    /// Answers a watch of a call's resource; its body is a feed.
    ///
    /// # Errors
    /// As [`Cache::list`], but that revisions which are gone are told by an event.
    pub async fn watch(&self, call: &Call, texts: &Arc<Descriptions>) -> Result<Response, Status> {
        let opened = watch::open(self.cached(call)?, call, texts).await?;
        let mut response = http::Response::new(Body::feed(opened.watch));
        let headers = response.headers_mut();
        let media = HeaderValue::from_static(opened.output.media.stream_name());
        headers.insert(header::CONTENT_TYPE, media);
        let control = HeaderValue::from_static("no-cache, private");
        headers.insert(header::CACHE_CONTROL, control);
        serve::warnings::add(headers, call.warnings());
        Ok(response)
    }

    fn cached(&self, call: &Call) -> Result<&Arc<Unit>, Status> {
        self.unit(&call.resource).ok_or_else(Status::unknown_resource)
    }
}
