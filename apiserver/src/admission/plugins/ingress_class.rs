//! DefaultIngressClass: gives ingresses the default class.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told, storage_objects};

/// See the module.
#[derive(Debug)]
pub struct DefaultIngressClass;

#[async_trait]
impl Plugin for DefaultIngressClass {
    fn name(&self) -> &'static str {
        "DefaultIngressClass"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        if attributes.creates("networking.k8s.io", "ingresses") {
            let classes = reader.list("networking.k8s.io", "ingressclasses", "").await?;
            storage_objects::default_ingress_class(&mut attributes.object, &classes);
        }
        Ok(())
    }
}
