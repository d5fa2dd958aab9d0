//! NamespaceAutoProvision: a namespace is made for what is created in it.

use async_trait::async_trait;
use schema::tree;
use serve::status::Status;

use crate::admission::{Attributes, Operation, Plugin, Reader, Told};
use crate::loopback::Loopback;

const NAMESPACES: &str = "/api/v1/namespaces";

/// See the module. The server makes the namespace by a request of its own: it meets the same defaults and checks as any other.
pub struct NamespaceAutoProvision {
    own: Loopback,
}

impl NamespaceAutoProvision {
    /// Writing as the server.
    pub fn new(own: Loopback) -> Self {
        Self { own }
    }
}

#[async_trait]
impl Plugin for NamespaceAutoProvision {
    fn name(&self) -> &'static str {
        "NamespaceAutoProvision"
    }

    async fn mutate(
        &self,
        attributes: &mut Attributes<'_>,
        reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let name = attributes.namespace;
        let concerns = attributes.operation == Operation::Create && !attributes.dry_run;
        if !concerns || name.is_empty() || attributes.is("", "namespaces") {
            return Ok(());
        }
        if reader.get("", "namespaces", "", name).await?.is_some() {
            return Ok(());
        }
        let namespace = tree!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        // That somebody else made it in between is as good.
        match self.own.ensure(NAMESPACES, &namespace).await {
            Ok(_) => Ok(()),
            // As in the reference, a refusal is not wrapped in another.
            Err(refusal) if refusal.code == 403 => Err(refusal),
            Err(error) => Err(attributes.forbidden(&error.message)),
        }
    }
}
