//! The chain itself: the plugins in the order of the reference.

use serve::status::Status;

use super::{Attributes, Plugin, Reader, plugins};

/// Plugins in order.
pub struct Chain {
    plugins: Vec<Box<dyn Plugin>>,
}

impl Chain {
    /// The plugins that are on by default and built so far, in the order of the reference. Webhooks and policies join at
    /// the end, before quotas.
    pub fn new() -> Self {
        Self {
            plugins: vec![
                Box::new(plugins::NamespaceLifecycle),
                Box::new(plugins::ServiceAccount),
                Box::new(plugins::TaintNodesByCondition),
                Box::new(plugins::Priority),
                Box::new(plugins::DefaultTolerationSeconds),
                Box::new(plugins::DefaultStorageClass),
                Box::new(plugins::StorageObjectInUseProtection),
                Box::new(plugins::RuntimeClass),
                Box::new(plugins::DefaultIngressClass),
                Box::new(plugins::PodTopologyLabels),
            ],
        }
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.plugins.iter().map(|plugin| plugin.name())
    }

    /// Lets each plugin change the object.
    pub async fn mutate(&self, attributes: &mut Attributes<'_>, reader: &dyn Reader) -> Result<(), Status> {
        for plugin in &self.plugins {
            plugin.mutate(attributes, reader).await?;
        }
        Ok(())
    }

    /// Lets each plugin refuse it.
    pub async fn validate(&self, attributes: &Attributes<'_>, reader: &dyn Reader) -> Result<(), Status> {
        for plugin in &self.plugins {
            plugin.validate(attributes, reader).await?;
        }
        Ok(())
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}
