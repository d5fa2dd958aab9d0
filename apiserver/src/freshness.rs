//! Reads at a revision that may not have come yet.

use serve::status::{Cause, Details, Status};
use storage::Revision;

use crate::api::Api;
use crate::errors;

/// Waits for nothing: the store is always current. 504 if it has not come to the revision.
pub async fn reached(api: &Api, revision: Revision) -> Result<Revision, Status> {
    let current = api.objects.store().current_revision().await.map_err(errors::store)?;
    if current < revision {
        return Err(too_large(revision, current));
    }
    Ok(current)
}

/// 504: clients wait a second and try again.
pub fn too_large(asked: Revision, current: Revision) -> Status {
    let message = format!("Timeout: Too large resource version: {}, current: {}", asked.0, current.0);
    let cause = Cause {
        reason: "ResourceVersionTooLarge".to_owned(),
        message: "Too large resource version".to_owned(),
        ..Cause::default()
    };
    Status::timeout(message).with_details(Details { causes: vec![cause], retry_after_seconds: 1, ..Details::default() })
}
