//! PersistentVolumeClaimResize: a claim grows only if its storage class allows that.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::claim_resizes::{NOT_EXPANDABLE, class_to_ask};
use crate::admission::{Attributes, Operation, Plugin, Reader, Told};

/// See the module.
#[derive(Debug)]
pub struct PersistentVolumeClaimResize;

#[async_trait]
impl Plugin for PersistentVolumeClaimResize {
    fn name(&self) -> &'static str {
        "PersistentVolumeClaimResize"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let updates =
            attributes.operation == Operation::Update && attributes.is("", "persistentvolumeclaims");
        let Some(old) = attributes.old.filter(|_| updates) else {
            return Ok(());
        };
        let class = class_to_ask(&attributes.object, old).map_err(|why| attributes.forbidden(why))?;
        let Some(class) = class else {
            return Ok(());
        };
        let class = reader.get("storage.k8s.io", "storageclasses", "", class).await?;
        match class.and_then(|class| class.bool_at(&["allowVolumeExpansion"])) {
            Some(true) => Ok(()),
            _ => Err(attributes.forbidden(NOT_EXPANDABLE)),
        }
    }
}
