//! Stored bytes as trees in their hub form, for whoever reads them. Keys, transactions and writing are the store's and the
//! request tier's.

use kinds::decorate::{Context, IpFamily};
use kinds::defaults::Now;
use kinds::{Resource, stored};
use object::time::Time;
use schema::Value;
use serve::status::Status;
use storage::{Entry, Revision};

use crate::errors;

/// What decoding must know of the cluster.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    /// The family of a Service that names none.
    pub primary_family: IpFamily,
}

impl Decoder {
    /// A stored value as an object in its hub form, with its resource version.
    pub fn decode(&self, hub: &Resource, entry: &Entry) -> Result<Value, Status> {
        let now = Time::now().format();
        let context = Context {
            now: Now(&now),
            primary_family: self.primary_family,
        };
        let value = entry
            .readable()
            .map_err(|why| errors::unreadable(&entry.key, why))?;
        let mut object = stored::canonical(hub, value, context)
            .map_err(|error| errors::undecodable(&entry.key, &error.to_string()))?;
        set_revision(&mut object, entry.mod_revision);
        Ok(object)
    }
}

/// Sets `metadata.resourceVersion`.
pub fn set_revision(object: &mut Value, revision: Revision) {
    object::meta::edit(object).set_resource_version(revision.0.to_string());
}
