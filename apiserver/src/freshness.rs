//! Reads at a revision that may not have come yet.

use kinds::Resource;
use render::errors;
use serve::status::Status;
use storage::Revision;

use crate::api::Api;

/// Waits for nothing: the resource's store is always current. 504 if it has not come to the revision.
pub async fn reached(api: &Api, hub: &Resource, revision: Revision) -> Result<Revision, Status> {
    let current = api
        .objects
        .store_of(hub)
        .current_revision()
        .await
        .map_err(errors::store)?;
    if current < revision {
        return Err(errors::too_large(revision, current));
    }
    Ok(current)
}
