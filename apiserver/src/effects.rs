//! Side effects of writes: what else must be written when an object is, such as the addresses of a Service.
//! The pipeline calls them around the store transaction and undoes them when it fails.

use async_trait::async_trait;
use schema::Value;
use serve::status::Status;

use crate::strategy::WriteContext;

/// Takes back what was done for a write that did not happen; forgetting is left to the repair loops.
#[async_trait]
pub trait Undo: Send {
    /// Undoes it.
    async fn undo(self: Box<Self>);
    /// The write happened: lets go of what the old object held.
    async fn commit(self: Box<Self>);
}

/// What a resource's writes do beside the object.
#[async_trait]
pub trait Effects: Send + Sync {
    /// Before an object is created (`old` absent) or updated; may change it. In a dry run nothing may be written.
    async fn begin(
        &self,
        cx: &WriteContext<'_>,
        object: &mut Value,
        old: Option<&Value>,
        dry_run: bool,
    ) -> Result<Box<dyn Undo>, Status>;

    /// After an object is gone.
    async fn deleted(&self, object: &Value);
}
