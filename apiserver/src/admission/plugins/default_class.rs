//! DefaultStorageClass and DefaultIngressClass: give claims and ingresses the default class.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::default_classes::Classed;
use crate::admission::{Attributes, Plugin, Reader, Told};

/// Of one resource.
#[derive(Debug)]
pub struct DefaultClass(pub &'static Classed);

#[async_trait]
impl Plugin for DefaultClass {
    fn name(&self) -> &'static str {
        self.0.plugin
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let Self(classed) = self;
        let ((group, resource), classes) = (classed.objects, classed.classes);
        if attributes.creates(group, resource) {
            let classes = reader.list(classes.0, classes.1, "").await?;
            classed.fill(&mut attributes.object, &classes);
        }
        Ok(())
    }
}
