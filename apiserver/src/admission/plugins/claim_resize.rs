//! PersistentVolumeClaimResize: a claim grows only if its storage class allows that.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::claim_resizes::{NOT_EXPANDABLE, class_to_ask};
use crate::admission::{Attributes, Plugin, Reader, Told};

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
        let concerns = attributes.is("", "persistentvolumeclaims");
        let Some(old) = attributes.before_update().filter(|_| concerns) else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::{Value, tree};

    fn claim(size: &str) -> Value {
        tree!({
            "metadata": {"name": "c", "namespace": "ns"},
            "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": size}}},
            "status": {"phase": "Bound"},
        })
    }

    async fn refusal(write: Write<'_>, expandable: bool) -> Option<String> {
        let class = tree!({"metadata": {"name": "fast"}, "allowVolumeExpansion": expandable});
        let reader = Objects(vec![("storage.k8s.io", "storageclasses", class)]);
        let verdict = write.validate(&PersistentVolumeClaimResize, &reader).await.0;
        verdict.err().map(|status| status.message)
    }

    #[tokio::test]
    async fn claims_that_are_updated_grow_where_their_class_lets_them() {
        let grow = || Write::update("", "persistentvolumeclaims", claim("2Gi"), claim("1Gi"));
        assert_eq!(refusal(grow(), true).await, None);
        let refused = refusal(grow(), false).await.unwrap();
        assert!(refused.ends_with(NOT_EXPANDABLE), "{refused}");
        assert_eq!(refusal(grow().through("status"), false).await, None);
        let create = Write::create("", "persistentvolumeclaims", claim("2Gi"));
        assert_eq!(refusal(create, false).await, None);
    }
}
