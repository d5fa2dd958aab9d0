//! The verbs on resources, one file each; lists and watches are the watch cache's. They read the request, let [`crate::write`] or [`crate::objects`] do the work, and
//! make the answer.

pub mod apply;
mod collection;
pub mod create;
pub mod delete;
pub mod delete_collection;
pub mod get;
mod last_applied;
pub mod patch;
pub mod update;

use bytes::Bytes;
use serve::http::{Body, read_body};
use serve::status::Status;

use crate::limits::BODY_BYTES_MAX;

/// The whole body of a write.
pub(crate) async fn body(body: Body) -> Result<Bytes, Status> {
    read_body(body, BODY_BYTES_MAX).await
}
