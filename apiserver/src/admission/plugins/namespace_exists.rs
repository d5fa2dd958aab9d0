//! NamespaceExists: nothing is written in a namespace that there is not.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told};

/// See the module.
#[derive(Debug)]
pub struct NamespaceExists;

#[async_trait]
impl Plugin for NamespaceExists {
    fn name(&self) -> &'static str {
        "NamespaceExists"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let namespace = attributes.namespace;
        if namespace.is_empty() || attributes.resource.resource == "namespaces" {
            return Ok(());
        }
        reader.namespace(namespace).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::tree;

    #[tokio::test]
    async fn deletions_need_a_namespace_too() {
        let there = Objects(vec![("", "namespaces", tree!({"metadata": {"name": "a"}}))]);
        let object = || tree!({"metadata": {"name": "x", "namespace": "a"}});
        for write in [
            Write::create("", "configmaps", object()),
            Write::delete("", "configmaps", object()),
        ] {
            assert_eq!(write.validate(&NamespaceExists, &there).await.0, Ok(()));
            let missing = write.validate(&NamespaceExists, &Objects::default()).await.0;
            assert_eq!(missing, Err(Status::not_found("", "namespaces", "a")));
        }
    }
}
