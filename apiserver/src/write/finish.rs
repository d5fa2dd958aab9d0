//! What a dry run answers with: the object as if it had been stored.

use bytes::Bytes;
use kinds::Resource;
use schema::Value;
use serve::status::Status;
use storage::{AtRest, Entry, Revision};

use crate::api::Api;
use crate::objects::Stored;

/// The object as a reader would see it, at the revision that it had (0: none).
pub(super) fn as_stored(
    api: &Api,
    hub: &Resource,
    object: Value,
    revision: Revision,
) -> Result<Stored, Status> {
    let value = Bytes::from(api.objects.encode(hub, &object)?);
    let entry = Entry {
        key: Bytes::new(),
        value,
        create_revision: revision,
        mod_revision: revision,
        version: 1,
        lease: None,
        at_rest: AtRest::Current,
    };
    let mut stored = api.objects.decode(hub, &entry)?;
    if revision.0 == 0 {
        object::meta::edit(&mut stored.object).set_resource_version("");
    }
    Ok(stored)
}
