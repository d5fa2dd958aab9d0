//! StorageObjectInUseProtection: finalizers that keep what is in use.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Operation, Plugin, Reader, Told, storage_objects};

/// Keeps volumes and claims while they may be in use.
#[derive(Debug)]
pub struct StorageObjectInUseProtection;

#[async_trait]
impl Plugin for StorageObjectInUseProtection {
    fn name(&self) -> &'static str {
        "StorageObjectInUseProtection"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let finalizer =
            storage_objects::protection_finalizer(&attributes.resource.group, &attributes.resource.resource);
        let creates = attributes.operation == Operation::Create && attributes.subresource.is_none();
        if let (true, Some(finalizer)) = (creates, finalizer) {
            storage_objects::add_finalizer(&mut attributes.object, finalizer);
        }
        Ok(())
    }
}
